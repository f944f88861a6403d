"""Semi-global matching of bands of rows, from features to winners (Hirschmüller 2008).

A band is worked on from the top to the bottom, so that a few rows of costs are all the memory it takes; paths from
below need a second sweep, from the bottom to the top, and the costs of the whole band. Paths into a band start a few
rows outside it. Bands depend on the height of the image alone: the result is the same on any number of threads.
"""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels import costs, paths, winners
from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import U8, Ends, Setting, Views, Winners

WARM_UP = 8  # rows a path runs before the first one that counts


@kernel
def bands(start: int, stop: int, edges: NDArray[np.int64], views: Views, setting: Setting, found: Winners) -> None:
    """Fill `found` in bands start…stop; band i is rows edges[i]…edges[i + 1]."""
    for i in range(start, stop):
        kept = edges[i + 1] - edges[i] if setting.upwards else 1
        totals = np.empty((kept, views.grey.shape[1], setting.num_disparities), np.uint8)
        for sweeps in range(2 if setting.upwards else 1):
            sweep(edges[i], edges[i + 1], 1 - 2 * sweeps, views, setting, totals, found)


@kernel
def sweep(first: int, last: int, step: int, views: Views, setting: Setting, totals: U8, found: Winners) -> None:
    """Go down (step 1) or up (-1) through rows first…last, adding path costs to totals (rows, or only 1, W, D).

    Going down these are the paths along the rows and from above, going up those from below. In the last sweep the
    winners of a row are chosen once its total is complete.
    """
    height, width = views.grey.shape
    row = (width, setting.num_disparities)
    lines = np.empty((3, width, setting.num_disparities), np.uint8)
    here, raw, unused = np.empty(row, np.uint8), np.empty(row, np.uint8), np.empty(row, np.uint8)
    part = np.zeros(row, np.uint16)
    fresh = paths.fresh(6 * (width + 2), setting.num_disparities, setting.P1).reshape((2, 3, width + 2, -1))
    ends = Ends(fresh, np.zeros(fresh.shape[:3], np.uint8))
    begin = max(first - WARM_UP, 0) if step > 0 else min(last + WARM_UP, height) - 1
    for y in range(begin, last if step > 0 else first - 1, step):
        costs.next_row(y, step, y == begin, views, setting.min_disparity, lines, raw, here)
        counts = first <= y < last
        total = totals[(y - first) % totals.shape[0]] if counts else unused
        grey, grey_before = views.grey[y], views.grey[min(max(y - step, 0), height - 1)]
        if counts and step > 0:
            total[:] = 0
            paths.along(here, grey, False, setting, part)
        paths.across(ends, y & 1, 1, here, grey, grey_before, setting, part)
        if setting.diagonal:
            paths.across(ends, y & 1, 0, here, grey, grey_before, setting, part)
            paths.across(ends, y & 1, 2, here, grey, grey_before, setting, part)
        paths.move(part, setting.diagonal, total)
        if counts and (step < 0 or not setting.upwards):
            paths.along(here, grey, True, setting, part)
            paths.move(part, setting.diagonal, total)
            winners.choose(y, total, setting, found)
