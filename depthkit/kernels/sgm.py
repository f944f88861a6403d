"""Semi-global matching of bands of rows, from features to winners (Hirschmüller 2008).

A band is worked on from the top to the bottom, so that a few rows of costs are all the memory it takes; paths from
below need a second sweep, from the bottom to the top, and the costs of the whole band. Paths into a band start a few
rows outside it. Bands depend on the height of the image alone: the result is the same on any number of threads.
"""

from typing import Any, NamedTuple

import numpy as np

from depthkit.kernels import paths
from depthkit.kernels.costs import row_of_costs, smooth_across
from depthkit.kernels.disparity import winners
from depthkit.kernels.jit import kernel

WARM_UP = 16  # rows a path runs before the first one that counts


class Setting(NamedTuple):
    """What bands need of `depthkit.stereo.Sgm`; `diagonal` and `upwards` say which paths there are."""

    num_disparities: int
    min_disparity: int
    diagonal: bool
    upwards: bool
    P1: int
    P2: int
    P2_min: int
    lr_check: int


class Views(NamedTuple):
    """Features (H, 7, W) uint8 of both images, and the left image (H, W) uint8 itself."""

    left: Any
    right: Any
    grey: Any


class Winners(NamedTuple):
    """For all rows what `disparity.winners` gives for one: (H, W) int16, (H, W, 3) uint8, (H, W) uint8, (H, W) bool."""

    index: Any
    sums: Any
    second: Any
    agrees: Any


@kernel
def bands(start, stop, edges, views, setting, found):
    """Fill `found` in bands start…stop; band i is rows edges[i]…edges[i + 1]."""
    for i in range(start, stop):
        first, last = edges[i], edges[i + 1]
        kept = last - first if setting.upwards else 1
        totals = np.empty((kept, views.grey.shape[1], setting.num_disparities), np.uint8)
        for sweeps in range(2 if setting.upwards else 1):
            sweep(first, last, 1 - 2 * sweeps, views, setting, totals, found)


@kernel
def sweep(first, last, step, views, setting, totals, found):
    """Go down (step 1) or up (-1) through rows first…last and add path costs to totals (rows or 1, W, D).

    Going down these are the paths along rows and those from above, going up those from below. In the last sweep
    the winners of each row are chosen as soon as its total is complete.
    """
    height, width = views.grey.shape
    lines = np.empty((3, width, setting.num_disparities), np.uint8)
    costs, unused = np.empty(lines.shape[1:], np.uint8), np.empty(lines.shape[1:], np.uint8)
    ends = paths.start(6 * (width + 2), setting.num_disparities, setting.P1).reshape((2, 3, width + 2, -1))
    lowest = np.zeros((2, 3, width + 2), np.uint8)
    begin = max(first - WARM_UP, 0) if step > 0 else min(last + WARM_UP, height) - 1
    for y in range(begin - step, begin + step, step):
        if 0 <= y < height:
            row_of_costs(y, views, setting.min_disparity, costs, lines[y % 3])
    for y in range(begin, last if step > 0 else first - 1, step):
        if 0 <= y + step < height:
            row_of_costs(y + step, views, setting.min_disparity, costs, lines[(y + step) % 3])
        up, down = max(y - 1, 0), min(y + 1, height - 1)
        smooth_across((lines[up % 3], lines[y % 3], lines[down % 3]), views.grey, (up, y, down), costs)
        counts = first <= y < last
        total = totals[(y - first) % totals.shape[0]] if counts else unused
        if counts and step > 0:
            total[:] = 0
            paths.along(costs, views.grey[y], setting, total)
        for way in range(3):
            if way == 1 or setting.diagonal:
                paths.across(
                    ends[y & 1, way],
                    lowest[y & 1, way],
                    way - 1,
                    costs,
                    views.grey[y],
                    views.grey[min(max(y - step, 0), height - 1)],
                    setting,
                    ends[1 - (y & 1), way],
                    lowest[1 - (y & 1), way],
                    total,
                )
        if counts and (step < 0 or not setting.upwards):
            winners(
                total,
                setting.min_disparity,
                setting.lr_check,
                found.index[y],
                found.sums[y],
                found.second[y],
                found.agrees[y],
            )
