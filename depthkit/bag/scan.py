"""The index of a recording that has none, or a wrong one: found by reading through the whole file.

MCAP has no marks between its records, but the head of a chunk says its length twice and its content has a checksum,
so that a whole chunk is known when it is met, whatever the bytes around it are.
"""

import mmap
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mcap.data_stream import ReadDataStream
from mcap.reader import make_reader
from mcap.records import Channel, Chunk, McapRecord, Message, Metadata

from depthkit.bag import layout, unpacking
from depthkit.bag.chunks import parse
from depthkit.bag.container import (
    DAMAGE,
    Index,
    Place,
    check_summary,
    parse_rig,
    parse_version,
    undamaged,
)
from depthkit.bag.unpacking import RECORD
from depthkit.errors import BagError

# One that is not compressed says its size once more.
_CHUNK = re.compile(rb"\x06.{24}(.{8}).{4}(?:\x03\0{3}lz4|\x04\0{3}zstd|\0{4}(?=\1))", re.DOTALL)
_METADATA = re.compile(rb"\x0c.{8}\x08\0{3}" + layout.METADATA.encode(), re.DOTALL)
_CHUNK_HEAD = struct.Struct("<xQ28xI")  # its length and that of its compression's name, which follows
_RECORD_LENGTH = struct.Struct("<xQ")
_DATA_LENGTH = struct.Struct("<Q")
_CHUNK_FIELDS = 40  # bytes of a chunk besides that name and the data


@dataclass(frozen=True, slots=True)
class Scan:
    """What reading through a recording found: an index of its whole frames, and how many it once held, or began."""

    index: Index
    frames_begun: int


class _Found(NamedTuple):
    """Where a chunk starts and what it holds; None if it is cut off or damaged."""

    start: int
    chunk: Chunk | None


def scan(path: Path, file: BinaryIO) -> Scan:
    """Read through a recording. Raises BagError if its calibration is damaged or was not even written."""
    with undamaged(path), mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        metadata = _metadata(path, data)
        finder = _Finder(_topics_of_summary(file))
        for found in _chunks(data):
            finder.add(found)
        index = Index(
            version=parse_version(path, metadata),
            rig=parse_rig(metadata),
            topics=finder.topics,
            frames=[place for _, place in sorted(finder.frames.items())],
            ledger=None,
            finished=False,
        )
        return Scan(index, finder.begun)


class _Finder:
    """Joins chunks to frames: that of a frame's images comes just before that of its description."""

    def __init__(self, topics: dict[int, str]) -> None:
        self.topics = topics
        self.frames: dict[int, Place] = {}
        self.begun = 0
        self._images: tuple[int, int] | None = None  # the frame they are of, and where their chunk starts

    def add(self, found: _Found) -> None:
        """Take the next chunk of the file."""
        if found.chunk is None:
            # It belongs to the frame whose images were seen, or to one of which nothing else is left.
            self.begun = max(self.begun, len(self.frames) + 1)
            return
        records: list[McapRecord] = unpacking.records(found.chunk)
        self.topics |= {each.id: each.topic for each in records if isinstance(each, Channel)}
        messages = [each for each in records if isinstance(each, Message)]
        number = max(each.sequence for each in messages)
        self.begun = max(self.begun, number + 1)
        if all(self.topics.get(each.channel_id) != layout.FRAME_TOPIC for each in messages):
            self._images = number, found.start
        elif number not in self.frames:
            frame, start = self._images or (None, None)
            own = start if frame == number else None
            self.frames[number] = Place(found.start, own, messages[0].log_time)


def _chunks(data: mmap.mmap) -> Iterator[_Found]:
    """Every chunk in the file, in order."""
    at = 0
    while match := _CHUNK.search(data, at):
        end = _end_of_chunk(data, match)
        chunk = _whole_chunk(memoryview(data[match.start() + RECORD.size : end])) if end else None
        yield _Found(match.start(), chunk)
        at = end if end and chunk else match.start() + 1


def _end_of_chunk(data: mmap.mmap, head: re.Match[bytes]) -> int | None:
    """Where a chunk ends, if its two lengths agree and lie inside the file."""
    length, name_length = _CHUNK_HEAD.unpack_from(data, head.start())
    end: int = head.start() + RECORD.size + length
    if end > len(data) or head.end() + _DATA_LENGTH.size > len(data):
        return None
    (data_length,) = _DATA_LENGTH.unpack_from(data, head.end())
    return end if length == _CHUNK_FIELDS + name_length + data_length else None


def _whole_chunk(content: memoryview) -> Chunk | None:
    """The chunk in these bytes, if its checksum is right and there are messages in it."""
    with suppress(*DAMAGE):
        chunk = parse(content)
        if any(isinstance(each, Message) for each in unpacking.records(chunk)):
            return chunk
    return None


def _metadata(path: Path, data: mmap.mmap) -> dict[str, str]:
    match = _METADATA.search(data)
    if match is None:
        raise BagError(f"{path} is cut off before its first frame, or was not recorded by depthkit: nothing to save")
    (length,) = _RECORD_LENGTH.unpack_from(data, match.start())
    start = match.start() + RECORD.size
    metadata: dict[str, str] = Metadata.read(ReadDataStream(BytesIO(data[start : start + length]))).metadata
    return metadata


def _topics_of_summary(file: BinaryIO) -> dict[int, str]:
    """Topics by channel from the end of a finished file, in case that they are damaged where they were first named."""
    with suppress(*DAMAGE):
        check_summary(file)
        file.seek(0)
        summary = make_reader(file).get_summary()
        return {each.id: each.topic for each in summary.channels.values()} if summary else {}
    return {}
