"""Plain folders: one a role, PNG files of equal names, which `open_recording` reads back."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from depthkit.bag.layout import check_roles
from depthkit.bag.ledger import roles
from depthkit.cameras import CameraModel, Rig
from depthkit.exports.layout import Unfit, log_entry, pose_of
from depthkit.exports.ledger import ConversionLedger
from depthkit.exports.picture_folder import PictureFolder
from depthkit.recordings.folders import FRAMES_COLUMNS, FRAMES_FILE
from depthkit.types import FrameSet

FORM = "folders of PNG files"
LOST = ("reasons and confidence of depth", "meta of frames, but for poses", "what an IMU felt")


def export(path: Path, rig: Rig, ledger: ConversionLedger) -> PictureFolder:
    """Begin the folder `path`."""
    return PictureFolder(path, rig, ledger, FoldersLayout())


class FoldersLayout:
    """left/NUMBER.png, right/, color/, ir/, … and depth/ in mm, counted from 0; frames.csv keeps numbers and stamps."""

    depth_scale = 0.001

    def __init__(self) -> None:
        self._rig: Rig | None = None
        self._depth_camera: CameraModel | None = None
        self._rows: list[str] = []
        self._log: list[str] = []

    def place(self, frames: FrameSet) -> Mapping[str, str]:
        """All pictures, and depth."""
        number, pose = len(self._rows), pose_of(frames)
        self._see_cameras(frames)
        if pose is not None:
            self._log.append(log_entry(number, pose))
        name = f"{number:06d}.png"
        self._rows.append(f"{name},{frames.sequence},{frames.stamp_device_ns},{frames.stamp_host_ns}")
        return {role: f"{role}/{name}" for role in roles(frames)}

    def _see_cameras(self, frames: FrameSet) -> None:
        camera = self._depth_camera if frames.depth is None else frames.depth.camera
        if self._depth_camera not in (None, camera):
            raise Unfit("depth of another camera than the frames before")
        if self._rig is None or self._depth_camera != camera:
            self._rig, self._depth_camera = _with_depth(frames), camera
            check_roles(self._rig)

    def rig(self) -> Rig:
        """The recording's cameras, that of depth among them."""
        assert self._rig is not None, "no frame was placed"
        return self._rig

    def texts(self) -> Mapping[str, str]:
        """Numbers and stamps, and the poses if there are any."""
        rows = "\n".join([",".join(FRAMES_COLUMNS), *self._rows, ""])
        return {FRAMES_FILE: rows} | ({"trajectory.log": "".join(self._log)} if self._log else {})


def _with_depth(frames: FrameSet) -> Rig:
    """The frame's rig with the camera of its depth, placed where the camera is that it equals."""
    rig, depth = frames.rig, frames.depth
    if depth is None:
        return rig
    equal = [role for role, camera in rig.cameras.items() if camera == depth.camera]
    place = "depth" if "depth" in rig.cameras or not equal else equal[0]
    T = rig.T_camera_rig.get(place, np.eye(4))
    return replace(rig, cameras={**rig.cameras, "depth": depth.camera}, T_camera_rig={**rig.T_camera_rig, "depth": T})
