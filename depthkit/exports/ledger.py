"""The ledger of a conversion: where every frame and picture of the source went, and what the format took from them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from depthkit.bag.ledger import Ledger
from depthkit.exports.depth_steps import DepthLoss

UNREADABLE = "unreadable"


class ConversionLedger(Ledger):
    """A recording's ledger that also knows where its frames are from and what became of them. Threads may share it.

    source, form: what was converted, and to what, in words; lost: what the format has no place for; unreadable: frames
    of the source that could not be read, by number, and why; left_over: its pictures that are in no frame, by role;
    ignored: its streams that are not read, and why; depth: what rounding took, None if no depth was rounded;
    stamps_made_up: frames that were given a stamp because theirs did not go forward.
    """

    def __init__(self, source: str, form: str, lost: Sequence[str], every: int = 1) -> None:
        super().__init__(every)
        self.source, self.form, self.lost = source, form, tuple(lost)
        self.unreadable: dict[int, str] = {}
        self.left_over: Mapping[str, int] = {}
        self.ignored: Mapping[str, str] = {}
        self.depth: DepthLoss | None = None
        self.stamps_made_up = 0

    def fail(self, number: int, why: str) -> None:
        """Count a frame that could not be read."""
        with self._lock:
            self.unreadable[number] = why
            self.frames.received += 1
            self.frames.dropped[UNREADABLE] += 1
            if self._last_sequence is not None:
                self._last_sequence += self.every  # it was there, so that it is not missing

    def lose(self, loss: DepthLoss) -> None:
        """Add what was taken from one depth image."""
        with self._lock:
            self.depth = loss if self.depth is None else self.depth + loss

    def close(self) -> None:
        """Say how it ended: with all that was asked for."""
        self.end(f"converted from {self.source}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they are kept in the output."""
        return {
            **super().to_dict(),
            "source": self.source,
            "format": self.form,
            "lost": list(self.lost),
            "unreadable": {str(number): why for number, why in self.unreadable.items()},
            "left_over": dict(self.left_over),
            "ignored": dict(self.ignored),
            "depth": None if self.depth is None else asdict(self.depth),
            "stamps_made_up": self.stamps_made_up,
        }
