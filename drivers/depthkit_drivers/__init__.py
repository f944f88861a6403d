"""Camera drivers, one file a family, found through the entry points `depthkit.drivers`."""
