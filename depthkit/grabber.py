"""Frames between a source and a consumer of different pace: a thread, a bounded queue, every loss counted."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal, Self

from depthkit.errors import FrameTimeout
from depthkit.types import FrameSet

WhenFull = Literal["block", "drop_oldest", "drop_newest"]
"""What a full queue does with a new frame: makes the source wait, or gives up a frame."""


class Grabber:
    """Reads frames in a thread of its own into a bounded queue, so that a slow consumer does not stall their source.

    size: frames the queue holds; when_full: "block" makes the source wait, "drop_oldest" keeps the newest frames,
    "drop_newest" those that came first. The others are counted in `dropped`, and given to `on_drop` as they go.
    Use as a context manager; iterate over `frames()`, or `read`. Leaving calls `on_stop`, which is to wake a source
    that waits, and waits for its current frame.
    """

    def __init__(self, source: Iterator[FrameSet], size: int, when_full: WhenFull) -> None:
        self.dropped = 0
        self.on_drop: Callable[[FrameSet], None] = lambda _: None
        self.on_stop: Callable[[], None] = lambda: None
        self._source = source
        self._size, self._when_full = size, when_full
        self._queue: deque[FrameSet] = deque()
        self._changed = threading.Condition()
        self._stopped, self._ended = False, False
        self._interruptions = 0
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="depthkit-grabber", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to read; as a context manager it does so by itself."""
        self._thread.start()

    def stop(self, timeout: float | None = None) -> bool:
        """Take no more frames and wait for the source's current one, at most that long; True if it has come."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self.on_stop()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def frames(self) -> Iterator[FrameSet]:
        """Frames as they come, until the source ends or `interrupt`; raises whatever the source raised."""
        return self._frames(self._interruptions)  # of now: an interruption before the first frame counts too

    def interrupt(self) -> None:
        """End all `frames()` there are, from any thread: those in the queue are still given."""
        with self._changed:
            self._interruptions += 1
            self._changed.notify_all()

    def read(self, timeout: float) -> FrameSet | None:
        """The next frame, None at the end. Raises FrameTimeout when none comes, and whatever the source raised."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._queue or self._ended, timeout):
                raise FrameTimeout(f"no frame for {timeout:g} s: check the camera and its cable")
            return self._take()

    def _frames(self, interruptions: int) -> Iterator[FrameSet]:
        while (frames := self._next(interruptions)) is not None:
            yield frames

    def _next(self, interruptions: int) -> FrameSet | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._ended or self._interruptions > interruptions)
            return self._take()

    def _take(self) -> FrameSet | None:
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
