"""Path costs: what it costs a path to end at a pixel with a disparity (Hirschmüller 2008).

L(p, d) = C(p, d) + min(L(q, d), L(q, d ± 1) + P1, min L(q) + P2) - min L(q), q the pixel before p on the path. P2 is
less across edges of the image: max(P2 - |I(p) - I(q)|, P2_min). With C at most 30, bytes hold L up to P2 = 195.
"""

import numpy as np

from depthkit.kernels.jit import inline, kernel

u8 = np.uint8


@kernel
def start(size, num_disparities, P1):
    """Path costs (size, D + 2) before the first step: zero, so that the first pixel has its bare costs.

    The values at both ends stand for disparities there are none of, and are never the least.
    """
    costs = np.zeros((size, num_disparities + 2), np.uint8)
    costs[:, 0] = u8(255 - P1)
    costs[:, -1] = u8(255 - P1)
    return costs


@inline
def _step(before, lowest, costs, p1, p2, halved, out, total):
    """One pixel further: path costs `out` from `before`, whose least is `lowest`; returns the least of `out`.

    before, out: (D + 2,); total: (D,), to which the path costs (if halved, half of them, rounded up) are added, up
    to 255.
    """
    jump = u8(lowest + p2)
    least = u8(255)
    for k in range(costs.size):
        slant = u8(min(before[k], before[k + 2]) + p1)
        cost = u8(u8(min(min(before[k + 1], jump), slant) - lowest) + costs[k])
        out[k + 1] = cost
        least = min(least, cost)
        share = u8((cost + u8(1)) >> 1) if halved else cost
        total[k] = u8(total[k] + min(share, u8(255 - total[k])))
    return least


@inline
def _penalty(a, b, setting):
    return u8(max(setting.P2 - abs(np.int64(a) - np.int64(b)), setting.P2_min))


@kernel
def along(costs, grey, setting, total):
    """Add the path costs from the left and from the right of a row of costs to total (W, D)."""
    width, num_disparities = costs.shape
    for backwards in range(2):
        ends = start(2, num_disparities, setting.P1)
        lowest = u8(0)
        for i in range(width):
            x = width - 1 - i if backwards else i
            before = min(x + 1, width - 1) if backwards else max(x - 1, 0)
            p2 = _penalty(grey[x], grey[before], setting)
            lowest = _step(
                ends[i & 1], lowest, costs[x], u8(setting.P1), p2, setting.diagonal, ends[1 - (i & 1)], total[x]
            )


@kernel
def across(before, lowest_before, shift, costs, grey, grey_before, setting, out, lowest, total):
    """Add the path costs from the row before, `shift` columns aside (-1, 0 or 1), to total (W, D).

    before, out: (W + 2, D + 2), lowest_before, lowest: (W + 2,): pixel x is at x + 1, with a start on either side.
    """
    width = costs.shape[0]
    for x in range(width):
        p2 = _penalty(grey[x], grey_before[min(max(x + shift, 0), width - 1)], setting)
        i = x + 1 + shift
        lowest[x + 1] = _step(
            before[i], lowest_before[i], costs[x], u8(setting.P1), p2, setting.diagonal, out[x + 1], total[x]
        )
