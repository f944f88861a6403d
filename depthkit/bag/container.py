"""The MCAP file under a recording: its index, and single chunks by their place. Nothing else is read."""

import contextlib
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Chunk, ChunkIndex
from mcap.summary import Summary
from mcap.writer import MCAP0_MAGIC
from rosbags.serde import SerdeError

from depthkit.bag import layout
from depthkit.bag.chunks import parse
from depthkit.bag.ledger import read_ledger
from depthkit.bag.unpacking import MOST, RECORD
from depthkit.cameras import Rig
from depthkit.errors import BagError, DepthkitError, reason

_FOOTER = struct.Struct("<BQQQI")  # opcode, length, where the summary and its offsets start, checksum

DAMAGE = (
    McapError, SerdeError, DepthkitError, struct.error,
    ValueError, LookupError, TypeError, AttributeError, RuntimeError, MemoryError, OverflowError, OSError,
)  # fmt: skip
"""What the libraries underneath raise for bytes that make no sense."""


class Place(NamedTuple):
    """Where a frame's chunks start in the file, without images None for theirs, and its stamp on the host's clock."""

    record: int
    images: int | None
    stamp_ns: int


@dataclass(frozen=True, slots=True)
class Index:
    """What a recording says about itself before any frame is read."""

    version: int
    rig: Rig
    topics: dict[int, str]
    """By channel."""
    frames: list[Place]
    ledger: dict[str, Any] | None
    """Of `Ledger.to_dict`."""
    finished: bool
    """Whether it was read from the file; else the file had none, and the frames were searched for."""


def read_index(path: Path, file: BinaryIO) -> Index:
    """The index at the end of a finished recording; BagError if it is not one, or damaged."""
    with undamaged(path):
        check_summary(file)
        file.seek(0)
        reader = make_reader(file)
        summary = reader.get_summary()
        if summary is None:
            raise ValueError("it has no index")
        records = {each.name: each.metadata for each in reader.iter_metadata()}
        metadata = _own_metadata(path, records, summary)
        return Index(
            version=parse_version(path, metadata),
            rig=parse_rig(metadata),
            topics={channel.id: channel.topic for channel in summary.channels.values()},
            frames=_places(path, summary),
            ledger=_ledger(records),
            finished=True,
        )


def read_chunk(file: BinaryIO, start: int) -> Chunk:
    """The chunk that starts there, as it is in the file; ValueError if it is cut off or too large."""
    file.seek(start)
    _, length = RECORD.unpack(file.read(RECORD.size))
    if length > MOST:
        raise ValueError(f"a chunk claims to have {length} bytes: at most {MOST} can be read")
    return parse(memoryview(file.read(length)))


@contextlib.contextmanager
def undamaged(path: Path, part: str = "") -> Iterator[None]:
    """Turn what goes wrong inside damaged bytes into a BagError that says where."""
    try:
        yield
    except BagError:
        raise
    except DAMAGE as error:
        raise BagError(
            f"{path} is damaged{part} ({reason(error)}): "
            "use another copy of it, or save its whole frames with 'depthkit repair'"
        ) from error


def is_finished(path: Path, file: BinaryIO) -> bool:
    """Whether the file ends as a whole recording does; BagError if it is no MCAP file at all."""
    size = len(MCAP0_MAGIC)
    file.seek(0)
    if file.read(size) != MCAP0_MAGIC:
        raise BagError(f"{path} is not an MCAP recording")
    file.seek(max(file.seek(0, 2) - size, size))
    return file.read(size) == MCAP0_MAGIC


def check_summary(file: BinaryIO) -> None:
    """Compare the index with its checksum, which the mcap library leaves to us; 0 means that it has none."""
    end = file.seek(-_FOOTER.size - len(MCAP0_MAGIC), 2) + _FOOTER.size - 4
    *_, start, _, checksum = _FOOTER.unpack(file.read(_FOOTER.size))
    file.seek(start)
    if checksum and zlib.crc32(file.read(end - start)) != checksum:
        raise ValueError("its index does not match its checksum")


def _own_metadata(path: Path, records: dict[str, dict[str, str]], summary: Summary) -> dict[str, str]:
    """The record that makes it a recording of ours."""
    found = records.get(layout.METADATA)
    if found is None:
        topics = ", ".join(sorted(channel.topic for channel in summary.channels.values())) or "none"
        raise BagError(
            f"{path} was not recorded by depthkit (its topics: {topics}); "
            "open it with depthkit.recordings.open_recording"
        )
    return found


def parse_version(path: Path, metadata: dict[str, str]) -> int:
    """The format of a recording; BagError if it is newer than what can be read."""
    version = int(metadata["format"])
    if version > layout.VERSION:
        raise BagError(f"{path} has format {version}, this depthkit reads {layout.VERSION}: upgrade depthkit")
    return version


def parse_rig(metadata: dict[str, str]) -> Rig:
    """The calibration of a recording; raises one of DAMAGE if it does not match its checksum."""
    return Rig.from_dict(json.loads(layout.checked_text(metadata, "rig")))


def _ledger(records: dict[str, dict[str, str]]) -> dict[str, Any] | None:
    if layout.LEDGER not in records:
        return None
    return read_ledger(json.loads(layout.checked_text(records[layout.LEDGER], "ledger")))


def _places(path: Path, summary: Summary) -> list[Place]:
    channels = {each.id for each in summary.channels.values() if each.topic == layout.FRAME_TOPIC}
    places, images = [], None
    for chunk in sorted(summary.chunk_indexes, key=_start):
        if channels.isdisjoint(chunk.message_index_offsets):
            images = chunk.chunk_start_offset
        else:
            places.append(Place(chunk.chunk_start_offset, images, chunk.message_start_time))
            images = None
    counts = summary.statistics.channel_message_counts if summary.statistics else {}
    counted = sum(counts.get(channel, 0) for channel in channels)
    if counted != len(places):
        raise BagError(f"{path} holds {counted} frames in {len(places)} chunks: use the original, not a repacked copy")
    return places


def _start(chunk: ChunkIndex) -> int:
    return chunk.chunk_start_offset
