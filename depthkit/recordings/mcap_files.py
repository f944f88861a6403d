"""MCAP files of others: whose one is, whether its chunks may be unpacked, and its messages by topic."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Chunk
from mcap.stream_reader import StreamReader
from mcap.writer import MCAP0_MAGIC

from depthkit.bag import unpacking
from depthkit.bag.container import read_chunk
from depthkit.bag.layout import METADATA
from depthkit.errors import BagError
from depthkit.recordings.contents import closed_on_error


class McapFile:
    """An open file; BagError if it has no index, ValueError as `check_chunks`.

    kinds: schema and message encoding of each topic with messages; counts: how many.
    """

    def __init__(self, path: Path) -> None:
        check_chunks(path)
        self._file = path.open("rb")
        with closed_on_error(self.close):
            self._reader = make_reader(self._file)
            summary = self._reader.get_summary()
            if summary is None or summary.statistics is None:
                raise BagError(f"{path} has no index")
        counts, schemas = summary.statistics.channel_message_counts, summary.schemas
        channels = [each for each in summary.channels.values() if each.schema_id in schemas and counts.get(each.id)]
        self.kinds = {each.topic: (schemas[each.schema_id], each.message_encoding) for each in channels}
        self.counts = Counter[str]()
        for each in channels:
            self.counts[each.topic] += counts[each.id]

    def messages(self, topic: str, start: int | None = None) -> Iterator[tuple[int, bytes]]:
        """When they were logged, and the bytes of a topic's messages from that time on."""
        for _, _, message in self._reader.iter_messages(topics=topic, starting_at=start):
            yield message.log_time, message.data

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def is_mcap(path: Path) -> bool:
    """Whether a file says it is one, by its name or by how it begins."""
    if path.suffix == ".mcap" or not path.is_file():
        return path.is_file()
    with path.open("rb") as file:
        return bool(file.read(len(MCAP0_MAGIC)) == MCAP0_MAGIC)


def foreign_profile(path: Path) -> str | None:
    """The profile ("ros2", "" …) of an MCAP file that depthkit did not record; None for any other file.

    None also for one that is damaged or cut off: whose it is cannot be told, and `Bag` says what to do.
    """
    if path.suffix != ".mcap" or not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            reader = make_reader(file)
            summary = reader.get_summary()
            if summary is None or any(each.name == METADATA for each in summary.metadata_indexes):
                return None
            return reader.get_header().profile
    except (McapError, ValueError, OSError):
        return None


def check_chunks(path: Path) -> None:
    """Unpack each chunk of an MCAP file once; ValueError for one that is damaged or larger than can be read.

    The libraries that read such files unpack whatever there is: a few kilobytes may become gigabytes.
    """
    with path.open("rb") as file:
        summary = make_reader(file).get_summary()
        if summary is not None and summary.chunk_indexes:
            for each in summary.chunk_indexes:
                unpacking.plain(read_chunk(file, each.chunk_start_offset))
        else:
            file.seek(0)
            for record in StreamReader(file, emit_chunks=True).records:
                if isinstance(record, Chunk):
                    unpacking.plain(record)
