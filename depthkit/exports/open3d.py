"""Folders as Open3D's reconstruction system takes them: color/, depth/, camera_intrinsic.json, and a .log of poses."""

import json
from collections.abc import Mapping
from pathlib import Path

from depthkit.cameras import Rig
from depthkit.exports.layout import log_entry, pose_of
from depthkit.exports.ledger import ConversionLedger
from depthkit.exports.one_camera import OneCamera
from depthkit.exports.picture_folder import PictureFolder
from depthkit.types import FrameSet

FORM = "Open3D folder"
LOST = (
    "reasons and confidence of depth",
    "stamps, numbers and meta of frames, but for poses",
    "what an IMU felt",
    "distortion by the lens: Open3D's camera is a pinhole; rig.json beside it keeps it",
)


def export(path: Path, rig: Rig, ledger: ConversionLedger) -> PictureFolder:
    """Begin the folder `path`."""
    return PictureFolder(path, rig, ledger, Open3dLayout())


class Open3dLayout:
    """color/NUMBER.png and depth/NUMBER.png in mm, counted from 0."""

    depth_scale = 0.001

    def __init__(self) -> None:
        self._one = OneCamera()
        self._count = 0
        self._log: list[str] = []

    def place(self, frames: FrameSet) -> Mapping[str, str]:
        """The picture that depth is registered to, and depth."""
        role, pose = self._one.choose(frames), pose_of(frames)
        if pose is not None:
            self._log.append(log_entry(self._count, pose))
        name = f"{self._count:05d}.png"
        self._count += 1
        return {role: f"color/{name}", "depth": f"depth/{name}"}

    def rig(self) -> Rig:
        """The camera of both."""
        return self._one.rig()

    def texts(self) -> Mapping[str, str]:
        """The camera matrix, by columns, and the poses if there are any."""
        camera = self._one.camera
        values = {"width": camera.width, "height": camera.height, "intrinsic_matrix": camera.K.T.ravel().tolist()}
        texts = {"camera_intrinsic.json": json.dumps(values, indent=4) + "\n"}
        return texts | ({"trajectory.log": "".join(self._log)} if self._log else {})
