"""The ledger of a recording: what became of every frame the camera gave, kept in the file itself."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import index
from types import MappingProxyType
from typing import Any

from depthkit.types import FrameSet

QUEUE_FULL = "queue full"
NOT_WRITTEN = "not written when it ended"


@dataclass(slots=True)
class Counts:
    """received = written + all that was dropped, by reason, once the recording has ended."""

    received: int = 0
    written: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"received": self.received, "written": self.written, "dropped": dict(self.dropped)}


class Ledger:
    """Counts frames, and the images in them by stream: the role of each, and "depth".

    missing: frames the camera numbered but never gave, where it is asked for every `every`-th; reasons: how many of
    them for what, as far as the camera tells (`meta["gap"]`); ended: why the recording did, in words, empty until then.
    Threads may share it.
    """

    def __init__(self, every: int = 1) -> None:
        self.every = every
        self.frames = Counts()
        self.streams: dict[str, Counts] = {}
        self.missing = 0
        self.reasons: Counter[str] = Counter()
        self.ended = ""
        self._last_sequence: int | None = None
        self._lock = threading.Lock()

    def receive(self, frames: FrameSet) -> None:
        """Count a frame that the camera gave, and the numbers left out before it."""
        with self._lock:
            for counts in self._of(frames):
                counts.received += 1
            if self._last_sequence is not None:
                self.missing += max(0, frames.sequence - self._last_sequence - self.every)
                gap = frames.meta.get("gap")
                self.reasons.update(gap if isinstance(gap, Mapping) else {})
            self._last_sequence = frames.sequence

    def write(self, frames: FrameSet, left_out: Mapping[str, str] = MappingProxyType({})) -> None:
        """Count a frame that is in the file, and by role why some of its images are not."""
        with self._lock:
            self.frames.written += 1
            for role in roles(frames):
                counts = self.streams.setdefault(role, Counts())
                if role in left_out:
                    counts.dropped[left_out[role]] += 1
                else:
                    counts.written += 1

    def drop(self, frames: FrameSet, reason: str = QUEUE_FULL) -> None:
        """Count a frame that was given up."""
        with self._lock:
            for counts in self._of(frames):
                counts.dropped[reason] += 1

    def end(self, why: str, reason: str = NOT_WRITTEN) -> None:
        """Close the books: what was received but neither written nor dropped so far is dropped now, for `reason`."""
        with self._lock:
            self.ended = why
            for counts in (self.frames, *self.streams.values()):
                left = counts.received - counts.written - counts.dropped.total()
                counts.dropped += Counter({reason: left})  # keeps positive counts only

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they are kept in the file."""
        with self._lock:
            return {
                "frames": self.frames.to_dict(),
                "streams": {role: counts.to_dict() for role, counts in self.streams.items()},
                "missing": self.missing,
                "reasons": dict(self.reasons),
                "ended": self.ended,
            }

    def _of(self, frames: FrameSet) -> Iterator[Counts]:
        yield self.frames
        for role in roles(frames):
            yield self.streams.setdefault(role, Counts())


def roles(frames: FrameSet) -> list[str]:
    """The roles of a frame's images, and "depth" if it has some."""
    return [*frames.images, *([] if frames.depth is None else ["depth"])]


def read_ledger(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `to_dict` of a Ledger or of one that says more gave; KeyError, TypeError or AttributeError for all else."""
    return {
        **values,
        "frames": _read_counts(values["frames"]),
        "streams": {role: _read_counts(counts) for role, counts in values["streams"].items()},
        "missing": index(values["missing"]),
        "ended": str(values["ended"]),
    }


def _read_counts(values: Mapping[str, Any]) -> dict[str, Any]:
    dropped = {reason: index(count) for reason, count in values["dropped"].items()}
    return {"received": index(values["received"]), "written": index(values["written"]), "dropped": dropped}
