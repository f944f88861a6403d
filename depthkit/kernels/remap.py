"""Bilinear resampling by a fixed-point table: for each output pixel an offset into the source and four weights.

`windows[offset]` is the 2×2 window of the source whose top-left pixel has that index: two unaligned loads, one a row.
The weights are the bytes of a uint32, from the lowest: top left, top right, bottom left, bottom right. They sum to
255, or to 0 for a pixel without a source. Tables and outputs are cut into blocks of equal length, which are the rows
of these kernels. Loads, arithmetic and stores are separate loops over a block so that LLVM vectorises the arithmetic.
"""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline, kernel

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

_8, _16, _24 = np.uint32(8), np.uint32(16), np.uint32(24)
_BYTE, _TWO_BYTES, _THREE_BYTES = np.uint32(0xFF), np.uint32(0xFFFF), np.uint32(0xFFFFFF)
_EVEN = np.uint32(0x00FF00FF)  # every other byte: two 16-bit lanes in which bytes can be weighted and summed
_HALF, _HALVES = np.uint32(0x80), np.uint32(0x00800080)
_127, _255 = np.uint32(127), np.uint32(255)
_PIXEL_BITS = np.uint64(24)


@kernel
def grey8(start: int, stop: int, windows: U16, offsets: U32, weights: U32, out: U8) -> None:
    """windows (N, 2) uint16 pairs of pixels; offsets, weights (blocks, B) uint32; out (blocks, B) uint8."""
    length = offsets.shape[1]
    quads = np.empty(length, np.uint32)
    for block in range(start, stop):
        for i in range(length):
            at = offsets[block, i]
            quads[i] = np.uint32(windows[at, 0]) | (np.uint32(windows[at, 1]) << _16)
        for i in range(length):
            q, w = quads[i], weights[block, i]
            top = np.uint32((q & _BYTE) * (w & _BYTE) + ((q >> _8) & _BYTE) * ((w >> _8) & _BYTE))
            bottom = np.uint32(((q >> _16) & _BYTE) * ((w >> _16) & _BYTE) + (q >> _24) * (w >> _24))
            total = np.uint32(top + bottom + _HALF)
            out[block, i] = np.uint8(np.uint32(total + (total >> _8)) >> _8)


@kernel
def grey16(start: int, stop: int, windows: U32, offsets: U32, weights: U32, out: U16) -> None:
    """windows (N, 2) uint32 pairs of pixels; offsets, weights (blocks, B) uint32; out (blocks, B) uint16."""
    length = offsets.shape[1]
    tops, bottoms = np.empty(length, np.uint32), np.empty(length, np.uint32)
    for block in range(start, stop):
        for i in range(length):
            at = offsets[block, i]
            tops[i] = windows[at, 0]
            bottoms[i] = windows[at, 1]
        for i in range(length):
            t, b, w = tops[i], bottoms[i], weights[block, i]
            top = np.uint32((t & _TWO_BYTES) * (w & _BYTE) + (t >> _16) * ((w >> _8) & _BYTE))
            bottom = np.uint32((b & _TWO_BYTES) * ((w >> _16) & _BYTE) + (b >> _16) * (w >> _24))
            out[block, i] = np.uint16(np.uint32(top + bottom + _127) // _255)


@kernel
def rgb8(start: int, stop: int, windows: U64, offsets: U32, weights: U32, out: U32) -> None:
    """windows (N, 2) uint64: two RGB pixels and two bytes more; offsets, weights (blocks, B) uint32.

    out: (blocks, 3 B / 4) uint32, the bytes of B RGB pixels; B is a multiple of 4.
    """
    length = offsets.shape[1]
    tops, bottoms = np.empty(length, np.uint64), np.empty(length, np.uint64)
    pixels = np.empty(length, np.uint32)
    for block in range(start, stop):
        for i in range(length):
            at = offsets[block, i]
            tops[i] = windows[at, 0]
            bottoms[i] = windows[at, 1]
        for i in range(length):
            t, b = tops[i], bottoms[i]
            right_top, right_bottom = np.uint32(t >> _PIXEL_BITS), np.uint32(b >> _PIXEL_BITS)
            pixels[i] = _blend(np.uint32(t), right_top, np.uint32(b), right_bottom, weights[block, i])
        for i in range(length // 4):
            p, q, r, s = pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2], pixels[4 * i + 3]
            out[block, 3 * i] = (p & _THREE_BYTES) | (q << _24)
            out[block, 3 * i + 1] = ((q >> _8) & _TWO_BYTES) | (r << _16)
            out[block, 3 * i + 2] = ((r >> _16) & _BYTE) | (s << _8)


@inline
def _blend(a: np.uint32, b: np.uint32, c: np.uint32, d: np.uint32, weights: np.uint32) -> np.uint32:
    """Weighted mean of each byte of four uint32."""
    even = _weighted(a & _EVEN, b & _EVEN, c & _EVEN, d & _EVEN, weights)
    odd = _weighted((a >> _8) & _EVEN, (b >> _8) & _EVEN, (c >> _8) & _EVEN, (d >> _8) & _EVEN, weights)
    return np.uint32(((even >> _8) & _EVEN) | (odd & ~_EVEN))


@inline
def _weighted(a: np.uint32, b: np.uint32, c: np.uint32, d: np.uint32, weights: np.uint32) -> np.uint32:
    """The rounded weighted mean of bytes in 16-bit lanes, in the upper byte of each lane."""
    top = np.uint32(a * (weights & _BYTE) + b * ((weights >> _8) & _BYTE))
    bottom = np.uint32(c * ((weights >> _16) & _BYTE) + d * (weights >> _24))
    total = np.uint32(top + bottom + _HALVES)
    # With 128 added, x + x / 256 in the upper byte is x / 255 rounded, without a division.
    return np.uint32(total + ((total >> _8) & _EVEN))
