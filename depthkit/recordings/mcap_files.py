"""Whose an MCAP file is, and whether its chunks may be unpacked."""

from pathlib import Path

from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Chunk
from mcap.stream_reader import StreamReader

from depthkit.bag import unpacking
from depthkit.bag.container import read_chunk
from depthkit.bag.layout import METADATA


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
