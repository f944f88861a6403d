"""The matching costs of `costs`, bit for bit, all candidates of a pixel at a time."""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels import simd
from depthkit.kernels.census import GRADIENT, PLANES
from depthkit.kernels.costs import EDGE, GRADIENT_MOST
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U8
from depthkit.kernels.simd import Blocks, Bytes

Words = NDArray[np.uint32]

u8 = np.uint8


@kernel
def in_words(row: U8, out: Words) -> None:
    """Each byte of a flat array, four times over, as `simd.spread` takes it."""
    for i in range(row.size):
        out[i] = np.uint32(row[i]) * np.uint32(0x01010101)


@kernel
def in_phases(planes: U8, width: int, min_disparity: int, phases: U8, blocks: Blocks) -> None:
    """Features of the right row in order of disparity, as `costs.reverse` has them, but every n-th byte together.

    planes: flat (7·W); phases: flat (7·n·size), byte j of a plane's order being number j // n of its phase j % n, and
    the last byte repeated to the end.
    """
    n = len(blocks)
    size = phases.size // (PLANES * n)
    for plane in range(PLANES):
        row, start = plane * width, plane * n * size
        for i in range(0, size, simd.BLOCK):
            first = width - min_disparity - (i + simd.BLOCK) * n
            if first >= 0 and first + n * simd.BLOCK <= width:
                simd.deal_backwards(planes, row + first, phases, start + i, size, blocks)
            else:  # some of these columns are outside the image
                for j in range(i * n, (i + simd.BLOCK) * n):
                    column = min(max(width - 1 - min_disparity - j, 0), width - 1)
                    phases[start + (j % n) * size + j // n] = planes[row + column]


@inline
def alike(a: np.uint8, b: np.uint8) -> np.bool_:
    """Whether two grey levels are of one surface, so that costs are smoothed across them."""
    return abs(np.int32(a) - np.int32(b)) <= EDGE


@inline
def _bits(plane: int, x: int, width: int, left: Words, right: U8, size: int, blocks: Blocks) -> Bytes:
    """Census bits of one plane that differ, and are stable in both views."""
    start = width - 1 - x
    bits = simd.spread(left, plane * width + x, blocks)
    stable = simd.spread(left, (plane + 3) * width + x, blocks)
    theirs = simd.candidates(right, plane * size, size, start, blocks)
    differ = simd.differing(bits, theirs)
    also_stable = simd.candidates(right, (plane + 3) * size, size, start, blocks)
    return simd.count_bits(simd.common(simd.common(differ, stable), also_stable))


@inline
def raw(x: int, width: int, left: Words, right: U8, size: int, blocks: Blocks) -> Bytes:
    """Costs of pixel x before smoothing; left: (7·W), right: as `in_phases` gives it, flat, `size` bytes a plane."""
    bits = simd.add(_bits(0, x, width, left, right, size, blocks), _bits(1, x, width, left, right, size, blocks))
    bits = simd.add(bits, _bits(2, x, width, left, right, size, blocks))
    ours = simd.spread(left, GRADIENT * width + x, blocks)
    theirs = simd.candidates(right, GRADIENT * size, size, width - 1 - x, blocks)
    slope = simd.subtract(simd.largest_of(ours, theirs), simd.least_of(ours, theirs))
    slope = simd.least_of(slope, simd.splat(u8(GRADIENT_MOST), blocks))
    return simd.add(bits, simd.average(slope, simd.splat(u8(0), blocks)))


@kernel
def smoothed_along(left: Words, right: U8, grey: U8, out: U8, blocks: Blocks) -> None:
    """`costs.raw_costs` and `costs.smooth_along` of a row, into out, flat (W·D). left, right: as for `raw`."""
    width, lanes, size = grey.size, simd.BLOCK * len(blocks), right.size // PLANES
    here = raw(0, width, left, right, size, blocks)
    behind = here
    for x in range(width):
        ahead = raw(min(x + 1, width - 1), width, left, right, size, blocks)
        before, after = here, here
        if x > 0 and alike(grey[x - 1], grey[x]):
            before = behind
        if x < width - 1 and alike(grey[x + 1], grey[x]):
            after = ahead
        simd.store(out, x * lanes, simd.average(simd.average(before, after), here))
        behind, here = here, ahead


@inline
def smoothed_across(here: Bytes, above: Bytes, below: Bytes, beyond: Bytes) -> Bytes:
    """`costs.smooth_across` of a pixel; `beyond`: 255 where there is no candidate."""
    return simd.either(simd.average(simd.average(above, below), here), beyond)
