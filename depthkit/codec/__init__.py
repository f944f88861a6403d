"""Lossless compression of 16-bit depth images.

    data = codec.encode(depth)         # (H, W) uint16, 0 unknown
    depth = codec.decode(data)         # the same, bit for bit

| mode | what it does | for |
|---|---|---|
| `rvl` | run lengths and differences (Wilson 2017); the payload is that of ROS's compressedDepth | speed |
| `fast` | ranks of the values present, RVL, Zstandard | recording |

docs/codec.md has the format, sizes and speeds.
"""

from types import ModuleType
from typing import Literal, get_args

from depthkit.arrays import U16, readonly, require
from depthkit.codec import container, fast, rvl
from depthkit.codec.container import MAX_PIXELS, Header
from depthkit.errors import CodecError, InputError

Mode = Literal["rvl", "fast"]
_CODERS: dict[int, ModuleType] = {1: rvl, 2: fast}
_NUMBERS: dict[Mode, int] = {"rvl": 1, "fast": 2}


def encode(depth: U16, mode: Mode = "fast") -> bytes:
    """Compress a depth image (H, W) uint16, 0 where unknown, so that `decode` gives it back bit for bit.

    Raises InputError for an array of another kind, an empty one, or one of more than MAX_PIXELS or a side above 65535.
    """
    if mode not in get_args(Mode):
        raise InputError(f"no mode {mode!r}: choose one of {', '.join(get_args(Mode))}")
    require("depth", depth, "uint16", (None, None), "images.quantize makes uint16 of metres")
    if not 0 < depth.size <= MAX_PIXELS or max(depth.shape) > 65535:
        raise InputError(f"depth of shape {depth.shape} cannot be coded: 1 to {MAX_PIXELS} pixels can, sides to 65535")
    depth = readonly(depth)
    number = _NUMBERS[mode]
    payload = _CODERS[number].encode(depth)
    return container.pack(Header(number, False, depth.shape[0], depth.shape[1], len(payload)), depth, payload)


def decode(data: bytes) -> U16:
    """The depth image (H, W) uint16 that `encode` was given.

    Raises CodecError for data that are damaged in whatever way; memory stays below the bound at MAX_PIXELS.
    """
    header, crc, payload = container.unpack(bytes(data))
    if header.mode not in _CODERS:
        raise CodecError(f"compressed depth of mode {header.mode} is damaged, or from a newer depthkit: update it")
    depth: U16 = _CODERS[header.mode].decode(payload, (header.height, header.width))
    if container.checksum(header, depth) != crc:
        raise CodecError("a compressed depth image is damaged: its checksum is wrong")
    return depth
