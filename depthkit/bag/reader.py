"""Replay: a recording is a camera whose frames can be asked for again, and by number."""

import operator
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from depthkit import threads
from depthkit.bag import layout, ros
from depthkit.bag.container import Index, Place, is_finished, read_chunk, read_index, undamaged
from depthkit.bag.digest import FrameDigest
from depthkit.bag.info import BagInfo, summarize
from depthkit.bag.scan import scan
from depthkit.bag.unpacking import StoredMessage, messages
from depthkit.cameras import Rig
from depthkit.errors import BagError
from depthkit.recycling import Recycler
from depthkit.types import FrameSet

_AHEAD = 2  # frames a thread between those being decoded and the one given out
_ARRAYS = 3  # of a depth image


class Bag:
    """A recording, opened for reading. It is a `Camera`: every pass over `frames()` gives the same frames.

    Opening reads the index alone, and a frame only its own bytes, so the length of a recording does not matter.
    A recording that was cut off or never finished has no index: then, or when asked to `salvage` one that is
    damaged, opening reads through the whole file and gives the whole frames in it; `finished` tells.
    Several threads may ask for frames at once. Raises BagError when the file is missing, damaged, or not a depthkit
    recording.
    """

    def __init__(self, path: str | Path, salvage: bool = False) -> None:
        self.path = Path(path)
        self._reading = threading.Lock()
        self._memory = Recycler(_ARRAYS * (_AHEAD + 2) * threads.count())
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
        with self._reading:
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
        with undamaged(self.path, f" at frame {i}"):
            record = self._record(place)
            return layout.unpack(record, self._images(place, record["index"]), self.rig, self._memory)

    def __iter__(self) -> Iterator[FrameSet]:
        return self.frames()

    def frames(self, start: int = 0) -> Iterator[FrameSet]:
        """Every frame from number `start` on once, in recorded order; from the end if it is negative.

        While one is in use other threads decode the few after it. What is wrong with a frame is raised when its turn
        comes.
        """
        return self._ahead(range(len(self))[start:])

    def seek(self, seconds: float) -> int:
        """Number of the first frame at least `seconds` after the first one, on the host's clock; len(self) if none is.

        It moves nothing: `bag[bag.seek(2.5)]` or `bag.frames(bag.seek(2.5))` use it. No frame is read.
        """
        stamps = [place.stamp_ns for place in self._index.frames]
        return next((i for i, stamp in enumerate(stamps) if (stamp - stamps[0]) / 1e9 >= seconds), len(stamps))

    def info(self) -> BagInfo:
        """What the recording holds; reads the frames' descriptions but no pixels."""
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

    def _ahead(self, numbers: Iterable[int]) -> Iterator[FrameSet]:
        """These frames in order, each decoded on one of several threads."""
        waiting: deque[Future[FrameSet]] = deque()
        with ThreadPoolExecutor(threads.count(), "depthkit-replay") as pool:
            for i in numbers:
                waiting.append(pool.submit(self.__getitem__, i))
                if len(waiting) > _AHEAD * threads.count():
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _record(self, place: Place) -> dict[str, Any]:
        (message,) = self._messages(place.record)
        return ros.read_text(message.data)

    def _images(self, place: Place, index: int) -> list[tuple[str, memoryview]]:
        """The messages of images and the IMU of the frame with that index, each with its topic."""
        found = [] if place.images is None else self._messages(place.images)
        return [(self._index.topics[each.channel], each.data) for each in found if each.sequence == index]

    def _messages(self, start: int) -> list[StoredMessage]:
        """The messages of the chunk that starts there."""
        with self._reading:
            if self._file.closed:
                raise BagError(f"{self.path} was closed: open it again to read it")
            chunk = read_chunk(self._file, start)
        return messages(chunk)
