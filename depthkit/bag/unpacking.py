"""Unpacking chunks of recordings, which may lie about their size, into no more memory than is said beforehand."""

import bz2
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import lz4.frame
import zstandard
from mcap.opcode import Opcode
from mcap.records import Chunk, McapRecord
from mcap.stream_reader import breakup_chunk

MOST = 2**28
"""Bytes that a chunk may hold unpacked: a frame of four cameras of 20 megapixels in colour."""

RECORD = struct.Struct("<BQ")
"""What a record begins with: kind, length of what follows."""
MESSAGE = struct.Struct("<HIQQ")
"""What a message has before its data: channel, sequence, log time, publish time."""
_LZ4_RATIO = 255  # a byte of LZ4 stands for no more


def unpack(data: bytes, compression: str, most: int = MOST) -> bytes:
    """What was packed as "lz4", "zstd" or "bz2"; ValueError if it is damaged or more than `most` bytes."""
    if compression not in _UNPACK:
        raise ValueError(f"compression {compression!r} is not known")
    try:
        unpacked = _UNPACK[compression](data, most + 1)
    except (zstandard.ZstdError, RuntimeError, OSError, EOFError) as error:
        raise ValueError(f"packed data are damaged: {error}") from error
    if len(unpacked) > most:
        raise ValueError(f"packed data hold more than the {most} bytes that they may")
    return unpacked


def _lz4(data: bytes, most: int) -> bytes:
    room = min(most, _LZ4_RATIO * len(data))
    unpacked: bytes = lz4.frame.LZ4FrameDecompressor().decompress(data, max_length=room)
    return unpacked


def _zstd(data: bytes, most: int) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(data).read(most)


def _bz2(data: bytes, most: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(data, most)


class StoredMessage(NamedTuple):
    """A message of a chunk, whose memory it shares."""

    channel: int
    sequence: int
    data: memoryview


_UNPACK: dict[str, Callable[[bytes, int], bytes]] = {"lz4": _lz4, "zstd": _zstd, "bz2": _bz2}
"""How at most so many bytes are unpacked."""


def records(chunk: Chunk) -> list[McapRecord]:
    """What is in a chunk; ValueError if it is damaged."""
    return breakup_chunk(plain(chunk))


def messages(chunk: Chunk) -> list[StoredMessage]:
    """The messages in a chunk; ValueError if it is damaged."""
    data = memoryview(plain(chunk).data)
    return [_message(data[start:stop]) for kind, start, stop in _records(data) if kind == Opcode.MESSAGE]


def plain(chunk: Chunk) -> Chunk:
    """The same chunk, not packed; ValueError if it is damaged, not as large as it says, or larger than can be read."""
    if chunk.uncompressed_size > MOST:
        raise ValueError(f"a chunk claims to hold {chunk.uncompressed_size} bytes: at most {MOST} can be read")
    data = unpack(chunk.data, chunk.compression, chunk.uncompressed_size) if chunk.compression else chunk.data
    if len(data) != chunk.uncompressed_size:
        raise ValueError(f"a chunk has {len(data)} bytes of {chunk.uncompressed_size}")
    if chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc:
        raise ValueError("a chunk does not match its checksum")
    for _ in _records(data):  # whose lengths are checked on the way
        pass
    return replace(chunk, compression="", data=data)


def _records(data: bytes | memoryview) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of the content of each record; ValueError where they do not follow each other to the end.

    Zeros, which would be millions of them, are none.
    """
    at = 0
    while at < len(data):
        kind, length = RECORD.unpack_from(data, at)
        if kind == 0:
            raise ValueError("a chunk holds zeros instead of records")
        start, at = at + RECORD.size, at + RECORD.size + length
        yield kind, start, at
    if at > len(data):
        raise ValueError("the last record of a chunk runs past its end")


def _message(content: memoryview) -> StoredMessage:
    channel, sequence, _, _ = MESSAGE.unpack_from(content)
    return StoredMessage(channel, sequence, content[MESSAGE.size :])
