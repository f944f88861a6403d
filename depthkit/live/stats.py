"""What is counted of a live camera."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stats:
    """A live camera's figures since it was opened.

    frames: given by the camera, whole and once; fps: of the last few; missing: frames that are not among them, by
    reason, or that nobody read in time; duplicates, reordered, incomplete: frames that came but were left out (a
    reordered one came too late, and counts as missing too); restarts: of its streams, after silence; reopens: after
    it was lost; drift_ppm: how much faster the host's clock runs, None if not known yet; clock_jumps: of either;
    device: what its transport counts since it was opened last, as resends.
    """

    frames: int
    fps: float
    missing: Mapping[str, int]
    duplicates: int
    reordered: int
    incomplete: int
    restarts: int
    reopens: int
    drift_ppm: float | None
    clock_jumps: int
    device: Mapping[str, int]


class Rate:
    """Frames a second over the last ones, falling when none come."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=60)

    def tick(self) -> None:
        """A frame came."""
        self._times.append(time.monotonic())

    def fps(self) -> float:
        """The rate now."""
        times = list(self._times)
        if len(times) < 2:
            return 0.0
        period = (times[-1] - times[0]) / (len(times) - 1)
        late = max(0.0, time.monotonic() - times[-1] - period)
        return (len(times) - 1) / max(times[-1] - times[0] + late, 1e-9)
