"""Path costs: what it costs a path to end at a pixel with a disparity (Hirschmüller 2008).

L(p, d) = C(p, d) + min(L(q, d), L(q, d ± 1) + P1, min L(q) + P2) - min L(q), q the pixel before p on the path. P2 is
less across edges of the image: max(P2 - |I(p) - I(q)|, P2_min). As C is at most 30 and P2 at most 55, the total of
three paths fits a byte. With a fourth it may stop at 255, but not where it matters. Of 5 or 8 paths halves are summed,
rounded up: of all those that come down and that from the left, of all those that come up, and of that from the right.
"""

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U8, U16, Ends, Setting

u8, u16 = np.uint8, np.uint16


@kernel
def fresh(size: int, num_disparities: int, P1: int) -> U8:
    """Path costs (size, D + 2) before the first step: zero, so that the first pixel has its bare costs.

    The values at both ends stand for disparities there are none of, and are never the least.
    """
    costs = np.zeros((size, num_disparities + 2), np.uint8)
    costs[:, 0] = u8(255 - P1)
    costs[:, -1] = u8(255 - P1)
    return costs


@inline
def _step(before: U8, lowest: np.uint8, costs: U8, p2: np.uint8, setting: Setting, out: U8, total: U16) -> np.uint8:
    """One pixel further: path costs `out` from `before`, whose least is `lowest`; returns the least of `out`.

    before, out: (D + 2,); total: (D,) uint16, to which the path costs are added.
    """
    p1 = u8(setting.P1)
    jump = u8(lowest + p2)
    least = u8(255)
    for k in range(costs.size):
        slant = u8(min(before[k], before[k + 2]) + p1)
        cost = u8(u8(min(min(before[k + 1], jump), slant) - lowest) + costs[k])
        out[k + 1] = cost
        least = min(least, cost)
        total[k] = u16(total[k] + u16(cost))
    return least


@inline
def _penalty(a: np.uint8, b: np.uint8, setting: Setting) -> np.uint8:
    difference = abs(np.int64(a) - np.int64(b))
    return u8(max(np.int64(setting.P2) - difference, np.int64(setting.P2_min)))


@kernel
def along(costs: U8, grey: U8, backwards: bool, setting: Setting, total: U16) -> None:
    """Add the path costs from the left, or the right, of a row of costs (W, D) to total (W, D); grey: (W,)."""
    width, num_disparities = costs.shape
    ends = fresh(2, num_disparities, setting.P1)
    lowest = u8(0)
    for i in range(width):
        x = width - 1 - i if backwards else i
        before = min(x + 1, width - 1) if backwards else max(x - 1, 0)
        p2 = _penalty(grey[x], grey[before], setting)
        lowest = _step(ends[i & 1], lowest, costs[x], p2, setting, ends[1 - (i & 1)], total[x])


@kernel
def across(ends: Ends, turn: int, way: int, costs: U8, grey: U8, grey_before: U8, setting: Setting, total: U16) -> None:
    """Add the path costs from the row before to total (W, D): from ends[turn, way] of that row to ends[1 - turn, way].

    costs: (W, D) and grey: (W,) of the row, grey_before: of the row before.
    """
    width = costs.shape[0]
    before, out = ends.costs[turn, way], ends.costs[1 - turn, way]
    lowest_before, lowest = ends.lowest[turn, way], ends.lowest[1 - turn, way]
    for x in range(width):
        p2 = _penalty(grey[x], grey_before[min(max(x + way - 1, 0), width - 1)], setting)
        lowest[x + 1] = _step(before[x + way], lowest_before[x + way], costs[x], p2, setting, out[x + 1], total[x])


@kernel
def move(part: U16, halve: bool, total: U8) -> None:
    """Add `part` (W, D), a sum of path costs, or half of it, to total, up to 255, and clear it."""
    for x in range(part.shape[0]):
        for k in range(part.shape[1]):
            added = u16((part[x, k] + u16(1)) >> u16(1)) if halve else part[x, k]
            total[x, k] = u8(min(u16(added + u16(total[x, k])), u16(255)))
            part[x, k] = 0
