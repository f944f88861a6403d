"""Components that come one by one, put together by their time stamps."""

from collections.abc import Collection
from typing import Any

from numpy.typing import NDArray

from depthkit.errors import FrameIncomplete

Pictures = dict[str, NDArray[Any]]
_WAITING = 8  # rounds: depth is computed, and comes later than the image that it is of


class Rounds:
    """Pictures of the same time stamp, until all components of it have come."""

    def __init__(self, components: Collection[str]) -> None:
        self._components, self._waiting = set(components), dict[int, Pictures]()
        self._ended_ns = 0

    def add(self, stamp_ns: int, pictures: Pictures) -> Pictures | None:
        """Add a buffer's pictures; all of that stamp if they are complete now.

        What comes after its round has ended is left out. Raises FrameIncomplete for the earliest round where too many
        wait.
        """
        if 0 < stamp_ns <= self._ended_ns:
            return None
        found = self._waiting.setdefault(stamp_ns, {})
        found |= pictures
        if self._components <= set(found):
            self._ended_ns = stamp_ns
            return self._waiting.pop(stamp_ns)
        if len(self._waiting) > _WAITING:
            self._give_up(min(self._waiting))
        return None

    def close(self, stamp_ns: int) -> None:
        """FrameIncomplete, once each, for the rounds before the one of that stamp, which is complete."""
        earliest = min(self._waiting, default=stamp_ns)
        if earliest < stamp_ns:
            self._give_up(earliest)

    def _give_up(self, stamp_ns: int) -> None:
        self._ended_ns = max(self._ended_ns, stamp_ns)
        came = ", ".join(self._waiting.pop(stamp_ns))
        raise FrameIncomplete(f"of a frame only {came} came")
