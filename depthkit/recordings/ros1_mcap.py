"""ROS 1 messages in an MCAP file, as conversion of a .bag makes them; rosbags itself reads those of ROS 2 alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from depthkit.recordings.contents import closed_on_error
from depthkit.recordings.mcap_files import McapFile


class Topic(NamedTuple):
    """A topic with the fields of rosbags' TopicInfo that are needed here; its one connection is its name."""

    msgtype: str
    msgcount: int
    connections: Sequence[Any]


class Ros1McapReader:
    """The part of rosbags' AnyReader that reading a recording takes."""

    is2 = False

    def __init__(self, path: Path) -> None:
        self._file = McapFile(path)
        self._store = get_typestore(Stores.EMPTY)
        self.topics: dict[str, Topic] = {}
        with closed_on_error(self._file.close):
            types: dict[str, Any] = {}
            for topic, (schema, encoding) in self._file.kinds.items():
                if encoding == "ros1":
                    kind = schema.name.replace("/", "/msg/")
                    types |= get_types_from_msg(schema.data.decode(), kind)
                    self.topics[topic] = Topic(kind, self._file.counts[topic], [topic])
            self._store.register(types)

    def messages(self, connections: Sequence[Any], start: int | None = None) -> Iterator[tuple[str, int, bytes]]:
        """Connection, time and bytes of each message from that time on."""
        for topic in connections:
            for time, data in self._file.messages(topic, start):
                yield topic, time, data

    def deserialize(self, data: bytes, kind: str) -> Any:
        """The message."""
        return self._store.deserialize_ros1(data, kind)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
