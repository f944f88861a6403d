"""Sub-pixel places of winners: the vertex of a V through costs at three candidates.

Rows are worked on in passes, each a loop that runs as vectors; only `fetch` goes from pixel to pixel.
"""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.census import extend
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32, I16, I32, U8, Winners

DIFFERENCE_MOST = 126  # of doubled gradients
REACH = 3  # px to either side of the right pixel that differences at the candidates around it depend on

U32 = NDArray[np.uint32]
u8, i16, i32, u32, f32 = np.uint8, np.int16, np.int32, np.uint32, np.float32


@kernel
def subpixel(
    start: int, stop: int, found: Winners, left: U8, right: U8, num_disparities: int, min_disparity: int, values: F32
) -> None:
    """Disparities (H, W) in px, NaN where there is none: each the vertex of a V through the sums at three candidates.

    Census bits jump; gradients (H, W) do not. So the costs of gradients of the pixel and of its neighbours in the
    row, where these are of the same surface, are added to the sums.
    """
    width = values.shape[1]
    ours, theirs = np.empty(width + 2, np.uint8), np.empty(width + 2 * REACH, np.uint8)
    spans, quads = np.empty((3, width), np.uint8), np.empty((3, width + REACH), np.uint32)
    other = np.empty(width, np.int32)
    near, differences = np.empty((7, width), np.uint8), np.empty((5, width), np.uint8)
    rises = np.empty((2, width), np.int16)
    for y in range(start, stop):
        best = found.best[y]
        extend(left[y], 1, ours)
        extend(right[y], REACH, theirs)
        span(ours, spans)
        pack(theirs, quads[0])
        fetch(best, min_disparity, quads, other)
        unpack(quads[1], quads[2], near)
        differ(spans, near, differences)
        rise(found.sums[y], differences, rises)
        for first in range(2):
            rise_with(first, best, other, differences, rises)
        find_vertices(best, other, rises, num_disparities, min_disparity, values[y])


@kernel
def subpixel_of_sums(
    start: int, stop: int, found: Winners, num_disparities: int, min_disparity: int, values: F32
) -> None:
    """As `subpixel`, from the sums alone."""
    width = values.shape[1]
    other, rises, none = np.empty(width, np.int32), np.empty((2, width), np.int16), np.zeros((5, width), np.uint8)
    for y in range(start, stop):
        best = found.best[y]
        for x in range(width):
            other[x] = i32(x - min_disparity - best[x])
        rise(found.sums[y], none, rises)
        find_vertices(best, other, rises, num_disparities, min_disparity, values[y])


@kernel
def span(row: U8, out: U8) -> None:
    """Twice the values of a row (W + 2,), and the least and largest from half a pixel before to half a pixel after."""
    before, here, after = row[:-2], row[1:-1], row[2:]
    for x in range(out.shape[1]):
        out[0, x], out[1, x], out[2, x] = _span(before[x], here[x], after[x])


@inline
def _span(before: np.uint8, here: np.uint8, after: np.uint8) -> tuple[np.uint8, np.uint8, np.uint8]:
    twice, one, other = u8(here + here), u8(before + here), u8(here + after)
    return twice, min(twice, min(one, other)), max(twice, max(one, other))


@kernel
def pack(row: U8, out: U32) -> None:
    """Four bytes of a row (n,) from each place on, the first the lowest, as one number; out: (n - 3,)."""
    second, third, fourth = row[1:], row[2:], row[3:]
    for x in range(out.size):
        low, high = u32(row[x]) | u32(second[x]) << u32(8), u32(third[x]) | u32(fourth[x]) << u32(8)
        out[x] = u32(low | high << u32(16))


@kernel
def fetch(best: I16, min_disparity: int, quads: U32, other: I32) -> None:
    """Right pixels of winners, other (W,), and the bytes from three pixels before to three after them.

    quads: (3, W + 3), the right row as `pack` gives it; the first, and the last four of those bytes.
    """
    width = best.size
    for x in range(width):
        place = x - min_disparity - best[x]
        inside = min(max(place, 0), width - 1)
        other[x] = place
        quads[1, x] = quads[0, inside]
        quads[2, x] = quads[0, inside + REACH]


@kernel
def unpack(first: U32, last: U32, near: U8) -> None:
    """The seven pixels around right ones, (7, W), from what `fetch` gives."""
    for x in range(near.shape[1]):
        near[0, x], near[1, x] = u8(first[x]), u8(first[x] >> u32(8))
        near[2, x], near[3, x] = u8(first[x] >> u32(16)), u8(last[x])
        near[4, x], near[5, x] = u8(last[x] >> u32(8)), u8(last[x] >> u32(16))
        near[6, x] = u8(last[x] >> u32(24))


@kernel
def differ(spans: U8, near: U8, out: U8) -> None:
    """Differences (5, W) of the left pixel's gradients, given as spans (3, W), and the five right ones around."""
    for x in range(out.shape[1]):
        ours = spans[0, x], spans[1, x], spans[2, x]
        a, b, c, d, e, f, g = near[0, x], near[1, x], near[2, x], near[3, x], near[4, x], near[5, x], near[6, x]
        out[0, x] = _difference(ours, _span(a, b, c))
        out[1, x] = _difference(ours, _span(b, c, d))
        out[2, x] = _difference(ours, _span(c, d, e))
        out[3, x] = _difference(ours, _span(d, e, f))
        out[4, x] = _difference(ours, _span(e, f, g))


@inline
def _difference(ours: tuple[np.uint8, ...], theirs: tuple[np.uint8, ...]) -> np.uint8:
    """Of two pixels' spans, insensitive to sampling (Birchfield and Tomasi 1998), and cut."""
    here = max(_above(ours[0], theirs[2]), _above(theirs[1], ours[0]))
    there = max(_above(theirs[0], ours[2]), _above(ours[1], theirs[0]))
    return min(min(here, there), u8(DIFFERENCE_MOST))


@inline
def _above(a: np.uint8, b: np.uint8) -> np.uint8:
    return u8(max(a, b) - b)


@kernel
def rise(sums: U8, differences: U8, rises: I16) -> None:
    """By how much costs (3, W) of the sums and the pixel itself rise to the candidate before, and to that after."""
    for x in range(rises.shape[1]):
        at = i16(i16(sums[1, x]) + i16(differences[2, x]))
        rises[0, x] = i16(i16(i16(sums[0, x]) + i16(differences[3, x])) - at)
        rises[1, x] = i16(i16(i16(sums[2, x]) + i16(differences[1, x])) - at)


@kernel
def rise_with(first: int, best: I16, other: I32, differences: U8, rises: I16) -> None:
    """Add by how much costs of neighbours rise if their winners differ by at most one candidate.

    Of the pixels from 0 on the neighbours are those after them, of those from 1 on those before them. Only where right
    pixels beside these neighbours' are in the image.
    """
    n, beside = best.size - 1, 1 - first
    ours, theirs, place = best[first : first + n], best[beside : beside + n], other[first : first + n]
    d0, d1 = differences[0, beside : beside + n], differences[1, beside : beside + n]
    d2, d3 = differences[2, beside : beside + n], differences[3, beside : beside + n]
    d4 = differences[4, beside : beside + n]
    before, after = rises[0, first : first + n], rises[1, first : first + n]
    low, high, zero = i32(first), i32(n - beside), i16(0)
    for x in range(n):
        inside, shift = (low < place[x]) & (place[x] < high), i16(ours[x] - theirs[x])
        same, one, back = inside & (shift == 0), inside & (shift == 1), inside & (shift == -1)
        # Steps of the neighbour's differences from each candidate to the next.
        s0, s1 = i16(i16(d1[x]) - i16(d0[x])), i16(i16(d2[x]) - i16(d1[x]))
        s2, s3 = i16(i16(d3[x]) - i16(d2[x])), i16(i16(d4[x]) - i16(d3[x]))
        before[x] += (s2 if same else zero) + (s1 if one else zero) + (s3 if back else zero)
        after[x] -= (s1 if same else zero) + (s0 if one else zero) + (s2 if back else zero)


@kernel
def find_vertices(best: I16, other: I32, rises: I16, num_disparities: int, min_disparity: int, values: F32) -> None:
    """Disparities (W,): where, in -0.5…0.5 from the winner, a V with arms of the same slope has its vertex."""
    last, lowest, end = i16(num_disparities - 1), i32(min_disparity), i32(best.size - 1)
    for x in range(best.size):
        before, after = i32(rises[0, x]), i32(rises[1, x])
        steep = max(before, after)
        offset = f32(i32(before - after)) / f32(i32(2 * max(steep, i32(1))))
        offset = min(max(offset, f32(-0.5)), f32(0.5))
        fits = (best[x] > 0) & (best[x] < last) & (other[x] > 0) & (other[x] < end) & (steep > 0)
        value = f32(i32(lowest + best[x])) + (offset if fits else f32(0))
        values[x] = value if best[x] >= 0 else f32(np.nan)
