"""An MCAP file while it is written: chunks that were made elsewhere, in the order they come, and then an index."""

import struct
import threading
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    ChunkIndex,
    DataEnd,
    Header,
    McapRecord,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)
from mcap.writer import MCAP0_MAGIC

from depthkit.bag import chunks, ros
from depthkit.bag.chunks import Chunk, encoded

_FOOTER = struct.Struct("<BQQQ")  # opcode, length, where the summary and its offsets start; its checksum follows
_CHECKSUM = struct.Struct("<I")
_FOOTER_LENGTH = 20  # of its three fields


class Topics:
    """The topics of a file and their channels, numbered as they are first asked for. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._schemas: dict[str, Schema] = {}
        self._channels: dict[str, Channel] = {}

    def channel(self, topic: str, kind: str) -> int:
        """The number of a topic's channel, whose messages are all of that ROS 2 type."""
        with self._lock:
            if kind not in self._schemas:
                self._schemas[kind] = Schema(
                    id=len(self._schemas) + 1, name=kind, encoding="ros2msg", data=ros.definition(kind)
                )
            if topic not in self._channels:
                schema = self._schemas[kind].id
                self._channels[topic] = Channel(
                    id=len(self._channels) + 1, topic=topic, message_encoding="cdr", metadata={}, schema_id=schema
                )
            return self._channels[topic].id

    def declarations(self, numbers: Iterable[int]) -> tuple[list[Schema], list[Channel]]:
        """The records of the channels with these numbers, and of their types."""
        with self._lock:
            channels = [each for each in self._channels.values() if each.id in numbers]
            used = {each.schema_id for each in channels}
            return [each for each in self._schemas.values() if each.id in used], channels


class McapFile:
    """Writes an MCAP file of profile ros2 to a stream, which stays open. One thread at a time may call."""

    def __init__(self, stream: BinaryIO, topics: Topics, library: str) -> None:
        self._stream, self._topics = stream, topics
        self._chunks: list[ChunkIndex] = []
        self._metadata: list[MetadataIndex] = []
        self._messages: Counter[int] = Counter()  # by channel; those that are in it have been declared
        stream.write(MCAP0_MAGIC + encoded([Header("ros2", library)]))

    def add_chunk(self, chunk: Chunk) -> None:
        """Write a chunk, with the declarations of the channels that it is the first to use, and index its messages."""
        new = chunk.channels - self._messages.keys()
        if new:
            schemas, channels = self._topics.declarations(new)
            chunk = chunks.pack(chunk.records, encoded([*schemas, *channels]))
        self._messages.update(each.channel for each in chunk.records)
        self._chunks.append(chunk.index(self._stream.tell()))
        for part in chunk.parts:
            self._stream.write(part)
        self._stream.write(b"".join(chunk.message_indexes))

    def add_metadata(self, name: str, values: dict[str, str]) -> None:
        """Write a record of texts."""
        data = encoded([Metadata(name, values)])
        self._metadata.append(MetadataIndex(self._stream.tell(), len(data), name))
        self._stream.write(data)

    def finish(self) -> None:
        """Write the index, after which nothing can be added."""
        self._stream.write(encoded([DataEnd(0)]))
        start = self._stream.tell()
        summary, offsets = b"", []
        for kind, records in self._summary():
            group = encoded(records)
            offsets.append(SummaryOffset(kind, start + len(summary), len(group)))
            summary += group
        summary += encoded(offsets) + _FOOTER.pack(Opcode.FOOTER, _FOOTER_LENGTH, start, start + len(summary))
        self._stream.write(summary + _CHECKSUM.pack(zlib.crc32(summary)) + MCAP0_MAGIC)

    def _summary(self) -> Iterator[tuple[Opcode, list[McapRecord]]]:
        schemas, channels = self._topics.declarations(self._messages)
        yield Opcode.SCHEMA, [*schemas]
        yield Opcode.CHANNEL, [*channels]
        yield Opcode.STATISTICS, [self._statistics(len(schemas))]
        yield Opcode.CHUNK_INDEX, [*self._chunks]
        yield Opcode.METADATA_INDEX, [*self._metadata]

    def _statistics(self, schemas: int) -> Statistics:
        return Statistics(
            attachment_count=0,
            channel_count=len(self._messages),
            channel_message_counts=self._messages,
            chunk_count=len(self._chunks),
            message_count=self._messages.total(),
            message_start_time=min((each.message_start_time for each in self._chunks), default=0),
            message_end_time=max((each.message_end_time for each in self._chunks), default=0),
            metadata_count=len(self._metadata),
            schema_count=schemas,
        )
