"""Matching costs: how badly each candidate of each pixel fits, before any path.

All is bytes: a cost is at most 30 (24 census bits, 6 of gradient). A row of costs is (W, D): pixel, then candidate,
counted from the smallest disparity. Where features are census bits alone, costs are those that differ, not smoothed.
"""

import numpy as np

from depthkit.kernels.bits import popcount
from depthkit.kernels.census import BITS, GRADIENT
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U8, Views

GRADIENT_MOST = 12  # differences of gradients count half, up to half of this
EDGE = 12  # grey levels between neighbours above which costs are not smoothed across

u8 = np.uint8


@kernel
def next_row(y: int, step: int, first: bool, views: Views, min_disparity: int, lines: U8, raw: U8, out: U8) -> None:
    """Smoothed costs of row y into out (W, D), going down (step 1) or up (-1) from a first row.

    lines: (3, W, D), a ring of the rows before, here and ahead, smoothed along the row; raw: (W, D) work memory.
    """
    height, planes = views.grey.shape[0], views.left.shape[1]
    candidates = np.empty((planes, raw.shape[0] + raw.shape[1] - 1), np.uint8)
    if planes == BITS:
        reverse(views.right[y], min_disparity, candidates)
        census_costs(views.left[y], candidates, out)
        return
    for near in range(y - step if first else y + step, y + 2 * step, step):
        if 0 <= near < height:
            reverse(views.right[near], min_disparity, candidates)
            raw_costs(views.left[near], candidates, raw)
            smooth_along(raw, views.grey[near], lines[near % 3])
    up, down = max(y - 1, 0), min(y + 1, height - 1)
    smooth_across((lines[up % 3], lines[y % 3], lines[down % 3]), views.grey, (up, y, down), out)


@kernel
def reverse(planes: U8, min_disparity: int, out: U8) -> None:
    """Features of the right row (7 or 3, W) in order of disparity: candidate k of pixel x is out[:, W - 1 - x + k].

    Columns outside the image repeat its first or last one. out: (7 or 3, W + D - 1).
    """
    width = planes.shape[1]
    for plane in range(planes.shape[0]):
        for j in range(out.shape[1]):
            out[plane, j] = planes[plane, min(max(width - 1 - min_disparity - j, 0), width - 1)]


@kernel
def raw_costs(left: U8, right: U8, out: U8) -> None:
    """Census bits that differ and are stable in both, plus half the difference of gradients, cut at 6, rounded up.

    left: features of the row (7, W); right: of the other row as `reverse` gives them; out: (W, D).
    """
    width, num_disparities = out.shape
    for x in range(width):
        near = right[:, width - 1 - x : width - 1 - x + num_disparities]
        for k in range(num_disparities):
            d0 = u8((left[0, x] ^ near[0, k]) & left[3, x] & near[3, k])
            d1 = u8((left[1, x] ^ near[1, k]) & left[4, x] & near[4, k])
            d2 = u8((left[2, x] ^ near[2, k]) & left[5, x] & near[5, k])
            bits = u8(u8(popcount(d0) + popcount(d1)) + popcount(d2))
            ours, theirs = left[GRADIENT, x], near[GRADIENT, k]
            slope = min(u8(max(ours, theirs) - min(ours, theirs)), u8(GRADIENT_MOST))
            out[x, k] = u8(bits + u8((slope + u8(1)) >> 1))


@kernel
def census_costs(left: U8, right: U8, out: U8) -> None:
    """Census bits that differ, stable or not; arguments as for `raw_costs`, but features of three planes."""
    width, num_disparities = out.shape
    for x in range(width):
        near = right[:, width - 1 - x : width - 1 - x + num_disparities]
        for k in range(num_disparities):
            d0, d1, d2 = left[0, x] ^ near[0, k], left[1, x] ^ near[1, k], left[2, x] ^ near[2, k]
            out[x, k] = u8(u8(popcount(u8(d0)) + popcount(u8(d1))) + popcount(u8(d2)))


@inline
def _average(a: np.uint8, b: np.uint8) -> np.uint8:
    return u8((a + b + u8(1)) >> 1)


@inline
def _alike(a: np.uint8, b: np.uint8) -> np.bool_:
    return abs(np.int64(a) - np.int64(b)) <= EDGE


@kernel
def smooth_along(costs: U8, grey: U8, out: U8) -> None:
    """[1 2 1] / 4 along a row of costs, averages rounded up; past an edge of the image the centre stands in.

    grey: the row (W,) of the left image.
    """
    width, num_disparities = costs.shape
    for x in range(width):
        before = x - 1 if x > 0 and _alike(grey[x - 1], grey[x]) else x
        after = x + 1 if x < width - 1 and _alike(grey[x + 1], grey[x]) else x
        for k in range(num_disparities):
            out[x, k] = _average(_average(costs[before, k], costs[after, k]), costs[x, k])


@kernel
def smooth_across(lines: tuple[U8, U8, U8], grey: U8, rows: tuple[int, int, int], out: U8) -> None:
    """As `smooth_along`, from row to row: lines are the costs (W, D) of three rows of grey (H, W): above, at, below."""
    above, costs, below = lines
    up, at, down = rows
    for x in range(costs.shape[0]):
        one = above if _alike(grey[up, x], grey[at, x]) else costs
        other = below if _alike(grey[down, x], grey[at, x]) else costs
        for k in range(costs.shape[1]):
            out[x, k] = _average(_average(one[x, k], other[x, k]), costs[x, k])
