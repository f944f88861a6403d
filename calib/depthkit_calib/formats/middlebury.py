"""Middlebury's calib.txt, also used by ETH3D: a rectified pair, `key=value` lines, the baseline in millimetres.

Scharstein et al. 2014: depth = baseline · f / (disparity + doffs), with doffs = cx of cam1 − cx of cam0.
"""

import re

import numpy as np

from depthkit import transforms
from depthkit.cameras import Rig
from depthkit.errors import CalibrationError
from depthkit_calib.formats.source import Source, Values, stereo_rig

_DOFFS_TOLERANCE = 0.01  # px: files are rounded


def matches(source: Source) -> bool:
    """A text file with at least one of the format's own keys."""
    return re.search(r"^\s*(cam0|cam1|doffs)\s*=", source.text, re.MULTILINE) is not None


def read(source: Source) -> Rig:
    """The two pinhole cameras and their baseline."""
    lines = re.findall(r"^\s*(\w+)\s*=\s*(.*?)\s*$", source.text, re.MULTILINE)
    values = Values(str(source.path), {key: _matrix(text) if text.startswith("[") else text for key, text in lines})
    size = values.number("width"), values.number("height")
    left, right = values.camera_of_matrix("cam0", size), values.camera_of_matrix("cam1", size)
    if (left.fx, left.fy, left.cy) != (right.fx, right.fy, right.cy):
        raise CalibrationError(f"{values.where}: cam0 and cam1 of a rectified pair may differ in cx only")
    doffs = values.number("doffs")
    if abs(right.cx - left.cx - doffs) > _DOFFS_TOLERANCE:
        raise CalibrationError(
            f"{values.where}: doffs is {doffs:g} px but cx of cam1 − cx of cam0 is {right.cx - left.cx:g}"
        )
    T = transforms.from_rotation_translation(np.eye(3), (-values.number("baseline") / 1000, 0, 0))
    return stereo_rig(source, "Middlebury calib.txt", left, right, T, "baseline", "it must be in millimetres")


def _matrix(text: str) -> list[list[str]]:
    return [row.split() for row in text.strip("[]").split(";")]
