"""Matching costs of blocks: Birchfield and Tomasi's dissimilarity of gradients and of grey levels, summed over a block.

That of two pixels (1998) is the least by which one falls short of the values the other takes within half a pixel to
either side, so that sampling hardly matters. What is compared of a pixel are its spans: six bytes, kept as planes of a
row, (H, 6, W): the horizontal gradient, least and largest near it; then the same of the grey level, which counts a
quarter. A row of costs is (W, D): pixel, then candidate.
"""

import numpy as np

from depthkit.kernels.block_types import BlockSetting, Spans
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U8, U16

PLANES = 6
GREY = 3  # the first plane of grey levels
GREY_SHIFT = 2

u8 = np.uint8
u16 = np.uint16


@kernel
def spans(start: int, stop: int, image: U8, cap: int, backwards: bool, out: U8) -> None:
    """Spans (H, 6, W) of rows start…stop of an image (H, W), with the columns in reverse order if `backwards`.

    Gradients are those of the 3×3 Sobel operator, cut to ±cap and stored with cap added. The outermost columns have
    none: there, both planes hold cap, as in OpenCV.
    """
    height, width = image.shape
    most = np.int64(cap)
    here = np.empty((2, width), np.uint8)
    for y in range(start, stop):
        here[:, 0], here[:, -1] = cap, cap
        above, at, below = image[max(y - 1, 0)], image[y], image[min(y + 1, height - 1)]
        for x in range(1, width - 1):
            darker = np.int64(above[x - 1]) + 2 * np.int64(at[x - 1]) + np.int64(below[x - 1])
            brighter = np.int64(above[x + 1]) + 2 * np.int64(at[x + 1]) + np.int64(below[x + 1])
            here[0, x] = u8(min(max(brighter - darker, -most), most) + most)
            here[1, x] = at[x]
        for plane in range(2):
            span(here[plane, ::-1] if backwards else here[plane], out[y, GREY * plane : GREY * plane + 3])


@kernel
def span(row: U8, out: U8) -> None:
    """Of a row (W,): itself, and the least and the largest up to halfway to its neighbours, rounded down: (3, W)."""
    for x in range(row.size):
        here = row[x]
        before = u8((np.int64(here) + np.int64(row[max(x - 1, 0)])) >> 1)
        after = u8((np.int64(here) + np.int64(row[min(x + 1, row.size - 1)])) >> 1)
        out[0, x] = here
        out[1, x] = min(here, before, after)
        out[2, x] = max(here, before, after)


@inline
def _excess(a: np.uint8, b: np.uint8) -> np.uint8:
    """By how much a is above b; LLVM knows this form."""
    return u8(max(a, b) - b)


@inline
def _dissimilarity(
    a: np.uint8, a_low: np.uint8, a_high: np.uint8, b: np.uint8, b_low: np.uint8, b_high: np.uint8
) -> np.uint8:
    return min(max(_excess(a, b_high), _excess(b_low, a)), max(_excess(b, a_high), _excess(a_low, b)))


@kernel
def pixel_costs(left: U8, right: U8, first: int, min_disparity: int, out: U8) -> None:
    """Costs (W', D) of pixels first, first + 1, … of a row, at most 255.

    left, right: spans (6, W) of the row, the right ones backwards. All candidates must be in the image.
    """
    num_disparities = out.shape[1]
    for i in range(out.shape[0]):
        x = first + i
        start = left.shape[1] - 1 - x + min_disparity
        near, costs = right[:, start : start + num_disparities], out[i]
        g, g_low, g_high, v, v_low, v_high = left[0, x], left[1, x], left[2, x], left[3, x], left[4, x], left[5, x]
        for k in range(num_disparities):
            slope = _dissimilarity(g, g_low, g_high, near[0, k], near[1, k], near[2, k])
            grey = u8(_dissimilarity(v, v_low, v_high, near[3, k], near[4, k], near[5, k]) >> GREY_SHIFT)
            costs[k] = u8(slope + min(grey, u8(255 - slope)))


@kernel
def next_row(
    y: int, step: int, first: bool, views: Spans, setting: BlockSetting, lines: U8, sums: U16, out: U16
) -> None:
    """Costs of the blocks around row y into out (W', D), going down (step 1) or up (-1) from a first row.

    lines: (2 r + 2, W', D), a ring of costs of single pixels; sums: (W', D), of the columns of the blocks, kept from
    row to row. Outside the image, its outermost row stands in, and the outermost of the columns with candidates.
    """
    radius, bottom = setting.radius, views.left.shape[0] - 1
    ahead = y + step * radius
    if first:
        sums[:] = 0
        for dy in range(-radius, radius + 1):
            near = min(max(y + step * dy, 0), bottom)
            line = lines[near % lines.shape[0]]
            pixel_costs(views.left[near], views.right[near], setting.first, setting.min_disparity, line)
            add(line, sums)
    else:
        near, gone = min(max(ahead, 0), bottom), min(max(ahead - step * (2 * radius + 1), 0), bottom)
        line = lines[near % lines.shape[0]]
        if near == ahead:
            pixel_costs(views.left[near], views.right[near], setting.first, setting.min_disparity, line)
        replace(lines[gone % lines.shape[0]], line, sums)
    across(sums, radius, out)


@kernel
def add(new: U8, sums: U16) -> None:
    """Take a row of costs (W', D) into sums (W', D)."""
    for i in range(sums.shape[0]):
        for k in range(sums.shape[1]):
            sums[i, k] = u16(sums[i, k] + new[i, k])


@kernel
def replace(old: U8, new: U8, sums: U16) -> None:
    """Take a row of costs (W', D) out of sums (W', D), and another one into them."""
    for i in range(sums.shape[0]):
        for k in range(sums.shape[1]):
            sums[i, k] = u16(u16(sums[i, k] + new[i, k]) - old[i, k])


@kernel
def across(sums: U16, radius: int, out: U16) -> None:
    """Sums (W', D) of 2 r + 1 neighbours along a row; past its ends, the outermost one stands in."""
    last = sums.shape[0] - 1
    out[0] = 0
    for dx in range(-radius, radius + 1):
        for k in range(sums.shape[1]):
            out[0, k] = u16(out[0, k] + sums[min(max(dx, 0), last), k])
    for i in range(1, last + 1):
        new, old = sums[min(i + radius, last)], sums[max(i - radius - 1, 0)]
        before, here = out[i - 1], out[i]
        for k in range(sums.shape[1]):
            here[k] = u16(u16(before[k] + new[k]) - old[k])
