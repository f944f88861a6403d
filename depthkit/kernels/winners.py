"""From summed path costs of a row to the best candidate of each pixel, and what speaks for it."""

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U8, Setting, Winners

u8 = np.uint8


@kernel
def choose(y: int, total: U8, setting: Setting, found: Winners) -> None:
    """Fill row y of `found` from the row's summed path costs `total` (W, D)."""
    width, num_disparities = total.shape
    right_least = np.full(width + num_disparities - 1, 255, np.uint8)
    least_on_the_right(total, right_least)
    for x in range(width):
        low = max(0, x - setting.min_disparity - (width - 1))
        high = min(num_disparities, x - setting.min_disparity + 1)
        found.best[y, x] = -1
        if low < high:
            least = least_of(total[x, low:high])
            best = low + first_of(total[x, low:high], least)
            beside = low < best < high - 1
            found.best[y, x] = best
            found.sums[y, 0, x] = total[x, best - 1] if beside else least
            found.sums[y, 1, x] = least
            found.sums[y, 2, x] = total[x, best + 1] if beside else least
            found.second[y, x] = _second(total[x], best)
            found.agrees[y, x] = _agrees(total, right_least[width - 1 - x + best], x, best, setting.lr_check)


@kernel
def least_on_the_right(total: U8, out: U8) -> None:
    """Least cost of each right pixel over all left ones, in the order of `costs.reverse`; out: (W + D - 1,), of 255."""
    width, num_disparities = total.shape
    for x in range(width):
        near = out[width - 1 - x : width - 1 - x + num_disparities]
        for k in range(num_disparities):
            near[k] = min(near[k], total[x, k])


@inline
def least_of(costs: U8) -> np.uint8:
    """The least of some costs, of which there is one at least."""
    least: np.uint8 = costs[0]
    for k in range(costs.size):
        least = min(least, costs[k])
    return least


@inline
def first_of(costs: U8, value: np.uint8) -> np.int64:
    """Where `value` is first. A search that stops there would go one by one; this goes as fast as vectors do."""
    where = np.uint16(65535)
    for k in range(costs.size):
        where = min(where, np.uint16(k) if costs[k] == value else np.uint16(65535))
    return np.int64(where)


@inline
def _second(costs: U8, best: int) -> np.uint8:
    """Least cost away from the best candidate and those beside it."""
    first, last = max(best - 1, 0), min(best + 2, costs.size)
    aside = costs[first], costs[best], costs[last - 1]
    costs[first:last] = 255
    second: np.uint8 = least_of(costs)
    costs[first], costs[last - 1], costs[best] = aside[0], aside[2], aside[1]
    return second


@inline
def _agrees(total: U8, right_least: np.uint8, x: int, best: int, lr_check: int) -> bool:
    """Whether the pixel's right one has its least cost with this pixel or one at most lr_check from it."""
    width, num_disparities = total.shape
    for shift in range(-lr_check, lr_check + 1):
        i, k = x + shift, best + shift
        if 0 <= i < width and 0 <= k < num_disparities and total[i, k] <= right_least:
            return True
    return lr_check < 0
