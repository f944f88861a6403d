"""The matching costs of `costs`, bit for bit, all candidates of a pixel at a time."""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels import simd
from depthkit.kernels.census import GRADIENT
from depthkit.kernels.costs import EDGE, GRADIENT_MOST
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U8
from depthkit.kernels.simd import Blocks, Bytes

Words = NDArray[np.uint32]

u8, u32 = np.uint8, np.uint32

FOURFOLD = 0x01010101  # a byte times this is that byte in each quarter of a word


@kernel
def in_words(row: U8, out: Words) -> None:
    """Each byte of a flat array, four times over, as `simd.spread` takes it."""
    for i in range(row.size):
        out[i] = u32(row[i]) * u32(FOURFOLD)


@kernel
def in_phases(planes: U8, width: int, min_disparity: int, size: int, phases: U8, blocks: Blocks) -> None:
    """Features of the right row in order of disparity, as `costs.reverse` has them, but every n-th byte together.

    planes: flat (planes·W); phases: flat ((planes + 1)·size), byte j of a plane's order being number j // n of its
    phase j % n, and the first and the last column repeated to both ends; the last `size` bytes are work memory.
    """
    n, count = len(blocks), planes.size // width
    stride = size // n
    columns = phases[count * size :]
    for plane in range(count):
        lengthen(planes[plane * width : (plane + 1) * width], width - min_disparity - size, columns)
        for i in range(0, stride, simd.BLOCK):
            simd.deal_backwards(columns, size - (i + simd.BLOCK) * n, phases, plane * size + i, stride, blocks)


@kernel
def lengthen(row: U8, first: int, out: U8) -> None:
    """Columns first, first + 1, … of a row, whose ends are repeated on either side."""
    begin = min(max(-first, 0), out.size)
    end = min(max(row.size - first, begin), out.size)
    before, inside, after = out[:begin], out[begin:end], out[end:]
    source = row[first + begin : first + end]
    for i in range(before.size):
        before[i] = row[0]
    for i in range(inside.size):
        inside[i] = source[i]
    for i in range(after.size):
        after[i] = row[row.size - 1]


@kernel
def mark_alike(grey: U8, other: U8, out: Words) -> None:
    """All ones where two rows (n,) of grey levels are of one surface, so that costs are smoothed across, else zero."""
    for x in range(out.size):
        difference = u8(max(grey[x], other[x]) - min(grey[x], other[x]))
        out[x] = u32(0xFFFFFFFF) if difference <= u8(EDGE) else u32(0)


@inline
def _differing(plane: int, x: int, width: int, left: Words, right: U8, size: int, blocks: Blocks) -> Bytes:
    """Bits of one plane that differ between left pixel x and each candidate."""
    ours = simd.spread(left, plane * width + x, blocks)
    return simd.differing(ours, simd.candidates(right, plane * size, size, width - 1 - x, blocks))


@inline
def _stable_bits(plane: int, x: int, width: int, left: Words, right: U8, size: int, blocks: Blocks) -> Bytes:
    """How many of the bits of one plane differ, and are stable in both views."""
    stable = simd.spread(left, (plane + 3) * width + x, blocks)
    also_stable = simd.candidates(right, (plane + 3) * size, size, width - 1 - x, blocks)
    differing = _differing(plane, x, width, left, right, size, blocks)
    return simd.count_bits(simd.common(simd.common(differing, stable), also_stable))


@inline
def census_costs(x: int, width: int, left: Words, right: U8, size: int, blocks: Blocks) -> Bytes:
    """How many of the census bits of pixel x differ, stable or not; arguments as for `raw`, but of three planes."""
    bits = simd.count_bits(_differing(0, x, width, left, right, size, blocks))
    bits = simd.add(bits, simd.count_bits(_differing(1, x, width, left, right, size, blocks)))
    return simd.add(bits, simd.count_bits(_differing(2, x, width, left, right, size, blocks)))


@inline
def raw(x: int, width: int, left: Words, right: U8, size: int, blocks: Blocks) -> Bytes:
    """Costs of pixel x before smoothing; left: (7·W), right: as `in_phases` gives it, flat, `size` bytes a plane."""
    bits = _stable_bits(0, x, width, left, right, size, blocks)
    bits = simd.add(bits, _stable_bits(1, x, width, left, right, size, blocks))
    bits = simd.add(bits, _stable_bits(2, x, width, left, right, size, blocks))
    ours = simd.spread(left, GRADIENT * width + x, blocks)
    theirs = simd.candidates(right, GRADIENT * size, size, width - 1 - x, blocks)
    slope = simd.subtract(simd.largest_of(ours, theirs), simd.least_of(ours, theirs))
    slope = simd.least_of(slope, simd.splat(u8(GRADIENT_MOST), blocks))
    return simd.average(simd.add(bits, bits), slope)  # half the slope rounded up, in one step less


@kernel
def smoothed_along(left: Words, right: U8, size: int, alike: Words, out: U8, blocks: Blocks) -> None:
    """`costs.raw_costs` and `costs.smooth_along` of a row, into out, flat (W·D).

    left, right, size: as for `raw`; alike: (W + 1,), whether a pixel is like the one before it, zero at both ends.
    """
    width, lanes = alike.size - 1, simd.BLOCK * len(blocks)
    here = raw(0, width, left, right, size, blocks)
    behind = here
    for x in range(width):
        ahead = raw(min(x + 1, width - 1), width, left, right, size, blocks)
        before = simd.where(simd.spread(alike, x, blocks), behind, here)
        after = simd.where(simd.spread(alike, x + 1, blocks), ahead, here)
        simd.store(out, x * lanes, simd.average(simd.average(before, after), here))
        behind, here = here, ahead
