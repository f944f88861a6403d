"""Whose an MCAP file is."""

from pathlib import Path

from mcap.exceptions import McapError
from mcap.reader import make_reader

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
