"""Chunks of an MCAP file in parts that are written one after the other, so that pixels are not copied to one place.

They are made on any thread, checksum and compression included; `depthkit.bag.mcap_file` puts them in a file. The mcap
library's own writer does all of it on the thread that writes, and compresses what does not shrink as well.
"""

import itertools
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import lz4.frame
import mcap.records
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import ChunkIndex, McapRecord, MessageIndex

from depthkit.bag.ros import Message
from depthkit.bag.unpacking import MESSAGE, RECORD

_CHUNK = struct.Struct("<QQQII")  # first and last log time, bytes, checksum, length of the compression's name
_LENGTH = struct.Struct("<Q")

_SAMPLED = 2**14  # bytes: enough for some rows of an image
_EVERY = 2**18  # bytes
_WORTH_IT = 0.9  # of its size


class Moment(NamedTuple):
    """The stamps, in ns, and the number that all messages of a frame have."""

    log_time: int
    publish_time: int
    sequence: int


class Record(NamedTuple):
    """A message as it lies in a chunk."""

    channel: int
    log_time: int
    parts: tuple[memoryview, ...]

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(part.nbytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk, ready to be written: `parts` are its bytes, `size` those of what is in it.

    records: its messages; message_indexes: the records that follow it in a file, and say where each message lies.
    """

    records: tuple[Record, ...]
    message_indexes: tuple[bytes, ...]
    parts: tuple[memoryview, ...]
    size: int
    compression: str
    compressed_size: int

    @property
    def channels(self) -> list[int]:
        """Of its messages, each once."""
        return [*dict.fromkeys(each.channel for each in self.records)]

    def index(self, start: int) -> ChunkIndex:
        """Its entry in the index of a file in which it starts there."""
        length = sum(part.nbytes for part in self.parts)
        *places, end = itertools.accumulate(map(len, self.message_indexes), initial=start + length)
        return ChunkIndex(
            chunk_start_offset=start,
            chunk_length=length,
            message_start_time=self.records[0].log_time,
            message_end_time=self.records[0].log_time,
            message_index_offsets=dict(zip(self.channels, places, strict=True)),
            message_index_length=end - start - length,
            compression=self.compression,
            compressed_size=self.compressed_size,
            uncompressed_size=self.size,
        )


def record(channel: int, message: Message, moment: Moment) -> Record:
    """A message of a channel as a record."""
    head = RECORD.pack(Opcode.MESSAGE, MESSAGE.size + message.size)
    head += MESSAGE.pack(channel, moment.sequence, moment.log_time, moment.publish_time)
    return Record(channel, moment.log_time, (memoryview(head), *message.parts))


def pack(records: Sequence[Record], declarations: bytes = b"") -> Chunk:
    """A chunk of at least one message, all of one moment, behind declarations of channels.

    It is compressed if a sample says that this saves a tenth: noise of images does not shrink, nor does what is
    compressed already.
    """
    stamp = records[0].log_time
    parts = (memoryview(declarations), *(part for each in records for part in each.parts))
    *places, size = itertools.accumulate((each.size for each in records), initial=len(declarations))
    indexes: dict[int, MessageIndex] = {}
    for each, at in zip(records, places, strict=True):
        indexes.setdefault(each.channel, MessageIndex(each.channel, [])).records.append((stamp, at))
    compression, data = _compressed(parts)
    compressed_size = sum(part.nbytes for part in data)
    head = _CHUNK.pack(stamp, stamp, size, _checksum(parts), len(compression))
    head += compression.encode() + _LENGTH.pack(compressed_size)
    head = RECORD.pack(Opcode.CHUNK, len(head) + compressed_size) + head
    return Chunk(
        records=tuple(records),
        message_indexes=tuple(encoded([each]) for each in indexes.values()),
        parts=(memoryview(head), *data),
        size=size,
        compression=compression,
        compressed_size=compressed_size,
    )


def parse(content: memoryview) -> mcap.records.Chunk:
    """What a record of a chunk holds, as the mcap library has it, whose data are not copied.

    Raises struct.error or ValueError for other bytes.
    """
    first, last, size, checksum, named = _CHUNK.unpack_from(content)
    at = _CHUNK.size + named
    (compressed_size,) = _LENGTH.unpack_from(content, at)
    return mcap.records.Chunk(
        compression=str(content[_CHUNK.size : at], "ascii"),
        data=content[at + _LENGTH.size :][:compressed_size],  # type: ignore[arg-type]  # any buffer will do
        message_start_time=first,
        message_end_time=last,
        uncompressed_size=size,
        uncompressed_crc=checksum,
    )


def encoded(records: Iterable[McapRecord]) -> bytes:
    """The bytes of other records."""
    builder = RecordBuilder()
    for each in records:
        each.write(builder)
    data: bytes = builder.end()  # type: ignore[no-untyped-call]
    return data


def _checksum(parts: Iterable[memoryview]) -> int:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return checksum


def _compressed(parts: tuple[memoryview, ...]) -> tuple[str, tuple[memoryview, ...]]:
    """The compression's name and the bytes under it; no name and the parts themselves if it is of no use.

    LZ4 leaves most of a core to others, and Zstandard's files are only a tenth smaller.
    """
    sample = b"".join(part[at : at + _SAMPLED] for part in parts for at in range(0, part.nbytes, _EVERY))
    if len(lz4.frame.compress(sample)) > _WORTH_IT * len(sample):
        return "", parts
    return "lz4", (memoryview(lz4.frame.compress(b"".join(parts))),)
