"""From summed path costs of a row to its disparities, and what speaks against them, by the rules of OpenCV's SGBM."""

from typing import NamedTuple

import numpy as np

from depthkit.kernels.block_types import BlockSetting, Found
from depthkit.kernels.disparity import find_texture
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32, I32, U8, U16, Bits, Mask
from depthkit.kernels.winners import first_of, least_of

SHIFT = 4
STEPS = 1 << SHIFT  # of sub-pixel places a px
NONE = 65536  # more than any cost

u16 = np.uint16


class Best(NamedTuple):
    """The best candidate of each pixel of a row; each (W',).

    candidate: the first of least cost; offset: in steps, to where a parabola through its cost and those beside it has
    its vertex; least: its cost; second: the least of all but it and those beside it, NONE if there are no others.
    """

    candidate: I32
    offset: I32
    least: I32
    second: I32


@kernel
def choose(y: int, total: U16, grey: U8, setting: BlockSetting, bits: Bits, found: Found) -> None:
    """Fill row y of `found` from the row's summed path costs `total` (W', D); grey: the left image (H, W)."""
    rows = np.empty((4, total.shape[0]), np.int32)
    best = Best(rows[0], rows[1], rows[2], rows[3])
    pick(total, best)
    valid = found.valid[0][y], found.valid[1][y]
    judge(y, best, grey, setting, bits, valid, found.reason[y], found.confidence[y])
    place(best, setting, bits, found.values[y], found.reason[y], found.confidence[y])


@kernel
def pick(total: U16, best: Best) -> None:
    """Fill `best` from total (W', D)."""
    candidates, offsets, lowest, seconds = best
    num_disparities = total.shape[1]
    for i in range(total.shape[0]):
        costs = total[i]
        least = least_of(costs)
        k = first_of(costs, least)
        lowest[i], candidates[i] = least, k
        first, last = max(k - 1, 0), min(k + 2, num_disparities)
        before, after = costs[first], costs[last - 1]
        costs[first], costs[k], costs[last - 1] = u16(65535), u16(65535), u16(65535)
        seconds[i] = least_of(costs) if last - first < num_disparities else NONE
        costs[first], costs[last - 1], costs[k] = before, after, least
        offsets[i] = _offset(np.int64(before), np.int64(least), np.int64(after)) if last - first == 3 else 0


@inline
def _offset(before: int, at: int, after: int) -> np.int64:
    curvature = max(before + after - 2 * at, 1)
    return np.int64(((before - after) * STEPS + curvature) / (2 * curvature))


@kernel
def judge(
    y: int,
    best: Best,
    grey: U8,
    setting: BlockSetting,
    bits: Bits,
    valid: tuple[Mask, Mask],
    reason: U16,
    confidence: F32,
) -> None:
    """Reasons (W,) against the best candidates of row y, and confidence (W,): 1 - best / second best.

    valid: (W,) of both images; a candidate is unique if its cost is less than all others' by uniqueness_ratio percent.
    """
    candidates, _, lowest, seconds = best
    of_left, of_right = valid
    needed = 100 - setting.uniqueness_ratio
    textured = np.empty(reason.size, np.bool_)
    find_texture(y, grey, textured)
    for i in range(lowest.size):
        x, least, second = setting.first + i, np.int64(lowest[i]), np.int64(seconds[i])
        why = 0
        if not of_left[x] or not of_right[x - setting.min_disparity - candidates[i]]:
            why = bits.border
        elif second * needed < least * 100:
            why = bits.not_unique if textured[x] else bits.no_texture
        reason[x] = why
        confidence[x] = np.float32(second - least) / np.float32(max(second, np.int64(1)))


@kernel
def place(best: Best, setting: BlockSetting, bits: Bits, values: F32, reason: U16, confidence: F32) -> None:
    """Disparities (W,) of a row where there is no reason against them, after the left-right check.

    Of pixels that match the same right one, it belongs to the cheapest. If both right pixels next to where a pixel's
    match is belong to others, and their disparities differ from its own by more than lr_check, it is dropped.
    """
    candidates, offsets, lowest, _ = best
    # Right pixels are counted from 1, with one outside the image on either side.
    cost, owner = np.full(reason.size + 2, NONE, np.int32), np.empty(reason.size + 2, np.int32)
    for i in range(lowest.size - 1, -1, -1):
        x, disparity = setting.first + i, setting.min_disparity + candidates[i]
        if reason[x] == 0 and lowest[i] < cost[x - disparity + 1]:
            cost[x - disparity + 1], owner[x - disparity + 1] = lowest[i], disparity
    for i in range(lowest.size):
        x, steps = setting.first + i, STEPS * (setting.min_disparity + candidates[i]) + offsets[i]
        if reason[x] == 0 and setting.lr_check >= 0:
            below, above = steps >> SHIFT, (steps + STEPS - 1) >> SHIFT
            one, other = x - below + 1, x - above + 1
            if max(cost[one], cost[other]) < NONE and (
                min(abs(owner[one] - below), abs(owner[other] - above)) > setting.lr_check
            ):
                reason[x] = bits.left_right
        if reason[x] == 0:
            values[x] = np.float32(steps) / np.float32(STEPS)
        else:
            confidence[x] = 0
