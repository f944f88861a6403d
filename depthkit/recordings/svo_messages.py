"""What a message with a picture of an SVO2 recording holds.

It is two 32-bit sizes (of all that follows the first, and of the coded picture), the coded picture, H.264 or H.265 in
Annex B form, and a tail with the time it was taken at and, again, its size. Stereolabs has not published the layout:
open-svo2 (radarml.github.io/open-svo2/format) found it out.
"""

import re
import struct

_SIZES = struct.Struct("<II")
_TAIL = struct.Struct("<24xQI")
"""The stamp in ns and the size of the coded picture, behind six other numbers."""

_NAL = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)
"""The first byte of a NAL unit, which tells its type."""


def coded(message: bytes) -> bytes | None:
    """The coded picture; None if it is not whole."""
    if len(message) < _SIZES.size:
        return None
    rest, size = _SIZES.unpack_from(message)
    whole = len(message) == rest + 4 and _SIZES.size + size <= len(message)
    return message[_SIZES.size : _SIZES.size + size] if whole else None


def stamp_ns(message: bytes) -> int | None:
    """When the device took the picture; None for a tail that is not as known."""
    picture = coded(message)
    if picture is None or len(message) < _SIZES.size + len(picture) + _TAIL.size:
        return None
    stamp, size = _TAIL.unpack_from(message, _SIZES.size + len(picture))
    return int(stamp) if size == len(picture) else None


def codec(picture: bytes) -> str | None:
    """FFmpeg's name of the codec, told by the parameter sets before a key; None without them."""
    for nal in _NAL.finditer(picture):
        header = nal[1][0]
        if header & 0x1F == 7:  # a sequence parameter set of H.264
            return "h264"
        if header >> 1 in (32, 33):  # a video or sequence parameter set of H.265
            return "hevc"
    return None


def is_key(picture: bytes, codec: str) -> bool:
    """Whether decoding can begin at a picture: an IDR picture of H.264, one of H.265's random access points."""
    for nal in _NAL.finditer(picture):
        header = nal[1][0]
        if codec == "h264" and 1 <= header & 0x1F <= 5:
            return header & 0x1F == 5
        if codec == "hevc" and header >> 1 < 32:
            return 16 <= header >> 1 <= 21
    return False
