"""The whole way on one page: frames → rectified pair → disparity → depth → point cloud."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from depthkit import cloud, depth, images, stereo, transforms
from depthkit.arrays import Image
from depthkit.cameras import Rig
from depthkit.capture import Camera
from depthkit.cloud import CloudConfig
from depthkit.errors import InputError
from depthkit.opencv_matcher import match_opencv
from depthkit.rectify import Rectifier
from depthkit.stereo import Sgm
from depthkit.types import DepthImage, Disparity, FrameSet, PointCloud


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """All settings of the way from frames to points.

    sgm: the stereo matcher; cloud: which points are kept; engine: "opencv" matches with cv2.StereoSGBM
    instead, to compare with.
    """

    sgm: Sgm = field(default_factory=Sgm)
    cloud: CloudConfig = field(default_factory=CloudConfig)
    engine: Literal["depthkit", "opencv"] = "depthkit"


@dataclass(frozen=True, slots=True, eq=False)
class Reconstruction:
    """What became of one FrameSet.

    frames: the input; image: the picture the depth belongs to, pixel for pixel, or None; disparity: None when
    the device measured the depth itself; rig: the rectified rig of the disparity, or the camera's own; cloud:
    points in the frame of the reference camera ("left", or "depth").
    """

    frames: FrameSet
    image: Image | None
    disparity: Disparity | None
    depth: DepthImage
    rig: Rig
    cloud: PointCloud


class Pipeline:
    """Iterating over `Pipeline(camera)` turns every FrameSet of the camera into a Reconstruction.

    Rectification tables are made once, from the camera's rig.
    """

    def __init__(self, camera: Camera, config: PipelineConfig | None = None) -> None:
        self.camera = camera
        self.reconstruct = Reconstructor(camera.rig, config or PipelineConfig())

    def __iter__(self) -> Iterator[Reconstruction]:
        for frames in self.camera.frames():
            yield self.reconstruct(frames)


class Reconstructor:
    """A function from FrameSet to Reconstruction for one rig."""

    def __init__(self, rig: Rig, config: PipelineConfig) -> None:
        self.config = config
        self.matcher = stereo.StereoMatcher(config.sgm)
        self.rectifier = Rectifier(rig) if {"left", "right"} <= set(rig.cameras) else None

    def __call__(self, frames: FrameSet) -> Reconstruction:
        """Depth measured by the device is taken as it is; without it the stereo pair is matched."""
        if frames.depth is not None or self.rectifier is None:
            return self._from_device(frames)
        return self._from_stereo(frames, self.rectifier)

    def _from_stereo(self, frames: FrameSet, rectifier: Rectifier) -> Reconstruction:
        left, right = rectifier.left(frames.image("left")), rectifier.right(frames.image("right"))
        disparity = self._match(left, right, rectifier)
        measured = depth.from_disparity(disparity, rectifier.rig, stamp_ns=frames.stamp_device_ns)
        T_left_rectified = transforms.inverse(rectifier.T_rectified_left)
        points = cloud.from_depth(measured, left, T_left_rectified, self.config.cloud, frame="left")
        return Reconstruction(frames, left, disparity, measured, rectifier.rig, points)

    def _match(self, left: Image, right: Image, rectifier: Rectifier) -> Disparity:
        grey = images.to_grey(left), images.to_grey(right)
        if self.config.engine == "opencv":
            return match_opencv(images.to_u8(grey[0]), images.to_u8(grey[1]), self.config.sgm)
        return self.matcher.match(*grey, valid_left=rectifier.valid_left, valid_right=rectifier.valid_right)

    def _from_device(self, frames: FrameSet) -> Reconstruction:
        if frames.depth is None:
            raise InputError("these frames hold neither depth nor a stereo pair, so there is nothing to reconstruct")
        color = _registered_color(frames, frames.depth)
        points = cloud.from_depth(frames.depth, color, config=self.config.cloud, frame="depth")
        return Reconstruction(frames, color, None, frames.depth, frames.rig, points)


def _registered_color(frames: FrameSet, depth: DepthImage) -> Image | None:
    """The colour picture if it is seen by the very camera of the depth, pixel for pixel."""
    color, rig = frames.images.get("color"), frames.rig
    if color is None or "depth" not in rig.cameras or rig.camera("color") != depth.camera:
        return None
    return color if np.allclose(rig.T("color", "depth"), np.eye(4), rtol=0, atol=1e-9) else None
