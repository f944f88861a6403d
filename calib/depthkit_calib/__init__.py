"""Rigs in and out: calibration files of several makers read as `depthkit.Rig`, and our own TOML written."""

from depthkit_calib.formats import load_rig, save_rig

__all__ = ["load_rig", "save_rig"]
