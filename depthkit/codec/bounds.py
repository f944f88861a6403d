"""Bounded errors: depths are moved to levels as far apart as a bound allows, and those are coded losslessly.

No transform is cut short and nothing is smoothed, so a depth edge stays an edge.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from depthkit.arrays import U16, readonly
from depthkit.codec import palette
from depthkit.errors import InputError

Law = Literal["depth", "disparity"]


@dataclass(frozen=True, slots=True)
class Bound:
    """How far a decoded depth may be from the true one, in steps of the 16-bit depth.

    law: "depth": by `error` at most, at any depth, as for time of flight; "disparity": by `error` · (depth / at)² at
    most, which is an even error of disparity, as for stereo and structured light. Raises InputError for values that
    make no sense.
    """

    error: float
    law: Law = "depth"
    at: float = 1000

    def __post_init__(self) -> None:
        if not (0 <= self.error <= 65535 and 0 < self.at <= 65535) or self.law not in ("depth", "disparity"):
            raise InputError(f"{self} cannot be used: error and at are 0 to 65535 steps, law is 'depth' or 'disparity'")

    def allowed(self, depth: U16) -> NDArray[np.int64]:
        """Largest error of each depth in whole steps."""
        growth = (depth.astype(np.float64) / self.at) ** 2 if self.law == "disparity" else np.ones(depth.shape)
        return np.floor(np.minimum(self.error * growth, 65535)).astype(np.int64)


def moved(depth: U16, bound: Bound) -> U16:
    """The depth image with each known pixel moved to its level; unknown ones stay so, and no known one becomes so."""
    return palette.look_up(depth, _levels(bound))


@lru_cache(maxsize=8)
def _levels(bound: Bound) -> U16:
    """The level of each of the 65536 values.

    Each level is as high as the lowest value it stands for allows, and stands for all values that allow it: no fewer
    levels would do.
    """
    values = np.arange(1 << 16, dtype=np.uint16)
    allowed = bound.allowed(values)
    lowest = np.maximum.accumulate(values - allowed)  # the least level that would do for all values up to this one
    levels, first = np.zeros(1 << 16, np.uint16), 1
    while first < 1 << 16:
        level = min(first + int(allowed[first]), 65535)
        end = max(int(np.searchsorted(lowest, level, "right")), first + 1)
        levels[first:end] = level
        first = end
    return readonly(levels)
