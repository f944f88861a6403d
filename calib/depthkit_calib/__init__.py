"""Rigs: reading and writing calibrations."""
