"""What speaks against winners, and what became of the others in the filters."""

import numpy as np

from depthkit.kernels.confidence import trust, work
from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import F32, I16, U8, U16, Bits, Mask, Winners

TEXTURE = 4  # grey levels: where there is less contrast, that is why a disparity is not unique
REACH = 2  # px around a pixel in which contrast is measured
MOVED = 1.0  # px, most by which the median may move a disparity that stays a measured one

u8, i16, u16, f32 = np.uint8, np.int16, np.uint16, np.float32


@kernel
def judge(
    start: int,
    stop: int,
    found: Winners,
    grey: U8,
    valid: tuple[Mask, Mask],
    min_disparity: int,
    uniqueness: int,
    paths: np.float32,
    bits: Bits,
    values: F32,
    reason: U16,
    confidence: F32,
) -> None:
    """Reasons against winners, and confidence in the others.

    grey: left image (H, W); valid: (H, W) pixels of the left and of the right image that show anything; paths: how
    many whole ones are in the sums; values: (H, W) disparities, of which those with a reason against them are lost.
    """
    width = reason.shape[1]
    seen, textured = np.empty(width, np.bool_), np.empty(width, np.bool_)
    rows = work(width)
    for y in range(start, stop):
        see(found.best[y], valid[0][y], valid[1][y], min_disparity, seen)
        find_texture(y, grey, textured)
        least = found.sums[y, 1]
        give_reasons(least, found.second[y], found.agrees[y], seen, textured, uniqueness, bits, reason[y])
        trust(least, found.second[y], grey[y], reason[y], paths, rows, confidence[y])
        lose(reason[y], values[y])


@kernel
def see(best: I16, left: Mask, right: Mask, min_disparity: int, seen: Mask) -> None:
    """Whether both pixels of a match show anything, for a row of winners (W,)."""
    hidden = 0
    for x in range(best.size):
        seen[x] = (best[x] >= 0) & left[x]
        hidden += not right[x]
    if hidden:
        for x in range(best.size):
            seen[x] &= right[min(max(x - min_disparity - best[x], 0), best.size - 1)]


@kernel
def find_texture(y: int, grey: U8, textured: Mask) -> None:
    """Whether there is contrast in the 5×5 window around each pixel (W,) of row y of an image (H, W)."""
    height, width = grey.shape
    a, b, c = grey[max(y - 2, 0)], grey[max(y - 1, 0)], grey[y]
    d, e = grey[min(y + 1, height - 1)], grey[min(y + 2, height - 1)]
    extremes = np.empty((2, width + 2 * REACH), np.uint8)
    low, high = extremes[0, REACH : REACH + width], extremes[1, REACH : REACH + width]
    for x in range(width):
        low[x] = min(min(min(a[x], b[x]), min(c[x], d[x])), e[x])
        high[x] = max(max(max(a[x], b[x]), max(c[x], d[x])), e[x])
    for i in range(REACH):
        extremes[0, i], extremes[0, width + REACH + i] = low[0], low[width - 1]
        extremes[1, i], extremes[1, width + REACH + i] = high[0], high[width - 1]
    compare_extremes(extremes[0], extremes[1], textured)


@kernel
def compare_extremes(low: U8, high: U8, textured: Mask) -> None:
    """Whether there is contrast between the least and the most of five columns each (W + 4,)."""
    low1, low2, low3, low4 = low[1:], low[2:], low[3:], low[4:]
    high1, high2, high3, high4 = high[1:], high[2:], high[3:], high[4:]
    for x in range(textured.size):
        least = min(min(min(low[x], low1[x]), min(low2[x], low3[x])), low4[x])
        most = max(max(max(high[x], high1[x]), max(high2[x], high3[x])), high4[x])
        textured[x] = u8(most - least) >= u8(TEXTURE)


@kernel
def give_reasons(
    least: U8, second: U8, agrees: Mask, seen: Mask, textured: Mask, uniqueness: int, bits: Bits, reason: U16
) -> None:
    """Reasons (W,) against winners of a row, whose costs are `least`."""
    margin, nothing, border, one_sided = i16(uniqueness), u16(0), u16(bits.border), u16(bits.left_right)
    ambiguous, plain = u16(bits.not_unique), u16(bits.no_texture)
    for x in range(reason.size):
        unique = i16(i16(second[x]) - i16(least[x])) >= margin
        why = nothing if unique else ambiguous if textured[x] else plain
        why = u16(why | (nothing if agrees[x] else one_sided))
        reason[x] = why if seen[x] else border


@kernel
def lose(reason: U16, values: F32) -> None:
    """Of values (W,) with a reason against them, none is left."""
    for x in range(values.size):
        values[x] = values[x] if reason[x] == 0 else f32(np.nan)


@kernel
def settle(
    start: int, stop: int, judged: F32, values: F32, reason: U16, confidence: F32, bits: Bits, made_up: np.float32
) -> None:
    """Bring reason and confidence in line with values that were filtered or filled in since they were `judged`.

    All are (H, W); only columns start…stop are looked at.

    What had a reason and has a value now is interpolated, with confidence `made_up`; but nothing is made up at the
    border. So is what the filter moved far, or gave back to a speckle: it is its neighbours' value, and no longer what
    was measured. What had no reason and lost its value is speckle.
    """
    border, speckle, interpolated = u16(bits.border), u16(bits.speckle), u16(bits.interpolated)
    for y in range(values.shape[0]):
        before, value = judged[y, start:stop], values[y, start:stop]
        why, trusted = reason[y, start:stop], confidence[y, start:stop]
        for x in range(value.size):
            old, here, trust_in = why[x], value[x], trusted[x]  # chosen between rather than branched to: quicker
            outside, lost = (old & border) != 0, here != here
            replaced = (old != 0) | (not abs(here - before[x]) <= f32(MOVED))  # so it is where there was none before
            given = old if old != 0 else speckle
            new = given if lost else interpolated if replaced else old
            sure = f32(0) if lost else made_up if replaced else trust_in
            why[x] = old if outside else new
            trusted[x] = trust_in if outside else sure
            value[x] = f32(np.nan) if outside else here
