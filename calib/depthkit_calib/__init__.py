"""Rigs: calibration files of several makers read as `depthkit.Rig`, our own TOML written; and what calibrates them."""

from depthkit_calib.formats import load_rig, save_rig

__all__ = ["load_rig", "save_rig"]
