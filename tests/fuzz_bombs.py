"""A few thousand bytes that unpack to a gigabyte."""

import bz2
from functools import cache
from typing import Any

import lz4.frame
import zstandard

BOMBS_HOLD = (2**27, 2**30)
"""Bytes that a few thousand ones unpack to: what may be unpacked, and what may not."""


@cache
def bomb(kind: str, holds: int) -> bytes:
    """Zeros, packed piece by piece."""
    pieces = (bytes(2**20) for _ in range(holds // 2**20))
    packer: Any
    if kind == "lz4":
        packer = lz4.frame.LZ4FrameCompressor()
        return bytes(packer.begin() + b"".join(map(packer.compress, pieces)) + packer.flush())
    packer = zstandard.ZstdCompressor().compressobj() if kind == "zstd" else bz2.BZ2Compressor()
    return b"".join(map(packer.compress, pieces)) + bytes(packer.flush())
