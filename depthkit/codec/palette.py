"""Ranks: a depth camera gives few of the 65535 values, and counting only those makes neighbours differ by little.

Structured light and stereo measure in steps of disparity, so at some metres two depths that follow each other lie
centimetres apart. The rank of a value is its place among all values present; unknown, 0, keeps rank 0.
"""

import numpy as np

from depthkit import kernels
from depthkit.arrays import U16, readonly
from depthkit.errors import CodecError

_VALUES = 1 << 16


def values_of(depth: U16) -> U16:
    """Values present in an image, but for 0, in order."""
    seen = np.zeros(_VALUES, np.uint8)
    kernels.palette.mark(readonly(depth.reshape(-1)), seen)
    return (np.flatnonzero(seen[1:]) + 1).astype(np.uint16)


def to_ranks(depth: U16, palette: U16) -> U16:
    """Rank of each pixel, 1 for the least of the palette; of a value it lacks, the rank next above or the last."""
    if not palette.size:
        return np.zeros_like(depth)
    ranks = np.searchsorted(palette, np.arange(_VALUES)) + 1
    table = np.minimum(ranks, palette.size).astype(np.uint16)
    table[0] = 0
    return look_up(depth, table)


def from_ranks(ranks: U16, palette: U16) -> U16:
    """The inverse of `to_ranks`, in the place of the ranks; CodecError for a rank that the palette does not have."""
    if int(ranks.max()) > palette.size:
        raise CodecError("a compressed depth image is damaged: it names values it does not list")
    table = np.zeros(_VALUES, np.uint16)
    table[1 : palette.size + 1] = palette
    flat = ranks.reshape(-1)
    kernels.palette.look_up(readonly(flat), readonly(table), flat)
    return ranks


def pack(palette: U16) -> bytes:
    """The number of values, and their distances, as 16-bit numbers."""
    steps = np.diff(palette, prepend=np.uint16(0))
    return np.concatenate([[palette.size], steps]).astype("<u2").tobytes()


def unpack(data: bytes) -> tuple[U16, bytes]:
    """The palette, and the data that follow it; CodecError if it is not whole."""
    count = int.from_bytes(data[:2], "little")
    end = 2 + 2 * count
    steps = np.frombuffer(data[2:end], "<u2") if len(data) >= max(end, 2) else None
    if steps is None or not steps.all() or int(steps.sum(dtype=np.int64)) >= _VALUES:
        raise CodecError("a compressed depth image is damaged: its list of values makes no sense")
    return np.cumsum(steps, dtype=np.uint16), data[end:]


def look_up(image: U16, table: U16) -> U16:
    """table[v] (65536,) for each value v of an image (H, W)."""
    out = np.empty(image.shape, np.uint16)
    kernels.palette.look_up(readonly(image.reshape(-1)), readonly(table), out.reshape(-1))
    return out
