"""From summed path costs of a row to its disparities, and what speaks against them, by the rules of OpenCV's SGBM."""

import numpy as np

from depthkit.kernels.block_types import BlockSetting, Found
from depthkit.kernels.disparity import TEXTURE, contrast
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import I32, U8, U16, Bits

STEPS = 16  # of sub-pixel places a px

u16 = np.uint16


@kernel
def choose(y: int, total: U16, grey: U8, setting: BlockSetting, bits: Bits, found: Found) -> None:
    """Fill row y of `found` from the row's summed path costs `total` (W', D); grey: the left image (H, W)."""
    width = grey.shape[1]
    found.values[y], found.reason[y], found.confidence[y] = np.nan, bits.border, 0
    steps = np.empty(width, np.int32)
    cheapest, partner = np.full(width, 65536, np.int32), np.empty(width, np.int32)
    for i in range(total.shape[0] - 1, -1, -1):
        x = setting.first + i
        least, best = _least(total[i])
        second = _second(total[i], best)
        steps[x] = STEPS * (setting.min_disparity + best) + _offset(total[i], best)
        there = x - setting.min_disparity - best
        if found.valid[0][y, x] and found.valid[1][y, there]:
            found.reason[y, x] = 0
            if second * (100 - setting.uniqueness_ratio) < least * 100:
                found.reason[y, x] = bits.no_texture if contrast(grey, y, x) < TEXTURE else bits.not_unique
            elif least < cheapest[there]:
                cheapest[there], partner[there] = least, setting.min_disparity + best
            found.confidence[y, x] = np.float32(second - least) / np.float32(max(second, 1))
    for x in range(setting.first, setting.first + total.shape[0]):
        if found.reason[y, x] == 0 and _contradicted(x, steps[x], cheapest, partner, setting.lr_check):
            found.reason[y, x] = bits.left_right
        if found.reason[y, x] == 0:
            found.values[y, x] = np.float32(steps[x]) / np.float32(STEPS)
        else:
            found.confidence[y, x] = 0


@inline
def _least(costs: U16) -> tuple[np.int64, np.int64]:
    """The least of the costs (D,), and where it is first."""
    least = u16(65535)
    for k in range(costs.size):
        least = min(least, costs[k])
    where = u16(65535)
    for k in range(costs.size):
        where = min(where, u16(k) if costs[k] == least else u16(65535))
    return np.int64(least), np.int64(where)


@inline
def _second(costs: U16, best: int) -> np.int64:
    """Least cost away from the best candidate and those beside it; 65535 if there are no others."""
    second = u16(65535)
    for k in range(best - 1):
        second = min(second, costs[k])
    for k in range(best + 2, costs.size):
        second = min(second, costs[k])
    return np.int64(second)


@inline
def _offset(costs: U16, best: int) -> np.int64:
    """Where a parabola through the costs at the best candidate and beside it has its vertex, in steps."""
    if not 0 < best < costs.size - 1:
        return np.int64(0)
    before, at, after = np.int64(costs[best - 1]), np.int64(costs[best]), np.int64(costs[best + 1])
    curvature = max(before + after - 2 * at, np.int64(1))
    return np.int64(((before - after) * STEPS + curvature) / (2 * curvature))


@inline
def _contradicted(x: int, steps: int, cheapest: I32, partner: I32, lr_check: int) -> bool:
    """Whether both right pixels next to the match of pixel x are the match of another one, whose disparity differs."""
    if lr_check < 0:
        return False
    for disparity in (steps >> 4, (steps + STEPS - 1) >> 4):
        there = x - disparity
        if not 0 <= there < cheapest.size or cheapest[there] > 65535 or abs(partner[there] - disparity) <= lr_check:
            return False
    return True
