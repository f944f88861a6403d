"""What the commands that follow a running camera share: counting, a status line, and stopping on Ctrl-C."""

import contextlib
import itertools
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from depthkit.types import FrameSet
from depthkit_tools.console import StatusLine


@dataclass
class Tally:
    """Frames seen so far, and the numbers missing between them."""

    frames: int = 0
    missing: int = 0
    last_sequence: int | None = None

    def add(self, sequence: int) -> None:
        """Count a frame and the sequence numbers left out before it."""
        if self.last_sequence is not None:
            self.missing += max(0, sequence - self.last_sequence - 1)
        self.frames, self.last_sequence = self.frames + 1, sequence


@contextlib.contextmanager
def status() -> Iterator[StatusLine]:
    """A status line that is cleared at the end."""
    line = StatusLine()
    try:
        yield line
    finally:
        line.close()


@contextlib.contextmanager
def until_interrupted(frames: Iterator[FrameSet]) -> Iterator[Iterator[FrameSet]]:
    """The frames up to the first Ctrl-C, which then ends the loop between two frames instead of inside one.

    A second Ctrl-C raises KeyboardInterrupt as usual.
    """
    stop = threading.Event()

    def request(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, request)
    try:
        yield itertools.takewhile(lambda _: not stop.is_set(), frames)
    finally:
        signal.signal(signal.SIGINT, before)
