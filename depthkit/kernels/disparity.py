"""From summed path costs to disparities: winner, second best, left-right agreement, sub-pixel place."""

from typing import NamedTuple

import numpy as np

from depthkit.kernels.census import GRADIENT_CAP
from depthkit.kernels.jit import inline, kernel

GRADIENT_WEIGHT = 2  # of gradient costs against path costs in the sub-pixel fit
TEXTURE = 4  # grey levels: where there is less contrast, that is why a disparity is not unique

u8 = np.uint8


@inline
def _least(costs):
    least = u8(255)
    for k in range(costs.size):
        least = min(least, costs[k])
    return least


@inline
def _first(costs, value):
    """Where `value` is first: as fast as vectors go, where a search that stops there would go one by one."""
    where = np.uint16(65535)
    for k in range(costs.size):
        where = min(where, np.uint16(k) if costs[k] == value else np.uint16(65535))
    return np.int64(where)


@kernel
def winners(total, min_disparity, lr_check, index, sums, second, agrees):
    """The best candidate of each pixel of a row, from its summed costs `total` (W, D).

    index: (W,) int16, the first candidate of least cost whose right pixel is in the image, -1 where there is none;
    sums: (W, 3) uint8, costs just before, at and after it, all the same where one of them is no candidate;
    second: (W,) uint8, least cost of the other candidates, 255 if there are none;
    agrees: (W,) bool, whether for its right pixel too a candidate at most lr_check aside is (among) the best.
    """
    width, num_disparities = total.shape
    right_least = np.full(width + num_disparities - 1, 255, np.uint8)
    for x in range(width):
        view = right_least[width - 1 - x : width - 1 - x + num_disparities]
        for k in range(num_disparities):
            view[k] = min(view[k], total[x, k])
    for x in range(width):
        low = max(0, x - min_disparity - (width - 1))
        high = min(num_disparities, x - min_disparity + 1)
        index[x] = -1
        if low >= high:
            continue
        costs = total[x]
        least = _least(costs[low:high])
        best = low + _first(costs[low:high], least)
        index[x] = best
        inside = low < best < high - 1
        sums[x, 0] = costs[best - 1] if inside else least
        sums[x, 1] = least
        sums[x, 2] = costs[best + 1] if inside else least
        second[x] = _second(costs[low:high], best - low)
        agrees[x] = _agrees(total, right_least[width - 1 - x + best], x, best, lr_check)


@inline
def _second(costs, best):
    """Least cost away from the best candidate and its neighbours."""
    first, last = max(best - 1, 0), min(best + 2, costs.size)
    aside = costs[first], costs[best], costs[last - 1]
    costs[first:last] = 255
    second = _least(costs)
    costs[first], costs[last - 1], costs[best] = aside[0], aside[2], aside[1]
    return second


@inline
def _agrees(total, right_least, x, best, lr_check):
    width, num_disparities = total.shape
    for step in range(-lr_check, lr_check + 1):
        if 0 <= x + step < width and 0 <= best + step < num_disparities and total[x + step, best + step] <= right_least:
            return True
    return False


@kernel
def subpixel(start, stop, found, left, right, min_disparity, num_disparities, refine, values):
    """Disparity in px, NaN where there is none: the vertex of a V through the sums at, before and after the winner.

    Census bits jump; gradients (H, W) uint8 do not. So the costs of gradients of the pixel and its neighbours in the
    row, where these are of the same surface, are added to the sums. Without `refine` disparities are whole numbers.
    """
    width = values.shape[1]
    ours, theirs = np.empty((3, width), np.int16), np.empty((3, width), np.int16)
    for y in range(start, stop):
        spans(left[y], ours)
        spans(right[y], theirs)
        for x in range(width):
            k = np.int64(found.index[y, x])
            offset = np.float32(0)
            if refine and 0 < k < num_disparities - 1 and 0 < x - min_disparity - k < width - 1:
                sums = found.sums[y, x]
                before, at, after = np.int64(sums[0]), np.int64(sums[1]), np.int64(sums[2])
                for u in range(max(x - 1, 0), min(x + 2, width)):
                    other = u - min_disparity - k
                    if 0 < other < width - 1 and abs(found.index[y, u] - k) <= 1:
                        before += GRADIENT_WEIGHT * _difference(ours, u, theirs, other + 1)
                        at += GRADIENT_WEIGHT * _difference(ours, u, theirs, other)
                        after += GRADIENT_WEIGHT * _difference(ours, u, theirs, other - 1)
                offset = _vertex(before - at, after - at)
            values[y, x] = np.float32(min_disparity + k) + offset if k >= 0 else np.float32(np.nan)


@kernel
def spans(row, out):
    """Values of a row (W,), and the least and the largest from half a pixel before to half a pixel after, as (3, W)."""
    for x in range(row.size):
        here = np.int64(row[x])
        before = (here + row[max(x - 1, 0)]) >> 1
        after = (here + row[min(x + 1, row.size - 1)]) >> 1
        out[0, x] = here
        out[1, x] = min(here, before, after)
        out[2, x] = max(here, before, after)


@inline
def _difference(ours, x, theirs, u):
    """Of two pixels' `spans`, insensitive to sampling (Birchfield and Tomasi 1998), cut at 63."""
    here = max(ours[0, x] - theirs[2, u], theirs[1, u] - ours[0, x], 0)
    there = max(theirs[0, u] - ours[2, x], ours[1, x] - theirs[0, u], 0)
    return min(here, there, GRADIENT_CAP)


@inline
def _vertex(before, after):
    """Where, in -0.5…0.5, a V with arms of the same slope has its vertex; heights above its middle sample."""
    steep = max(before, after)
    if steep <= 0:
        return np.float32(0)
    place = np.float32(before - after) / np.float32(2 * steep)
    return min(max(place, np.float32(-0.5)), np.float32(0.5))


class Bits(NamedTuple):
    """Bits of a reason mask (`depthkit.Reason`)."""

    border: int
    no_texture: int
    not_unique: int
    left_right: int
    speckle: int
    interpolated: int


@kernel
def judge(
    start, stop, found, grey, valid_left, valid_right, min_disparity, uniqueness, bits, values, reason, confidence
):
    """Reasons against the winners `found` (sgm.Winners), NaN for values with one, confidence for the others."""
    for y in range(start, stop):
        for x in range(values.shape[1]):
            index = np.int64(found.index[y, x])
            why = 0
            if index < 0 or not valid_left[y, x] or not valid_right[y, x - min_disparity - index]:
                why = bits.border
            else:
                least, second = np.int64(found.sums[y, x, 1]), np.int64(found.second[y, x])
                if second - least < uniqueness:
                    why = bits.no_texture if _contrast(grey, y, x) < TEXTURE else bits.not_unique
                if not found.agrees[y, x]:
                    why |= bits.left_right
                confidence[y, x] = np.float32(second - least) / np.float32(max(second, 1))
            reason[y, x] = why
            if why:
                values[y, x] = np.nan
                confidence[y, x] = 0


@inline
def _contrast(grey, y, x):
    """Range of grey levels in the 5×5 window around a pixel."""
    low, high = np.int64(255), np.int64(0)
    for v in range(max(y - 2, 0), min(y + 3, grey.shape[0])):
        for u in range(max(x - 2, 0), min(x + 3, grey.shape[1])):
            low = min(low, np.int64(grey[v, u]))
            high = max(high, np.int64(grey[v, u]))
    return high - low


@kernel
def settle(start, stop, values, reason, confidence, bits, made_up):
    """Bring reason and confidence in line with values that were dropped, filtered or filled in since `judge`.

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
