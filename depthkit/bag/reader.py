"""Replay: a recording is a camera whose frames can be asked for again, and by number."""

import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from depthkit.bag import layout, ros
from depthkit.bag.container import Index, Place, is_finished, read_chunk, read_index, undamaged
from depthkit.bag.digest import FrameDigest
from depthkit.bag.info import BagInfo, summarize
from depthkit.bag.scan import scan
from depthkit.cameras import Rig
from depthkit.errors import BagError
from depthkit.types import FrameSet


class Bag:
    """A recording, opened for reading. It is a `Camera`: every pass over `frames()` gives the same frames.

    Opening reads the index alone, and a frame only its own bytes, so the length of a recording does not matter.
    A recording that was cut off or never finished has no index: then, or when asked to `salvage` one that is
    damaged, opening reads through the whole file and gives the whole frames in it; `finished` tells.
    Not for use by several threads at once. Raises BagError when the file is missing, damaged, or not a depthkit
    recording.
    """

    def __init__(self, path: str | Path, salvage: bool = False) -> None:
        self.path = Path(path)
        try:
            self._file = self.path.open("rb")
        except OSError as error:
            raise BagError(f"cannot open the recording {path}: {error.strerror}") from error
        try:
            self._index, self.frames_begun = self._find_frames(salvage)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; twice does no harm."""
        self._file.close()

    @property
    def finished(self) -> bool:
        """Whether the index of the file was read; else its whole frames were searched for."""
        return self._index.finished

    @property
    def rig(self) -> Rig:
        """The calibration of all frames."""
        return self._index.rig

    def __len__(self) -> int:
        return len(self._index.frames)

    def __getitem__(self, i: int) -> FrameSet:
        """Frame `i` in recorded order, from the end if negative; IndexError if there is none."""
        i = operator.index(i)
        place = self._index.frames[i]
        self._check_open()
        with undamaged(self.path, f" at frame {i}"):
            record = self._record(place)
            return layout.unpack(record, self._images(place, record["index"]), self.rig)

    def __iter__(self) -> Iterator[FrameSet]:
        return self.frames()

    def frames(self, start: int = 0) -> Iterator[FrameSet]:
        """Every frame from number `start` on once, in recorded order; from the end if it is negative."""
        return (self[i] for i in range(len(self))[start:])

    def seek(self, seconds: float) -> int:
        """Number of the first frame at least `seconds` after the first one, on the host's clock; len(self) if none is.

        It moves nothing: `bag[bag.seek(2.5)]` or `bag.frames(bag.seek(2.5))` use it. No frame is read.
        """
        stamps = [place.stamp_ns for place in self._index.frames]
        return next((i for i, stamp in enumerate(stamps) if (stamp - stamps[0]) / 1e9 >= seconds), len(stamps))

    def info(self) -> BagInfo:
        """What the recording holds; reads the frames' descriptions but no pixels."""
        self._check_open()
        with undamaged(self.path):
            return summarize(self.path, self._index, map(self._record, self._index.frames))

    def digest(self) -> str:
        """SHA-256 in hexadecimal over all frames, the same for every replay and for the frames as they were written."""
        digest = FrameDigest()
        for frames in self:
            digest.update(frames)
        return digest.hexdigest()

    def _find_frames(self, salvage: bool) -> tuple[Index, int]:
        """The index and how many frames were ever begun."""
        if is_finished(self.path, self._file) and not salvage:
            index = read_index(self.path, self._file)
            return index, len(index.frames)
        found = scan(self.path, self._file)
        return found.index, found.frames_begun

    def _record(self, place: Place) -> dict[str, Any]:
        (message,) = read_chunk(self._file, place.record)
        return ros.read_text(message.data)

    def _images(self, place: Place, index: int) -> dict[str, bytes]:
        """The image messages of the frame with that index, by topic."""
        messages = [] if place.images is None else read_chunk(self._file, place.images)
        return {self._index.topics[each.channel_id]: each.data for each in messages if each.sequence == index}

    def _check_open(self) -> None:
        if self._file.closed:
            raise BagError(f"{self.path} was closed: open it again to read it")
