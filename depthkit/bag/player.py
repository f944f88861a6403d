"""Playing a recording at a pace, as the camera gave it, or slower, faster, again and again."""

import time
from collections.abc import Iterator
from typing import Protocol, Self

from depthkit.cameras import Rig
from depthkit.errors import BagError
from depthkit.types import FrameSet

_LONGEST_WAIT = 60.0  # s: a longer one is a stamp that is damaged, or a pause that nobody wants to sit through


class Playable(Protocol):
    """What can be played: a `Bag`, or a recording of another make."""

    @property
    def rig(self) -> Rig:
        """The calibration of all frames."""

    def __len__(self) -> int: ...

    def frames(self, start: int = 0) -> Iterator[FrameSet]:
        """Every frame from number `start` on."""

    def close(self) -> None:
        """Close the file."""


class Player:
    """A recording that plays in time. It is a `Camera`: every frame once and in order, however late it is.

    A frame more than a minute ahead of its time is not waited for: time goes on from there.
    speed: times the pace of the device's stamps, None as fast as it can be read; start: number of the first frame
    (`bag.seek` finds it); loop: begin again at `start` after the last frame, for ever. Raises BagError for a speed
    that is not positive. Closing it closes the recording.
    """

    def __init__(self, bag: Playable, speed: float | None = 1.0, start: int = 0, loop: bool = False) -> None:
        if speed is not None and speed <= 0:
            raise BagError(f"the speed must be positive, not {speed}: None plays without waiting")
        self._bag, self._speed, self._start, self._loop = bag, speed, start, loop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the recording; twice does no harm."""
        self._bag.close()

    @property
    def rig(self) -> Rig:
        """The calibration of all frames."""
        return self._bag.rig

    def frames(self) -> Iterator[FrameSet]:
        """Every frame when it is due; those that are late are not waited for, but given all the same."""
        yield from self._pass()
        while self._loop and range(len(self._bag))[self._start :]:
            yield from self._pass()

    def _pass(self) -> Iterator[FrameSet]:
        begun, first_ns = time.monotonic(), None
        for each in self._bag.frames(self._start):
            if self._speed is not None:
                first_ns = each.stamp_device_ns if first_ns is None else first_ns
                wait = begun + (each.stamp_device_ns - first_ns) / 1e9 / self._speed - time.monotonic()
                if wait > _LONGEST_WAIT:
                    begun, first_ns = time.monotonic(), each.stamp_device_ns
                else:
                    time.sleep(max(0.0, wait))
            yield each
