"""Stamps for formats that need them to go forward."""

from depthkit.exports.ledger import ConversionLedger
from depthkit.types import FrameSet

PERIOD_NS = 33_333_333
"""Between frames whose own stamps do not go forward: 30 a second."""


class Clock:
    """The device's stamps, where each is later than the one before; else `PERIOD_NS` after it, which is counted."""

    def __init__(self, ledger: ConversionLedger) -> None:
        self._ledger = ledger
        self._last: int | None = None

    def stamp(self, frames: FrameSet) -> int:
        """The stamp in ns for the next frame."""
        stamp = frames.stamp_device_ns
        if self._last is not None and stamp <= self._last:
            stamp = self._last + PERIOD_NS
            self._ledger.stamps_made_up += 1
        self._last = stamp
        return stamp
