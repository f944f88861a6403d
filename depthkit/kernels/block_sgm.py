"""Semi-global block matching of bands of rows, from spans to disparities; bands as in `sgm`."""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels import block_costs, block_paths, block_winners
from depthkit.kernels.block_types import BlockSetting, Ends, Found, Spans
from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import U16, Bits

WARM_UP = 16  # rows a path runs before the first one that counts


@kernel
def bands(
    start: int, stop: int, edges: NDArray[np.int64], views: Spans, setting: BlockSetting, bits: Bits, found: Found
) -> None:
    """Fill `found` in bands start…stop; band i is rows edges[i]…edges[i + 1]."""
    columns = views.grey.shape[1] + min(setting.min_disparity, 0) - setting.first
    for i in range(start, stop):
        kept = edges[i + 1] - edges[i] if setting.upwards else 1
        totals = np.empty((kept, columns, setting.num_disparities), np.uint16)
        for sweeps in range(2 if setting.upwards else 1):
            sweep(edges[i], edges[i + 1], 1 - 2 * sweeps, views, setting, bits, totals, found)


@kernel
def sweep(
    first: int, last: int, step: int, views: Spans, setting: BlockSetting, bits: Bits, totals: U16, found: Found
) -> None:
    """Go down (step 1) or up (-1) through rows first…last, adding path costs to totals (rows, or only 1, W', D).

    Going down these are the paths along the rows and from above, going up those from below. In the last sweep the
    winners of a row are chosen once its total is complete.
    """
    height = views.grey.shape[0]
    row = totals.shape[1:]
    lines = np.empty((2 * setting.radius + 2, *row), np.uint8)
    sums, here, unused = np.empty(row, np.uint16), np.empty(row, np.uint16), np.empty(row, np.uint16)
    fresh = block_paths.fresh(6 * (row[0] + 2), row[1], setting.P1).reshape((2, 3, row[0] + 2, -1))
    ends = Ends(fresh, np.zeros(fresh.shape[:3], np.uint16))
    begin = max(first - WARM_UP, 0) if step > 0 else min(last + WARM_UP, height) - 1
    for y in range(begin, last if step > 0 else first - 1, step):
        block_costs.next_row(y, step, y == begin, views, setting, lines, sums, here)
        counts = first <= y < last
        total = totals[(y - first) % totals.shape[0]] if counts else unused
        if counts and step > 0:
            total[:] = 0
            block_paths.along(here, setting, total)
        block_paths.across(ends, y & 1, here, setting, total)
        if counts and (step < 0 or not setting.upwards):
            block_winners.choose(y, total, views.grey, setting, bits, found)
