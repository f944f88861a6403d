"""ZED's camera_param.json: the camera of both rectified images, and the baseline in millimetres."""

import json

import numpy as np

from depthkit import transforms
from depthkit.cameras import Rig
from depthkit.errors import CalibrationError
from depthkit_calib.formats.source import Source, Values, stereo_rig


def matches(source: Source) -> bool:
    """Any JSON file."""
    return source.path.suffix.lower() == ".json"


def read(source: Source) -> Rig:
    """Two equal pinhole cameras side by side."""
    try:
        entries = json.loads(source.text)
    except (ValueError, RecursionError) as error:
        raise CalibrationError(f"{source.path}: not valid JSON: {error}") from error
    if not isinstance(entries, dict):
        raise CalibrationError(f"{source.path}: must hold one JSON object")
    values = Values(str(source.path), entries)
    camera = values.camera((values.number("width"), values.number("height")))
    T = transforms.from_rotation_translation(np.eye(3), (-values.number("baseline") / 1000, 0, 0))
    return stereo_rig(source, "ZED camera_param.json", camera, camera, T, "baseline", "it must be in millimetres")
