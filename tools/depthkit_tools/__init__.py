"""The commands of `depthkit …`, one file a verb."""
