"""From a depth image to a point cloud: each pixel's own ray, so depth is never resampled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from depthkit import images, kernels, threads, transforms
from depthkit.arrays import U8, Image, readonly, require_image
from depthkit.errors import InputError
from depthkit.types import MADE_UP, DepthImage, PointCloud


@dataclass(frozen=True, slots=True)
class CloudConfig:
    """Which pixels become points.

    z_min, z_max: m along the optical axis. box: least x, y, z, then largest x, y, z in the target frame, m.
    edge: a pixel is dropped as flying between foreground and background if, along its row or its column, it has a
    known neighbour but none whose depth is within this share of its own; None: not tested. min_confidence: 0 to 1.
    made_up: also take pixels whose depth was filled in (Reason.INTERPOLATED, Reason.LEARNED).

    Raises InputError for limits that leave nothing.
    """

    z_min: float = 0.0
    z_max: float = 1000.0
    box: tuple[float, float, float, float, float, float] | None = None
    edge: float | None = 0.05
    min_confidence: float = 0.0
    made_up: bool = False

    def __post_init__(self) -> None:
        if not self.z_min < self.z_max:
            raise InputError(f"z_min must be below z_max, not {self.z_min} and {self.z_max}")
        if self.edge is not None and not self.edge > 0:
            raise InputError(f"edge is a share of the depth above 0 (or None), not {self.edge}")
        if not 0 <= self.min_confidence <= 1:
            raise InputError(f"min_confidence must be 0 to 1, not {self.min_confidence}")
        if self.box is not None and not all(a < b for a, b in zip(self.box[:3], self.box[3:], strict=True)):
            raise InputError(f"box takes the least x, y, z and then the largest x, y, z, not {self.box}")


DEFAULT = CloudConfig()


def from_depth(
    depth: DepthImage,
    color: Image | None = None,
    T_target_camera: ArrayLike | None = None,
    config: CloudConfig = DEFAULT,
    *,
    frame: str = "left",
) -> PointCloud:
    """One point for each pixel of the depth image that `config` keeps, row by row.

    color: (H, W) grey or (H, W, 3) RGB image that matches the depth pixel for pixel; 16 bits are scaled to 8.
    T_target_camera: where to put the points, (4, 4), the camera's own frame unless given; frame: its name.
    Raises InputError for a colour image of another kind or size, CalibrationError for a transform that is not rigid.
    """
    T = transforms.check("T_target_camera", np.eye(4) if T_target_camera is None else T_target_camera)
    image = _channels(depth, color)
    height, width = depth.depth.shape
    pose, rays = T[:3].astype(np.float32), depth.camera.rays()
    keep, counts = np.empty((height, width), np.bool_), np.empty(height, np.int64)
    values = depth.depth, depth.reason, depth.confidence
    threads.for_rows(kernels.cloud.select, height, *values, rays, pose, _limits(config), keep, counts)
    ends = np.cumsum(counts)
    points = np.empty((ends[-1], 3), np.float32)
    colors = np.empty((0 if color is None else len(points), 3), np.uint8)
    threads.for_rows(kernels.cloud.place, height, depth.depth, rays, pose, keep, ends - counts, image, points, colors)
    return PointCloud(points, None if color is None else colors, frame, depth.stamp_ns)


def _channels(depth: DepthImage, color: Image | None) -> U8:
    """The colour image as (H, W, channels) uint8, or an image of no size."""
    if color is None:
        return readonly(np.empty((0, 0, 1), np.uint8))
    require_image("color", color)
    height, width = depth.depth.shape
    if color.shape[:2] != (height, width):
        raise InputError(
            f"the colour image is {color.shape[1]}×{color.shape[0]} but the depth {width}×{height}: "
            "it must show what the depth camera sees, pixel for pixel"
        )
    # Read-only, so that there is one kernel for writable images and others.
    return readonly(images.to_u8(color).reshape(height, width, -1))


def _limits(config: CloudConfig) -> tuple[object, ...]:
    box = config.box or (-np.inf,) * 3 + (np.inf,) * 3
    edge = np.inf if config.edge is None else config.edge
    limits: tuple[object, ...] = kernels.cloud.Limits(
        *(np.float32(x) for x in (config.z_min, config.z_max, edge, config.min_confidence)),
        np.uint16(0 if config.made_up else MADE_UP),
        np.asarray(box, np.float32),
    )
    return limits
