"""From winners to disparities: sub-pixel places, reasons against them, confidence."""

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32, I16, U8, U16, Bits, Mask, Winners

DIFFERENCE_MOST = 126  # of doubled gradients in the sub-pixel fit
TEXTURE = 4  # grey levels: where there is less contrast, that is why a disparity is not unique


@kernel
def subpixel(
    start: int, stop: int, found: Winners, left: U8, right: U8, num_disparities: int, min_disparity: int, values: F32
) -> None:
    """Disparities (H, W) in px, NaN where there is none: each the vertex of a V through the sums at three candidates.

    Census bits jump; gradients (H, W) do not. So the costs of gradients of the pixel and of its neighbours in the
    row, where these are of the same surface, are added to the sums.
    """
    width = values.shape[1]
    ours, theirs = np.empty((3, width), np.int16), np.empty((3, width), np.int16)
    for y in range(start, stop):
        spans(left[y], ours)
        spans(right[y], theirs)
        for x in range(width):
            k = np.int64(found.best[y, x])
            offset = np.float32(0)
            if 0 < k < num_disparities - 1 and 0 < x - min_disparity - k < width - 1:
                sums = found.sums[y, x]
                before, at, after = np.int64(sums[0]), np.int64(sums[1]), np.int64(sums[2])
                for u in range(max(x - 1, 0), min(x + 2, width)):
                    other = u - min_disparity - k
                    if 0 < other < width - 1 and abs(np.int64(found.best[y, u]) - k) <= 1:
                        before += _difference(ours, u, theirs, other + 1)
                        at += _difference(ours, u, theirs, other)
                        after += _difference(ours, u, theirs, other - 1)
                offset = _vertex(before - at, after - at)
            values[y, x] = np.float32(min_disparity + k) + offset if k >= 0 else np.float32(np.nan)


@kernel
def spans(row: U8, out: I16) -> None:
    """Twice the values of a row (W,), and the least and largest from half a pixel before to half a pixel after."""
    for x in range(row.size):
        here = np.int16(row[x])
        before = here + np.int16(row[max(x - 1, 0)])
        after = here + np.int16(row[min(x + 1, row.size - 1)])
        out[0, x] = here + here
        out[1, x] = min(here + here, before, after)
        out[2, x] = max(here + here, before, after)


@inline
def _difference(ours: I16, x: int, theirs: I16, u: int) -> np.int64:
    """Of two pixels' `spans`, insensitive to sampling (Birchfield and Tomasi 1998), and cut."""
    here = max(ours[0, x] - theirs[2, u], theirs[1, u] - ours[0, x], 0)
    there = max(theirs[0, u] - ours[2, x], ours[1, x] - theirs[0, u], 0)
    return min(np.int64(here), np.int64(there), np.int64(DIFFERENCE_MOST))


@inline
def _vertex(before: int, after: int) -> np.float32:
    """Where, in -0.5…0.5, a V with arms of the same slope has its vertex; heights above its middle sample."""
    steep = max(before, after)
    if steep <= 0:
        return np.float32(0)
    offset = np.float32(np.float32(before - after) / np.float32(2 * steep))
    return min(max(offset, np.float32(-0.5)), np.float32(0.5))


@kernel
def judge(
    start: int,
    stop: int,
    found: Winners,
    grey: U8,
    valid: tuple[Mask, Mask],
    min_disparity: int,
    uniqueness: int,
    bits: Bits,
    reason: U16,
    confidence: F32,
) -> None:
    """Reasons against winners, and confidence in the others: how far the second best is above the best, as a share.

    grey: left image (H, W); valid: (H, W) pixels of the left and of the right image that show anything.
    The measure of confidence is the naive peak ratio (Hu and Mordohai 2012) as 1 - best / second.
    """
    for y in range(start, stop):
        for x in range(reason.shape[1]):
            k = np.int64(found.best[y, x])
            why = 0
            best, second = np.int64(found.sums[y, x, 1]), np.int64(found.second[y, x])
            if k < 0 or not valid[0][y, x] or not valid[1][y, x - min_disparity - k]:
                why = bits.border
            else:
                if second - best < uniqueness:
                    why = bits.no_texture if contrast(grey, y, x) < TEXTURE else bits.not_unique
                if not found.agrees[y, x]:
                    why |= bits.left_right
            reason[y, x] = why
            confidence[y, x] = (
                np.float32(0) if why else np.float32(second - best) / np.float32(max(second, np.int64(1)))
            )


@kernel
def contrast(grey: U8, y: int, x: int) -> np.int64:
    """Range of grey levels in the 5×5 window around a pixel."""
    low, high = np.int64(255), np.int64(0)
    for v in range(max(y - 2, 0), min(y + 3, grey.shape[0])):
        for u in range(max(x - 2, 0), min(x + 3, grey.shape[1])):
            low = min(low, np.int64(grey[v, u]))
            high = max(high, np.int64(grey[v, u]))
    return high - low


@kernel
def settle(start: int, stop: int, values: F32, reason: U16, confidence: F32, bits: Bits, made_up: np.float32) -> None:
    """Bring reason and confidence in line with values that were filtered or filled in since `judge`.

    What had a reason and has a value now is interpolated, with confidence `made_up`; but nothing is made up at the
    border. What had none and lost its value is speckle.
    """
    for y in range(start, stop):
        for x in range(values.shape[1]):
            if reason[y, x] & bits.border:
                values[y, x] = np.nan
            elif np.isnan(values[y, x]):
                reason[y, x] = reason[y, x] or bits.speckle
                confidence[y, x] = 0
            elif reason[y, x]:
                reason[y, x] = bits.interpolated
                confidence[y, x] = made_up
