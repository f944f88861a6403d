"""Which frames are missing, doubled or out of order, by the device's numbers; by its stamps where it has none."""

from collections import deque
from dataclasses import dataclass
from statistics import median

LOST = "lost on the way"
INCOMPLETE = "incomplete"
UNREAD = "not read in time"

_FEW = 8  # frames, before their own pace counts and not the device's word
_FAR = 1000  # numbers: a step as long as that, back or forth, is of a counter that began anew, not of lost frames


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames missing just before number `before`, and why."""

    before: int
    frames: int
    reason: str


class Continuity:
    """Gives frames numbers that rise by one a frame, over any restart, with a step of what is missing.

    The numbers are the device's until it starts anew. What was missed meanwhile is the time that passed, times fps.
    """

    def __init__(self, fps: float, numbered: bool) -> None:
        self.duplicates = self.reordered = 0
        self._fps, self._numbered = fps, numbered
        self._last: tuple[int, int, int, int] | None = None  # number, the device's number and stamp, time of arrival
        self._skipped: deque[int] = deque(maxlen=_FAR)  # numbers of the device's that may still come, too late
        self._steps_ns: deque[int] = deque(maxlen=31)  # between frames without numbers
        self._incomplete = 0
        self._restarted = ""

    def restart(self, why: str) -> None:
        """Say that the device begins anew: the next frame follows an interruption."""
        self._restarted = self._restarted or why

    def add_incomplete(self) -> None:
        """Say that a frame came that is not whole."""
        self._incomplete += 1

    def place(self, sequence: int, device_ns: int, arrived_ns: int) -> tuple[int, list[Loss]] | None:
        """The number of a frame and the losses before it; None for one that came before, or too late.

        sequence: the device's; arrived_ns: on a clock that never jumps.
        """
        if self._last is None:
            number, losses = sequence, list[Loss]()
        else:
            sequence = sequence if self._numbered else self._count(device_ns)
            if not self._restarted and self._is_stale(sequence, device_ns):
                return None
            losses = self._losses(sequence, arrived_ns)
            number = self._last[0] + sum(loss.frames for loss in losses) + 1
        self._last = number, sequence, device_ns, arrived_ns
        self._restarted, self._incomplete = "", 0
        return number, losses

    def _count(self, device_ns: int) -> int:
        """The number that a frame without one would have."""
        assert self._last is not None
        _, sequence, before_ns, _ = self._last
        if not (device_ns and before_ns) or self._restarted:
            return sequence + 1 + self._incomplete
        step_ns = device_ns - before_ns
        if step_ns <= 0:
            return sequence
        self._steps_ns.append(step_ns)
        # A camera may be slower than it says, as in the dark: then most frames are, and none is lost.
        period_ns = median(self._steps_ns) if len(self._steps_ns) >= _FEW else 1e9 / self._fps
        return sequence + max(1, round(step_ns / period_ns))

    def _is_stale(self, sequence: int, device_ns: int) -> bool:
        """Whether the frame came before, or after one that was made later."""
        assert self._last is not None
        _, newest, newest_ns, _ = self._last
        if not newest - _FAR <= sequence <= newest:
            return False
        if sequence in self._skipped:
            self._skipped.remove(sequence)  # should it come again, it is a double
            self.reordered += 1
        elif not self._numbered and device_ns < newest_ns:
            self.reordered += 1
        else:
            self.duplicates += 1
        return True

    def _losses(self, sequence: int, arrived_ns: int) -> list[Loss]:
        assert self._last is not None
        number, newest, _, before_ns = self._last
        passed = max(0, round((arrived_ns - before_ns) * self._fps / 1e9) - 1)
        missing = sequence - newest - 1
        if self._restarted or missing < 0 or missing > _FAR + 2 * passed:
            self._skipped.clear()
            reasons = {self._restarted or LOST: passed}
        else:
            self._skipped.extend(range(max(newest + 1, sequence - _FAR), sequence))
            incomplete = min(missing, self._incomplete)
            reasons = {INCOMPLETE: incomplete, LOST: missing - incomplete}
        before = number + sum(reasons.values()) + 1
        return [Loss(before, frames, reason) for reason, frames in reasons.items() if frames]
