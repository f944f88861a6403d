"""A simulated camera in a procedural room: the default camera, and the source of exact truth for tests."""
