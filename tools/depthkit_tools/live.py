"""What the commands that follow a running camera share: counting, a status line, and stopping on Ctrl-C."""

import contextlib
import itertools
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

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


def frames_in_words(ledger: Mapping[str, Any]) -> str:
    """What became of a recording's frames (`Ledger.to_dict`), in a few words."""
    frames = ledger["frames"]
    dropped = f"{sum(frames['dropped'].values())} dropped{in_words(frames['dropped'])}"
    missing = f"{ledger['missing']} missing from the camera{in_words(ledger['reasons'])}"
    return f"{frames['written']} frames, {dropped}, {missing}"


def in_words(reasons: Mapping[str, int]) -> str:
    """Counts by reason in brackets, after a blank; nothing if there are none."""
    counts = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    return f" ({counts})" if counts else ""


@contextlib.contextmanager
def status() -> Iterator[StatusLine]:
    """A status line that is cleared at the end."""
    line = StatusLine()
    try:
        yield line
    finally:
        line.close()


@contextlib.contextmanager
def until_interrupted(
    frames: Iterator[FrameSet], wake: Callable[[], object] = lambda: None
) -> Iterator[Iterator[FrameSet]]:
    """The frames up to the first Ctrl-C, which then ends the loop between two frames instead of inside one.

    wake: ends the wait for a frame that may not come. A second Ctrl-C raises KeyboardInterrupt as usual.
    """
    stop = threading.Event()

    def request() -> None:
        stop.set()
        wake()

    with on_interrupt(request):
        yield itertools.takewhile(lambda _: not stop.is_set(), frames)


@contextlib.contextmanager
def on_interrupt(stop: Callable[[], object]) -> Iterator[None]:
    """Have the first Ctrl-C call `stop`; a second one raises KeyboardInterrupt as usual."""

    def request(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        stop()

    before = signal.signal(signal.SIGINT, request)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
