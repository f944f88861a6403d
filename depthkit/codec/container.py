"""What surrounds a compressed depth image: 20 bytes that say how to read it, and how to tell that it is whole.

| bytes | field | |
|---|---|---|
| 4 | magic | `DKDC` |
| 1 | version | 1 |
| 1 | mode | 1 rvl, 2 fast, 3 cm |
| 2 | flags | bit 0: predicted from the frame before |
| 2, 2 | width, height | px |
| 4 | length | bytes of payload, which is all that follows |
| 4 | checksum | CRC-32 of the 16 bytes above and of the decoded pixels |

All numbers are little-endian.
"""

import struct
import zlib
from dataclasses import dataclass

from depthkit.arrays import U16
from depthkit.errors import CodecError

MAX_PIXELS = (1 << 24) - 1
"""Pixels of the largest image that is coded. Decoding takes up to 16 bytes a pixel and 4 MB, whatever the data say."""

MAGIC, VERSION = b"DKDC", 1
_FIELDS = struct.Struct("<4sBBHHHI")
_CHECKSUM = struct.Struct("<I")
HEADER_BYTES = _FIELDS.size + _CHECKSUM.size


@dataclass(frozen=True, slots=True)
class Header:
    """The header of one frame, but for its checksum; `mode` is the number of the mode."""

    mode: int
    predicted: bool
    height: int
    width: int
    length: int

    @property
    def fields(self) -> bytes:
        """All that the checksum covers besides the pixels."""
        return _FIELDS.pack(MAGIC, VERSION, self.mode, self.predicted, self.width, self.height, self.length)


def pack(header: Header, depth: U16, payload: bytes) -> bytes:
    """The whole frame; `depth` is what decoding the payload gives."""
    return header.fields + _CHECKSUM.pack(checksum(header, depth)) + payload


def unpack(data: bytes) -> tuple[Header, int, bytes]:
    """Header, checksum and payload; CodecError unless the header makes sense and the payload is all there."""
    if len(data) < HEADER_BYTES or not data.startswith(MAGIC):
        raise CodecError("not a compressed depth image, or the beginning of one is missing")
    _, version, mode, flags, width, height, length = _FIELDS.unpack_from(data)
    if version != VERSION:
        raise CodecError(f"compressed depth of version {version} cannot be read by this depthkit: update it")
    if flags > 1:
        raise CodecError("the header of a compressed depth image is damaged")
    if not 0 < width * height <= MAX_PIXELS:
        raise CodecError(f"a compressed depth image of {width}×{height} px is damaged, or too large to be decoded")
    if len(data) != HEADER_BYTES + length:
        raise CodecError(
            f"a compressed depth image has {len(data) - HEADER_BYTES} bytes of {length}: it was cut or joined"
        )
    (crc,) = _CHECKSUM.unpack_from(data, _FIELDS.size)
    return Header(mode, flags == 1, height, width, length), crc, data[HEADER_BYTES:]


def checksum(header: Header, depth: U16) -> int:
    """CRC-32 of the header and of the pixels, row by row, low byte first."""
    return zlib.crc32(depth.astype("<u2", copy=False).data, zlib.crc32(header.fields))
