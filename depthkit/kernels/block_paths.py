"""Path costs of block matching: those of `paths`, in words rather than bytes, and with the same P2 everywhere."""

import numpy as np

from depthkit.kernels.block_types import BlockSetting, Ends
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U16

u16 = np.uint16


@kernel
def fresh(size: int, num_disparities: int, P1: int) -> U16:
    """Path costs (size, D + 2) before the first step: zero, so that the first pixel has its bare costs.

    The values at both ends stand for disparities there are none of, and are never the least.
    """
    costs = np.zeros((size, num_disparities + 2), np.uint16)
    costs[:, 0] = u16(65535 - P1)
    costs[:, -1] = u16(65535 - P1)
    return costs


@inline
def _step(before: U16, lowest: np.uint16, costs: U16, setting: BlockSetting, out: U16, total: U16) -> np.uint16:
    """One pixel further: path costs `out` from `before`, whose least is `lowest`; returns the least of `out`.

    before, out: (D + 2,); total: (D,), to which the path costs are added, up to 65535.
    """
    p1 = u16(setting.P1)
    jump = u16(lowest + setting.P2)
    least = u16(65535)
    for k in range(costs.size):
        slant = u16(min(before[k], before[k + 2]) + p1)
        cost = u16(u16(min(min(before[k + 1], jump), slant) - lowest) + costs[k])
        out[k + 1] = cost
        least = min(least, cost)
        total[k] = u16(total[k] + min(cost, u16(65535 - total[k])))
    return least


@kernel
def along(costs: U16, setting: BlockSetting, total: U16) -> None:
    """Add the path costs from the left and from the right of a row of costs (W', D) to total (W', D)."""
    width, num_disparities = costs.shape
    for backwards in range(2):
        ends = fresh(2, num_disparities, setting.P1)
        lowest = u16(0)
        for i in range(width):  # counting up: of a range that counts down, LLVM makes code several times as slow
            x = width - 1 - i if backwards else i
            lowest = _step(ends[i & 1], lowest, costs[x], setting, ends[1 - (i & 1)], total[x])


@kernel
def across(ends: Ends, turn: int, costs: U16, setting: BlockSetting, total: U16) -> None:
    """Add the path costs from the row before to total (W', D): from ends[turn] of that row to ends[1 - turn].

    costs: (W', D) of the row.
    """
    for way in range(3):
        if way == 1 or setting.diagonal:
            before, out = ends.costs[turn, way], ends.costs[1 - turn, way]
            lowest_before, lowest = ends.lowest[turn, way], ends.lowest[1 - turn, way]
            for x in range(costs.shape[0]):
                lowest[x + 1] = _step(before[x + way], lowest_before[x + way], costs[x], setting, out[x + 1], total[x])
