"""Small RGB-D frames with poses, gaps and holes, as a camera that ends."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from depthkit import images, transforms
from depthkit.arrays import F64, U16, Image
from depthkit.cameras import CameraModel, Rig
from depthkit.types import DepthImage, FrameSet, Reason

CAMERA = CameraModel(32, 24, 30.0, 31.0, 15.25, 11.75, (0.1, -0.02, 1e-3, -2e-3, 0.01), "brown_conrady")
RIGHT = CameraModel(32, 24, 30.5, 30.5, 16, 12)
RIG = Rig(
    {"color": CAMERA, "depth": CAMERA, "right": RIGHT},
    {"right": transforms.from_rotation_translation(np.eye(3), [-0.1, 0, 0])},
    {"source": "made up for a test"},
)
START_NS, PERIOD_NS = 1_305_031_102_175_304_001, 40_000_000


def steps(i: int) -> U16:
    """Depth in mm of frame i: 0 unknown, and each 16-bit extreme."""
    values = np.random.default_rng(i).integers(300, 12_000, (24, 32), np.uint16)
    values[0, :4] = 0, 1, 65535, 13108
    return values


def depth_image(values: Any, camera: CameraModel = CAMERA) -> DepthImage:
    """Metres as measured depth, unknown where they are NaN."""
    values = np.asarray(values, np.float32)
    known = ~np.isnan(values)
    reason = np.where(known, 0, Reason.NO_DATA).astype(np.uint16)
    return DepthImage(values, reason, known.astype(np.float32), camera)


def pose(i: int) -> F64:
    """`T_world_camera` of frame i."""
    return transforms.from_rotation_translation(transforms.rotation_from_vector([0.1 * i, 0.2, -0.3]), [i, 2.5, -0.1])


def frame(i: int) -> FrameSet:
    """Frame i at its time."""
    rng = np.random.default_rng(i)
    pictures: dict[str, Image] = {
        "color": rng.integers(0, 256, (24, 32, 3), np.uint8),
        "right": rng.integers(0, 65536, (24, 32), np.uint16),
    }
    stamp = START_NS + i * PERIOD_NS
    meta = {"T_world_camera": pose(i).tolist(), "gain": i}
    return FrameSet(pictures, RIG, i, stamp, stamp + 7, depth_image(images.dequantize(steps(i), 0.001)), meta)


def without(frames: FrameSet, *parts: str) -> FrameSet:
    """The frame without some of its pictures, "depth", or its "pose"."""
    pictures = {role: image for role, image in frames.images.items() if role not in parts}
    depth = None if "depth" in parts else frames.depth
    return replace(frames, images=pictures, depth=depth, meta={} if "pose" in parts else frames.meta)


class Scripted:
    """A camera that gives these frames, then ends."""

    def __init__(self, frames: Iterable[FrameSet], rig: Rig = RIG) -> None:
        self.rig, self._frames = rig, frames

    def frames(self) -> Iterator[FrameSet]:
        yield from self._frames

    def close(self) -> None: ...

    def __enter__(self) -> "Scripted":
        return self

    def __exit__(self, *_: object) -> None: ...
