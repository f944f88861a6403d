"""Images at half their size, and disparities back at the full one.

Half-size pixel i covers the pixels 2i and 2i + 1, so its centre is at 2i + 0.5: pixel 2i is a quarter of a half-size
pixel before it, pixel 2i + 1 a quarter after it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.census import Deep, extend
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32, I32, U8, U16

ONE_SURFACE = np.float32(1)  # half-size px between disparities of one surface, at most

u8, u32, i32, f32 = np.uint8, np.uint32, np.int32, np.float32

Four = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]
"""The same of the half-size pixels around each of a row: of the one that covers it, beside, above or below, aslant."""


class Measured(NamedTuple):
    """An image (H, W), and the disparities, reasons and confidence of its pixels."""

    image: Deep | I32
    values: F32
    reason: U16
    confidence: F32


@kernel
def halve(start: int, stop: int, image: Deep, out: Deep) -> None:
    """Means of 2×2 pixels, rounded, for rows start…stop of out (H, W); image: at least (2H, 2W)."""
    for y in range(start, stop):
        above, below, row = image[2 * y], image[2 * y + 1], out[y]
        for x in range(row.size):
            first, second = u32(above[2 * x]) + u32(below[2 * x]), u32(above[2 * x + 1]) + u32(below[2 * x + 1])
            row[x] = (first + second + u32(2)) >> u32(2)


@kernel
def enlarge(start: int, stop: int, half: Measured, full: Measured) -> None:
    """Rows start…stop of the full-size disparities, reasons and confidence, from the half-size ones.

    A pixel has a value if the half-size pixel that covers it has one. Of the four half-size pixels around it, the one
    whose grey is most alike, of equals the nearest, tells the surface: reason and confidence are its own, the value is
    interpolated between those of the four that are of one surface with it and have the same reason.
    """
    height, width = half.values.shape
    near, far, out = _line(width + 3), _line(width + 3), _line(width + 1)
    for y in range(start, stop):
        here, beside = y >> 1, (y >> 1) + 2 * (y & 1) - 1
        _take(half, min(here, height - 1), near)
        _take(half, min(max(beside, 0), height - 1), far)
        for odd in range(2):  # the columns before the centres of the pixels that cover them, and after
            place(full.image[y, odd:], near, far, 2 * odd, out)
            _scatter(out, odd, full.values[y], full.reason[y], full.confidence[y])


@kernel
def _line(size: int) -> Measured:
    """Memory for a row of pixels."""
    zeros = np.zeros(size, np.float32)
    return Measured(np.zeros(size, np.int32), zeros, np.zeros(size, np.uint16), zeros.copy())


@kernel
def _take(half: Measured, y: int, line: Measured) -> None:
    """Row y (W,) with both its ends repeated once, and one more pixel that stays as it is (W + 3,)."""
    extend(half.image[y], 1, line.image)
    extend(half.values[y], 1, line.values)
    extend(half.reason[y], 1, line.reason)
    extend(half.confidence[y], 1, line.confidence)


@kernel
def place(grey: Deep, near: Measured, far: Measured, side: int, out: Measured) -> None:
    """Every other pixel of a row of greys into out (W + 1,), from two half-size rows (W + 3,), as `_take` gives them.

    near covers the pixels, far is the one beside it; side: 0 for the pixels before the centres of near's, 2 after.
    """
    every_other(grey, out.image)
    values = near.values[1:], near.values[side:], far.values[1:], far.values[side:]
    reasons = near.reason[1:], near.reason[side:], far.reason[1:], far.reason[side:]
    greys = near.image[1:], near.image[side:], far.image[1:], far.image[side:]
    which = np.empty(out.image.size, np.uint8)
    most_alike(out.image, greys, values, which)
    pick(which, values, out.values)
    pick(which, reasons, out.reason)
    pick(
        which, (near.confidence[1:], near.confidence[side:], far.confidence[1:], far.confidence[side:]), out.confidence
    )
    blend(values, reasons, out.reason, out.values)


@kernel
def every_other(row: Deep, out: I32) -> None:
    """Pixels 0, 2, … of a row."""
    for i in range((row.size + 1) >> 1):
        out[i] = row[2 * i]


@kernel
def most_alike(grey: I32, greys: Four, values: Four, which: U8) -> None:
    """Number of the known one of four whose grey is nearest, the first of equals; 0 if the first has no value."""
    a, b, c, d = greys
    first, second, third, fourth = values
    for i in range(which.size):
        here = grey[i]
        least, best = i32(abs(i32(a[i] - here))), u8(0)
        least, best = _nearer(i32(abs(i32(b[i] - here))), second[i], u8(1), least, best)
        least, best = _nearer(i32(abs(i32(c[i] - here))), third[i], u8(2), least, best)
        least, best = _nearer(i32(abs(i32(d[i] - here))), fourth[i], u8(3), least, best)
        which[i] = best if first[i] == first[i] else u8(0)


@inline
def _nearer(
    apart: np.int32, value: np.float32, number: np.uint8, least: np.int32, best: np.uint8
) -> tuple[np.int32, np.uint8]:
    better = (apart < least) & (value == value)
    return apart if better else least, number if better else best


@kernel
def pick(which: U8, four: Four, out: NDArray[Any]) -> None:
    """Each time the one of four that `which` says."""
    a, b, c, d = four
    for i in range(which.size):
        low = b[i] if which[i] == 1 else a[i]
        high = d[i] if which[i] == 3 else c[i]
        out[i] = high if which[i] >= 2 else low


@kernel
def blend(values: Four, reasons: Four, why: U16, out: F32) -> None:
    """Interpolate between those of four that are of one surface with `out` and have its reason, and double the value.

    The first of them is a quarter of a half-size pixel away either way, the last three quarters.
    """
    a, b, c, d = values
    why_a, why_b, why_c, why_d = reasons
    for i in range(out.size):
        best, reason = out[i], why[i]
        wa, wb = _weight(a[i], why_a[i], best, reason, f32(9)), _weight(b[i], why_b[i], best, reason, f32(3))
        wc, wd = _weight(c[i], why_c[i], best, reason, f32(3)), _weight(d[i], why_d[i], best, reason, f32(1))
        total = _share(wa, a[i]) + _share(wb, b[i]) + _share(wc, c[i]) + _share(wd, d[i])
        weights = max(wa + wb + wc + wd, f32(1))  # NaN is of one surface with nothing
        out[i] = f32(2) * (total / weights) if best == best else f32(np.nan)


@inline
def _weight(value: np.float32, why: np.uint16, best: np.float32, reason: np.uint16, most: np.float32) -> np.float32:
    """What a value counts: `most` if it is of one surface with the best, else nothing."""
    return most if (abs(value - best) <= ONE_SURFACE) & (why == reason) else f32(0)


@inline
def _share(weight: np.float32, value: np.float32) -> np.float32:
    """Weight times value, of which NaN weighs nothing."""
    return weight * value if weight > f32(0) else f32(0)


@kernel
def _scatter(line: Measured, odd: int, values: F32, reason: U16, confidence: F32) -> None:
    """Every other pixel of a row, as `line` has them."""
    found, why, sure = line.values, line.reason, line.confidence
    for i in range((values.size + 1 - odd) >> 1):
        values[2 * i + odd], reason[2 * i + odd], confidence[2 * i + odd] = found[i], why[i], sure[i]
