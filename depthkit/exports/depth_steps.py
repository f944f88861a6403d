"""Depth as the 16-bit steps of a format, and what that takes from it."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from depthkit import images
from depthkit.arrays import U16
from depthkit.types import MADE_UP, DepthImage


@dataclass(frozen=True, slots=True)
class DepthLoss:
    """What steps of `scale` metres took from depth.

    known: pixels that had a depth; rounded_m: the most that one of them was moved, in m; too_near, too_far: those
    that became unknown, because they are below half a step or beyond 65535 steps; unmarked: those that were made up,
    which nothing says any more.
    """

    scale: float
    known: int = 0
    rounded_m: float = 0.0
    too_near: int = 0
    too_far: int = 0
    unmarked: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.scale,
            self.known + other.known,
            max(self.rounded_m, other.rounded_m),
            self.too_near + other.too_near,
            self.too_far + other.too_far,
            self.unmarked + other.unmarked,
        )


def quantized(image: DepthImage, scale: float) -> tuple[U16, DepthLoss]:
    """(H, W) uint16 steps of `scale` metres, 0 where unknown, and what was lost."""
    depth = image.depth
    steps = images.quantize(depth, scale)
    known, kept = ~np.isnan(depth), steps > 0
    lost = depth[known & ~kept]
    moved = np.abs(images.dequantize(steps, scale)[kept] - depth[kept])
    return steps, DepthLoss(
        scale,
        known=int(known.sum()),
        rounded_m=float(moved.max(initial=0)),
        too_near=int((lost < scale).sum()),
        too_far=int((lost > scale).sum()),
        unmarked=int(np.count_nonzero(image.reason[kept] & MADE_UP)),
    )
