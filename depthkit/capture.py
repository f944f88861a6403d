"""Cameras in: the protocol every source fulfils, live or recorded, and how one is found by its name."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal, Protocol, Self

from depthkit.cameras import Rig
from depthkit.errors import CameraNotFound, DriverNotInstalled, FrameTimeout
from depthkit.types import FrameSet


class Camera(AbstractContextManager["Camera"], Protocol):
    """A source of frames: a connected camera, a simulated one or a recording.

    `rig` is its calibration. `frames()` gives each frame once, in order, and ends when the source does.
    """

    @property
    def rig(self) -> Rig:
        """The calibration of the frames to come."""

    def frames(self) -> Iterator[FrameSet]:
        """Every frame once, in order."""

    def close(self) -> None:
        """Release the device or file; twice does no harm."""


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera that can be opened: the `uri` to open it by and what it is, in words."""

    uri: str
    description: str


class Driver(Protocol):
    """A family of cameras, named by its entry point in the group `depthkit.drivers`."""

    def open(self, address: str) -> Camera:
        """Open the camera at `address`, the part of the URI after the scheme; empty means the first one."""

    def discover(self) -> list[CameraInfo]:
        """The cameras that could be opened now."""


def open_camera(uri: str | Path) -> Camera:
    """Open a camera or a recording by name.

    `"scheme:address"` opens a camera through the driver of that scheme ("sim:stereo"); a file or folder that exists,
    or a name that ends in .mcap, opens as a recording, whoever made it. Raises CameraNotFound, DriverNotInstalled,
    BagError, or CalibrationError for a recording without a calibration (`recordings.open_recording` takes one).
    """
    name = str(uri)
    if Path(name).exists() or name.endswith(".mcap"):
        from depthkit.recordings import open_recording

        return open_recording(name)
    scheme, _, address = name.partition(":")
    if scheme not in drivers():
        raise CameraNotFound(
            f"{name!r} is no file here, and no driver is called {scheme!r}; known are {', '.join(sorted(drivers()))}: "
            "'depthkit cameras' lists what can be opened"
        )
    return load_driver(scheme).open(address)


def list_cameras() -> list[CameraInfo]:
    """All cameras that the installed drivers can open now."""
    return [info for scheme in sorted(drivers()) for info in load_driver(scheme).discover()]


def load_driver(scheme: str) -> Driver:
    """The driver of that scheme; DriverNotInstalled if something it needs is missing."""
    try:
        driver: Driver = drivers()[scheme].load()()
    except ImportError as error:
        raise DriverNotInstalled(
            f"the {scheme!r} driver needs {error.name or error}: run 'pip install depthkit[{scheme}]'"
        ) from error
    return driver


@cache
def drivers() -> dict[str, EntryPoint]:
    """Entry points of the installed drivers by scheme."""
    return {point.name: point for point in entry_points(group="depthkit.drivers")}


WhenFull = Literal["block", "drop_oldest", "drop_newest"]
"""What a full queue does with a new frame: makes the source wait, or gives up a frame."""


class Grabber:
    """Reads frames in a thread of its own into a bounded queue, so that a slow consumer does not stall their source.

    size: frames the queue holds; when_full: "block" makes the source wait, "drop_oldest" keeps the newest frames,
    "drop_newest" those that came first. The others are counted in `dropped`, and given to `on_drop` as they go.
    Use as a context manager; iterate over `frames()`.
    """

    def __init__(self, source: Iterator[FrameSet], size: int, when_full: WhenFull) -> None:
        self.dropped = 0
        self.on_drop: Callable[[FrameSet], None] = lambda _: None
        self._source = source
        self._size, self._when_full = size, when_full
        self._queue: deque[FrameSet] = deque()
        self._changed = threading.Condition()
        self._stopped, self._ended = False, False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="depthkit-grabber", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def frames(self, timeout: float = 5.0) -> Iterator[FrameSet]:
        """Frames as they come, until the source ends.

        Raises FrameTimeout when none comes for `timeout` s, and whatever the camera itself raised.
        """
        while (frames := self._next(timeout)) is not None:
            yield frames

    def _next(self, timeout: float) -> FrameSet | None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._queue or self._ended, timeout):
                raise FrameTimeout(f"no frame for {timeout:g} s: check the cable, then open the camera again")
            if self._queue:
                frames = self._queue.popleft()
                self._changed.notify_all()
                return frames
            if self._error is not None:
                raise self._error
            return None

    def _run(self) -> None:
        try:
            for frames in self._source:
                if not self._put(frames):
                    break
        except BaseException as error:  # handed to the consumer, whatever it is
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _put(self, frames: FrameSet) -> bool:
        """Queue a frame; False when nobody wants more."""
        with self._changed:
            if self._when_full == "block":
                self._changed.wait_for(lambda: self._stopped or len(self._queue) < self._size)
            self._queue.append(frames)
            if self._when_full != "block" and len(self._queue) > self._size:
                self._drop(self._queue.popleft() if self._when_full == "drop_oldest" else self._queue.pop())
            self._changed.notify_all()
            return not self._stopped

    def _drop(self, frames: FrameSet) -> None:
        self.dropped += 1
        self.on_drop(frames)


def limited(frames: Iterator[FrameSet], count: int | None, seconds: float | None) -> Iterator[FrameSet]:
    """The first `count` frames, or those of the first `seconds` from the first frame on, whichever ends first."""
    end = None
    for each in itertools.islice(frames, count):
        now = time.monotonic()
        end = end or now + (seconds if seconds is not None else float("inf"))
        if now > end:
            return
        yield each
