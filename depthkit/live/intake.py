"""What becomes of each frame that a device gives: its number, its place on the host's clock, and the count of all."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from depthkit.live.clock import ClockFit
from depthkit.live.continuity import UNREAD, Continuity, Loss
from depthkit.live.stats import Rate, Stats
from depthkit.types import FrameSet, ImuSamples

_REMEMBERED = 1000  # frames that nobody read, of which is kept what was felt


class Intake:
    """Takes a device's frames on one thread, hands them out on another.

    fps, numbered: of the device; on_jump: called when one of the clocks has jumped.
    """

    def __init__(self, fps: float, numbered: bool, on_jump: Callable[[], None]) -> None:
        self.clock = ClockFit()
        self._continuity, self._on_jump = Continuity(fps, numbered), on_jump
        self._frames, self._incomplete, self._rate = 0, 0, Rate()
        self._missing: Counter[str] = Counter()
        self._losses: list[Loss] = []  # before frames that were not handed out yet
        self._felt: deque[tuple[int, ImuSamples]] = deque(maxlen=_REMEMBERED)  # before those, by number
        self._lock = threading.Lock()

    def restart(self, why: str) -> None:
        """The device was interrupted: its numbers and its clock begin anew."""
        self._continuity.restart(why)
        self.clock.restart()

    def add_incomplete(self) -> None:
        """A frame came that is not whole."""
        self._incomplete += 1
        self._continuity.add_incomplete()

    def add_unread(self, frames: FrameSet) -> None:
        """A frame was accepted, but given up in the queue. What was felt before it is handed out with a later one."""
        with self._lock:
            self._lose(Loss(frames.sequence + 1, 1, UNREAD))
            if frames.imu is not None:
                self._felt.append((frames.sequence, frames.imu))

    def accept(self, frames: FrameSet) -> FrameSet | None:
        """The frame with its number among all, and when it arrived; None if it came before or too late."""
        now = time.time_ns()
        placed = self._continuity.place(frames.sequence, frames.stamp_device_ns, time.monotonic_ns())
        if placed is None:
            return None
        number, losses = placed
        with self._lock:
            for loss in losses:
                self._lose(loss)
        self._frames += 1
        self._rate.tick()
        host_ns = frames.stamp_host_ns or now
        if frames.stamp_device_ns and self.clock.add(frames.stamp_device_ns, host_ns):
            self._on_jump()
        return replace(frames, sequence=number, stamp_host_ns=host_ns)

    def hand_out(self, frames: FrameSet) -> FrameSet:
        """The frame, with the losses before it by reason as `meta["gap"]` if there are any."""
        with self._lock:
            if not self._losses:
                return frames
            gap: Counter[str] = Counter()
            for loss in self._losses:
                if loss.before <= frames.sequence:
                    gap[loss.reason] += loss.frames
            self._losses = [loss for loss in self._losses if loss.before > frames.sequence]
            imu = self._felt_until(frames)
        return replace(frames, meta={**frames.meta, "gap": dict(gap)}, imu=imu) if gap else frames

    def _felt_until(self, frames: FrameSet) -> ImuSamples | None:
        """What was felt up to a frame, since the one that was handed out before it."""
        parts = [imu for number, imu in self._felt if number < frames.sequence]
        for _ in parts:
            self._felt.popleft()
        if frames.imu is not None:
            parts.append(frames.imu)
        columns = zip(*((each.stamps_ns, each.angular_velocity, each.acceleration) for each in parts), strict=True)
        return ImuSamples(*map(np.concatenate, columns)) if parts else None

    def stats(self, restarts: int, reopens: int, device: Mapping[str, int]) -> Stats:
        """All counts so far, with those of others."""
        with self._lock:
            missing = dict(self._missing)
        order, clock = self._continuity, self.clock
        return Stats(
            self._frames, self._rate.fps(), missing, order.duplicates, order.reordered, self._incomplete,
            restarts, reopens, clock.drift_ppm, clock.jumps, device,
        )  # fmt: skip

    def _lose(self, loss: Loss) -> None:
        self._missing[loss.reason] += loss.frames
        last = self._losses[-1] if self._losses else None
        if last is not None and loss.reason == last.reason and loss.before == last.before + loss.frames:
            self._losses[-1] = replace(loss, frames=last.frames + loss.frames)  # nobody may read for a long time
        else:
            self._losses.append(loss)
