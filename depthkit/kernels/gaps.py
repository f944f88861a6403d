"""Short gaps in a disparity image, bridged by a straight line between their two ends."""

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32


@kernel
def bridge_rows(start: int, stop: int, values: F32, longest: int, difference: np.float32) -> None:
    """Bridge gaps (NaN) of at most `longest` pixels in rows start…stop of values (H, W) float32, in place.

    Only where the values at both ends of the gap differ by at most `difference`: one surface, as far as can be told.
    """
    for y in range(start, stop):
        _bridge(values[y], longest, difference)


@kernel
def bridge_columns(start: int, stop: int, values: F32, longest: int, difference: np.float32) -> None:
    """As `bridge_rows`, in columns start…stop."""
    for x in range(start, stop):
        _bridge(values[:, x], longest, difference)


@inline
def _bridge(line: F32, longest: int, difference: np.float32) -> None:
    last = -1
    for i in range(line.size):
        if np.isnan(line[i]):
            continue
        gap = i - last - 1
        if last >= 0 and 0 < gap <= longest and abs(line[i] - line[last]) <= difference:
            slope = (line[i] - line[last]) / np.float32(gap + 1)
            for j in range(last + 1, i):
                line[j] = line[last] + slope * np.float32(j - last)
        last = i
