"""Image files of folders: depth in metres from 16-bit steps, everything else as it is."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit import images
from depthkit.arrays import F32, Image
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError, InputError
from depthkit.files import read_bytes
from depthkit.recordings.contents import DEPTH, Shot

MILLIMETRES = 0.001
"""Metres a step of 16-bit depth where nothing else is said: what cameras and tools write, and ROS's REP 118."""

RIG_FILE = "rig.json"
"""The calibration that depthkit writes beside pictures: JSON of `Rig.to_dict`."""


def own_rig(folder: Path) -> Rig | None:
    """The rig of rig.json in a folder of pictures; None if there is none, or one that others wrote."""
    file = folder / RIG_FILE
    values = json.loads(read_bytes(file)) if file.is_file() else None
    return Rig.from_dict(values, str(file)) if isinstance(values, Mapping) and "cameras" in values else None


def picture_reader(scale: float, unknown: Collection[int] = (0,)) -> Callable[[str, Shot], NDArray[Any]]:
    """A reader of shots whose place is a file: `scale` is metres a step of depth, `unknown` the steps that are none."""

    def read(role: str, shot: Shot) -> NDArray[Any]:
        image = images.read(shot.place)
        return metres(image, scale, unknown) if role == DEPTH else image

    return read


def metres(steps: Image, scale: float, unknown: Collection[int] = (0,)) -> F32:
    """(H, W) float32 m with NaN unknown of 16-bit steps; BagError for an image that is not depth in 16 bits."""
    if steps.ndim != 2 or steps.dtype != np.uint16:
        raise BagError(f"depth is a one-channel 16-bit image, not {steps.dtype} of shape {steps.shape}")
    values = steps.astype(np.float32) * np.float32(scale)
    values[np.isin(steps, list(unknown))] = np.nan
    return values


def registered_rig(rig: Rig) -> Rig:
    """The rig of depth that was registered to the colour image: where it has one of the two, both are that camera."""
    (have, missing) = ("color", DEPTH) if "color" in rig.cameras else (DEPTH, "color")
    if missing in rig.cameras or have not in rig.cameras:
        return rig
    cameras = {**rig.cameras, missing: rig.cameras[have]}
    return replace(rig, cameras=cameras, T_camera_rig={**rig.T_camera_rig, missing: rig.T_camera_rig[have]})


def rig_of_one(camera: CameraModel, source: str) -> Rig:
    """A rig of colour and depth seen by one and the same camera; `source` says where its numbers are from."""
    return Rig({"color": camera, DEPTH: camera}, provenance={"source": source})


def size(shots: Collection[Shot]) -> tuple[int, int]:
    """(width, height) of the first picture that can be read; BagError if none can."""
    for shot in shots:
        try:
            height, width = images.read(shot.place).shape[:2]
        except InputError:
            continue
        return width, height
    raise BagError(f"none of the {len(shots)} pictures can be read")
