"""The tasks on points: depth image → coloured cloud, and cloud → PLY file; against OpenCV and Open3D."""

from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depthkit import cloud, images
from depthkit.arrays import F32, U8
from depthkit.cloud import CloudConfig
from depthkit_tools.bench.inputs import Inputs
from depthkit_tools.bench.open3d_jobs import (
    legacy_cloud,
    legacy_save,
    one_thread,
    open3d_rival,
    tensor_cloud,
    tensor_save,
)
from depthkit_tools.bench.timing import Contest, Rival

_UNIT = 0.001  # metres a step of 16-bit depth, which the others take together with 8-bit colour
_FARTHEST = 20.0  # m
_BOX = (-9.0, -9.0, -9.0, 9.0, 9.0, 99.0)  # holds the whole scene: nothing is saved by dropping points


def make_cloud(inputs: Inputs) -> Contest:
    """Depth and colour of a camera with a lens to a coloured cloud.

    depthkit places each pixel on its own ray, tests range, edges and crop, and moves the points.
    """
    steps = images.quantize(inputs.depth.depth, _UNIT)
    job = partial(
        cloud.from_depth, inputs.depth, inputs.color, np.eye(4), CloudConfig(z_max=_FARTHEST, box=_BOX), frame="world"
    )
    given = steps, inputs.color, inputs.depth.camera.K, 1 / _UNIT, _FARTHEST
    less = "no lens, edge test, crop or move"
    rivals = (
        _opencv_cloud(inputs),
        open3d_rival("Open3D tensor create_from_rgbd_image", lambda: tensor_cloud(*given), less),
        open3d_rival("Open3D tensor, on one thread", lambda: one_thread(tensor_cloud(*given)), less),
        open3d_rival("Open3D legacy create_from_rgbd_image", lambda: legacy_cloud(*given), less),
    )
    return Contest("depth to coloured cloud", job, rivals)


def save_cloud(inputs: Inputs, folder: Path) -> Contest:
    """A coloured cloud to a binary PLY file, in place of the one of the round before."""
    points = cloud.from_depth(inputs.depth, inputs.color)
    given = points.points, np.asarray(points.colors)
    rivals = (
        open3d_rival("Open3D tensor write_point_cloud", lambda: tensor_save(folder / "tensor.ply", *given)),
        open3d_rival("Open3D legacy write_point_cloud", lambda: legacy_save(folder / "legacy.ply", *given), "doubles"),
    )
    return Contest("save a cloud as PLY", partial(points.save, folder / "depthkit.ply"), rivals)


def _opencv_cloud(inputs: Inputs) -> Rival:
    """Undistort depth and colour with ready maps, depthTo3d, and take what has a depth."""
    name, camera = "cv2 remap, depthTo3d, mask", inputs.depth.camera
    if not hasattr(cv2, "depthTo3d"):
        return Rival(name, None, f"OpenCV {cv2.__version__} has no depthTo3d")
    distortion = np.array(camera.distortion)
    maps = cv2.initUndistortRectifyMap(camera.K, distortion, np.eye(3), camera.K, camera.size, cv2.CV_16SC2)
    depth = np.nan_to_num(inputs.depth.depth)

    def job() -> tuple[F32, U8]:
        flat: Any = cv2.remap(depth, *maps, cv2.INTER_NEAREST)
        color: Any = cv2.remap(inputs.color, *maps, cv2.INTER_LINEAR)
        known = (flat > 0) & (flat < _FARTHEST)
        return cv2.depthTo3d(flat, camera.K)[known][:, :3], color[known]

    return Rival(name, job, "no edge test, crop or move; resamples the depth")
