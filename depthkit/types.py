"""The nouns that flow through the library: FrameSet → Disparity → DepthImage → PointCloud.

All are frozen; their arrays are read-only views. They are checked once, here, and trusted everywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from depthkit import ply
from depthkit.arrays import F32, F64, I64, U8, U16, Image, Mask, readonly, require, require_image
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import InputError


class Reason(IntFlag):
    """Why a pixel was not measured, as bits of a uint16 mask. 0 is the only value of a measured pixel.

    The last two mark pixels that do hold a value, but one that was made up; all others go with NaN.
    """

    NO_DATA = 1 << 0  # the source gave none (a device's own hole)
    BORDER = 1 << 1  # outside the other view, or the window left the image
    NO_TEXTURE = 1 << 2
    NOT_UNIQUE = 1 << 3  # a second candidate was about as good
    LEFT_RIGHT = 1 << 4  # the two views disagree: occluded or mismatched
    SPECKLE = 1 << 5  # an isolated patch too small to be trusted
    SATURATED = 1 << 6
    TOO_NEAR = 1 << 7
    TOO_FAR = 1 << 8
    FLYING = 1 << 9  # between foreground and background at a depth edge
    INTERPOLATED = 1 << 10
    LEARNED = 1 << 11


MADE_UP = Reason.INTERPOLATED | Reason.LEARNED


@dataclass(frozen=True, slots=True, eq=False)
class Disparity:
    """Disparities of the left image of a rectified pair.

    values: (H, W) float32 px, NaN unknown; reason: (H, W) uint16 bits of `Reason`;
    confidence: (H, W) float32 in [0, 1], 0 where unknown. Of `stereo.match` with an `Sgm`, where measured, it is the
    probability that the value is within 1 px of the truth.
    """

    values: F32
    reason: U16
    confidence: F32

    def __post_init__(self) -> None:
        _freeze_measurement(self, "values")

    @property
    def measured(self) -> Mask:
        """(H, W) bool: pixels with a value that was measured, not made up."""
        return np.equal(self.reason, 0)


@dataclass(frozen=True, slots=True, eq=False)
class DepthImage:
    """Depth along the optical axis of `camera`.

    depth: (H, W) float32 m, NaN unknown; reason: (H, W) uint16 bits of `Reason`;
    confidence: (H, W) float32 in [0, 1], 0 where unknown; stamp_ns: when it was seen.
    """

    depth: F32
    reason: U16
    confidence: F32
    camera: CameraModel
    stamp_ns: int = 0

    def __post_init__(self) -> None:
        _freeze_measurement(self, "depth")
        height, width = self.depth.shape
        if self.camera.size != (width, height):
            raise InputError(
                f"depth is {width}×{height} but its camera {self.camera.width}×{self.camera.height}: "
                "use camera.resized(width, height)"
            )

    @property
    def measured(self) -> Mask:
        """(H, W) bool: pixels with a depth that was measured, not made up."""
        return np.equal(self.reason, 0)


@dataclass(frozen=True, slots=True, eq=False)
class PointCloud:
    """Points in metres.

    points: (N, 3) float32; colors: (N, 3) uint8 RGB or None; frame: name of the frame the points are in;
    stamp_ns: when they were seen.
    """

    points: F32
    colors: U8 | None = None
    frame: str = "left"
    stamp_ns: int = 0

    def __post_init__(self) -> None:
        require("points", self.points, np.float32, (None, 3))
        object.__setattr__(self, "points", readonly(self.points))
        if self.colors is not None:
            require("colors", self.colors, np.uint8, self.points.shape)
            object.__setattr__(self, "colors", readonly(self.colors))

    def __len__(self) -> int:
        return len(self.points)

    def save(self, path: str | Path) -> None:
        """Write a binary PLY file: all of it or, on an error, nothing under that name."""
        ply.write(path, self.points, self.colors)


@dataclass(frozen=True, slots=True, eq=False)
class ImuSamples:
    """What an inertial measurement unit felt, in its own axes, which `Rig.T_imu_rig` places.

    stamps_ns: (N,) int64, on the device's clock; angular_velocity: (N, 3) float64 rad/s; acceleration: (N, 3) float64
    m/s², with what holds it up: at rest 9.8 upwards.
    """

    stamps_ns: I64
    angular_velocity: F64
    acceleration: F64

    def __post_init__(self) -> None:
        require("stamps_ns", self.stamps_ns, np.int64, (None,))
        for name in ("angular_velocity", "acceleration"):
            require(name, getattr(self, name), np.float64, (len(self.stamps_ns), 3))
        for name in ("stamps_ns", "angular_velocity", "acceleration"):
            object.__setattr__(self, name, readonly(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.stamps_ns)


@dataclass(frozen=True, slots=True, eq=False)
class FrameSet:
    """What a camera saw at one moment.

    images: by role ("left", "right", "color", "ir", …), uint8 or uint16, (H, W) or (H, W, 3) RGB;
    depth: measured by the device itself, or None; stamps in ns, on the device's and on the host's clock;
    sequence: counts up by one a frame at the source, so that a gap shows a loss; rig: its calibration;
    meta: what else the source says (exposure_us, gain, …), plain values; "gap" is for live cameras: how many frames
    are missing before this one, by reason; imu: what was felt since the frame before.
    """

    images: Mapping[str, Image]
    rig: Rig
    sequence: int = 0
    stamp_device_ns: int = 0
    stamp_host_ns: int = 0
    depth: DepthImage | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    imu: ImuSamples | None = None

    def __post_init__(self) -> None:
        for role, image in self.images.items():
            _check_image(role, image, self.rig)
        frozen = {role: readonly(image) for role, image in self.images.items()}
        object.__setattr__(self, "images", MappingProxyType(frozen))
        object.__setattr__(self, "meta", MappingProxyType(dict(self.meta)))

    def image(self, role: str) -> Image:
        """The image of that role; InputError says which there are."""
        if role not in self.images:
            raise InputError(
                f"these frames have no {role!r} image; they have {', '.join(sorted(self.images)) or 'none'}"
            )
        return self.images[role]


def _check_image(role: str, image: Image, rig: Rig) -> None:
    require_image(f"the {role!r} image", image)
    camera = rig.camera(role)
    if image.shape[:2] != (camera.height, camera.width):
        raise InputError(
            f"the {role!r} image is {image.shape[1]}×{image.shape[0]} but the rig's {role!r} camera "
            f"{camera.width}×{camera.height}: use the rig for this resolution"
        )


def _freeze_measurement(target: Disparity | DepthImage, name: str) -> None:
    values = getattr(target, name)
    require(name, values, np.float32, (None, None))
    require("reason", target.reason, np.uint16, values.shape)
    require("confidence", target.confidence, np.float32, values.shape)
    for field_name in (name, "reason", "confidence"):
        object.__setattr__(target, field_name, readonly(getattr(target, field_name)))
