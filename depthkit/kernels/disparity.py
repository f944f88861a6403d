"""From winners to disparities: sub-pixel places, reasons against them, confidence."""

import numpy as np

from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import F32, U8, U16, Bits, Mask, Winners

TEXTURE = 4  # grey levels: where there is less contrast, that is why a disparity is not unique


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
