"""nerfstudio's folders: images/, depth/ in mm and transforms.json with the camera and the pose of every picture.

Its cameras look along −z with y up, as OpenGL's, and its pixels are counted from the corner of the image: half a
pixel is added to the principal point.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit.exports.layout import Unfit, pose_of
from depthkit.exports.ledger import ConversionLedger
from depthkit.exports.one_camera import OneCamera
from depthkit.exports.picture_folder import PictureFolder
from depthkit.types import FrameSet

FORM = "nerfstudio folder"
LOST = ("reasons and confidence of depth", "stamps, numbers and meta of frames, but for poses", "what an IMU felt")

_FROM_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""`T_camera_opengl`."""


def export(path: Path, rig: Rig, ledger: ConversionLedger) -> PictureFolder:
    """Begin the folder `path`."""
    return PictureFolder(path, rig, ledger, NerfstudioLayout())


class NerfstudioLayout:
    """images/frame_NUMBER.png, and depth/frame_NUMBER.png if the first frame has depth: nerfstudio wants all or none.

    Its names for a lens are OpenCV's; of those only k1, k2, p1, p2, k3, and k1 to k4 of a fisheye.
    """

    depth_scale = 0.001

    def __init__(self) -> None:
        self._one = OneCamera(with_depth=False)
        self._with_depth = False
        self._intrinsics: dict[str, Any] | None = None
        self._frames: list[dict[str, Any]] = []

    def place(self, frames: FrameSet) -> Mapping[str, str]:
        """The picture, and the depth registered to it."""
        pose, has_depth = pose_of(frames), frames.depth is not None
        if pose is None:
            raise Unfit("no pose", "they come in frames.meta['T_world_camera'], from a data set or a tracker of yours")
        if self._with_depth and not has_depth:
            raise Unfit("no depth, unlike the first frame")
        role = self._one.choose(frames)
        if self._intrinsics is None:
            self._with_depth, self._intrinsics = has_depth, _intrinsics(self._one.camera)
        name = f"frame_{len(self._frames):06d}.png"
        files = {"file_path": f"images/{name}"} | ({"depth_file_path": f"depth/{name}"} if self._with_depth else {})
        self._frames.append({**files, "transform_matrix": (pose @ _FROM_OPENGL).tolist()})
        return dict(zip((role, "depth"), files.values(), strict=False))

    def rig(self) -> Rig:
        """The camera of the pictures."""
        return self._one.rig(self._with_depth)

    def texts(self) -> Mapping[str, str]:
        """transforms.json."""
        values = {**(self._intrinsics or {}), "frames": self._frames}
        return {"transforms.json": json.dumps(values, indent=1) + "\n"}


def _intrinsics(camera: CameraModel) -> dict[str, Any]:
    fisheye = camera.model == "fisheye"
    names = ["k1", "k2", "k3", "k4"] if fisheye else ["k1", "k2", "p1", "p2", "k3"]
    if any(camera.distortion[len(names) :]):
        raise CalibrationError(
            f"nerfstudio knows {', '.join(names)} of a lens, and this one has {len(camera.distortion)} coefficients: "
            "undistort the pictures first, or convert to folders"
        )
    lens = dict.fromkeys(("k1", "k2", "p1", "p2"), 0.0) | dict(zip(names, camera.distortion, strict=False))
    focal = {"fl_x": camera.fx, "fl_y": camera.fy, "cx": camera.cx + 0.5, "cy": camera.cy + 0.5}
    model = "OPENCV_FISHEYE" if fisheye else "OPENCV"
    return {"camera_model": model, "w": camera.width, "h": camera.height, **focal, **lens}
