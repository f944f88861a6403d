"""What the bytes of an image file say of it before it is decoded: its size, and whether it is whole.

OpenCV decodes what it can of damaged files, and takes the memory they ask for: a kilobyte may claim a gigapixel.
"""

import re
import struct
import zlib
from collections.abc import Callable

from depthkit.errors import InputError

MAX_PIXELS = 2**26
"""Pixels of the largest image that is decoded: 67 megapixels."""

_PNM = re.compile(rb"P[1-6](?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s")
_SIZES_OF_JPEG = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_WIDTH, _HEIGHT = 256, 257  # tags of TIFF


def check(data: bytes, name: str) -> None:
    """Raise InputError, calling it `name`, for what is no image file, is cut off, or has too many pixels."""
    reader = next((reader for start, reader in _READERS.items() if re.match(start, data, re.DOTALL)), None)
    if reader is None:
        raise InputError(f"{name} is not an image that can be read (PNG, JPEG, TIFF, BMP, WebP, PGM, PPM)")
    try:
        width, height = reader(data)
    except (struct.error, IndexError, KeyError, AttributeError, ValueError) as error:
        raise InputError(f"{name} is a damaged image or cut short: use another copy of it") from error
    if not 0 < width * height <= MAX_PIXELS:
        raise InputError(f"{name} claims to be {width}×{height} px: at most {MAX_PIXELS} pixels can be read")


def _png(data: bytes) -> tuple[int, int]:
    """Every part has a checksum."""
    at, kind = 8, b""
    while kind != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 8 + length
        if zlib.crc32(memoryview(data)[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise ValueError("wrong checksum")
        at = end + 4
    return struct.unpack_from(">II", data, 16)


def _jpeg(data: bytes) -> tuple[int, int]:
    """The frame's header comes after segments that say how long they are; a whole file has its end marked."""
    at = 2
    while data[at + 1] not in _SIZES_OF_JPEG:
        if data[at] != 0xFF:
            raise ValueError("no segment")
        at += 1 if data[at + 1] == 0xFF else 2 + struct.unpack_from(">H", data, at + 2)[0]
    data.rindex(b"\xff\xd9", at)
    height, width = struct.unpack_from(">HH", data, at + 5)
    return width, height


def _pnm(data: bytes) -> tuple[int, int]:
    width, height = _PNM.match(data).groups()  # type: ignore[union-attr]
    return int(width), int(height)


def _bmp(data: bytes) -> tuple[int, int]:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", data, 18)
    return width, abs(height)


def _tiff(data: bytes) -> tuple[int, int]:
    """Of the first directory of entries: tag, type (3: 16 bits, 4: 32 bits), count and value."""
    order = "<" if data[0] == ord("I") else ">"
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    values = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f"{order}HH", data, entry)
        if tag in (_WIDTH, _HEIGHT):
            (values[tag],) = struct.unpack_from(order + {3: "H", 4: "I"}[kind], data, entry + 8)
    return values[_WIDTH], values[_HEIGHT]


def _webp(data: bytes) -> tuple[int, int]:
    """One of three kinds of chunk comes first."""
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


_READERS: dict[bytes, Callable[[bytes], tuple[int, int]]] = {
    rb"\x89PNG\r\n\x1a\n": _png,
    rb"\xff\xd8\xff": _jpeg,
    rb"P[1-6]": _pnm,
    rb"BM": _bmp,
    rb"II\*\0|MM\0\*": _tiff,
    rb"RIFF.{4}WEBP": _webp,
}
"""By how such files begin."""
