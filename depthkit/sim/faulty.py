"""A simulated camera that fails: the hardware, which goes on existing when it is unplugged, and the device opened."""

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from depthkit.arrays import Image
from depthkit.cameras import Rig
from depthkit.errors import CameraNotFound, DepthkitError, DeviceLost, FrameTimeout
from depthkit.live import Device, Profile, Request, choose
from depthkit.live.buffers import image_of
from depthkit.sim.faults import Fault
from depthkit.types import FrameSet

_CALM = 10
_BUFFERS = 8  # frames in the device, of which the oldest is lost to a new one

Pictures = Sequence[Mapping[str, Image]]


class Hardware:
    """Makes frame after frame from when it first streams, whether somebody takes them or not.

    pictures: shown again and again; faults: in the order of frames, of which those that fall on the
    first 10 frames after a start do not happen; ppm: how much too fast the device's clock runs.
    `done`: how often what went wrong so far; of "drop", "cut" and "overrun", which nobody took, how many frames.
    """

    def __init__(self, pictures: Pictures, rig: Rig, fps: float, faults: Iterator[Fault], ppm: float = 0.0) -> None:
        self.pictures, self.rig, self.fps, self._faults, self._ppm = pictures, rig, fps, faults, ppm
        self.done: Counter[str] = Counter()
        self._begun: float | None = None
        self._next, self._first = 0, 0  # number of the next frame, and of the first since it began to count
        self._jump_ns = 0
        self._fault = next(faults, None)
        self._ready: deque[FrameSet | DepthkitError] = deque()
        self._held: FrameSet | None = None  # to come after the next one
        self._gone_until = 0
        self._hung = False

    def plug_in(self) -> None:
        """Open it. Raises CameraNotFound while it is unplugged."""
        if self._gone_until > self._now():
            raise CameraNotFound("the simulated camera is unplugged")
        self._jump_ns = 0

    def start(self) -> None:
        """Stream, and count from 0."""
        self._begun = self._begun or time.monotonic()
        self._skip(self._now() if self._next else 0, calm=_CALM)
        self._first, self._hung = self._next, False

    def read(self, timeout: float) -> FrameSet:
        """The next frame; raises what the script says."""
        end = time.monotonic() + timeout
        while not self._ready:
            due = self._due(self._next)
            time.sleep(max(0.0, min(due, end) - time.monotonic()))
            if self._hung or time.monotonic() < due:
                time.sleep(max(0.0, end - time.monotonic()))
                raise FrameTimeout(f"no frame for {timeout:g} s")
            self._make()
        item = self._ready.popleft()
        if isinstance(item, DepthkitError):
            raise item
        return item

    def _due(self, number: int) -> float:
        return (self._begun or time.monotonic()) + number / self.fps

    def _now(self) -> int:
        """Number of the first frame that is not due yet."""
        return 0 if self._begun is None else int((time.monotonic() - self._begun) * self.fps) + 1

    def _skip(self, number: int, calm: int = 0) -> None:
        """Go on with that frame: those before it are made for nobody, and faults before it and soon do not happen."""
        self._next = max(self._next, number)
        self._ready.clear()
        self._held = None
        while self._fault is not None and self._fault.at < self._next + calm:
            self._fault = next(self._faults, None)

    def _make(self) -> None:
        """Make the next frame, or let go wrong what is to."""
        if (late := self._now() - _BUFFERS) > self._next:
            self.done["overrun"] += late - self._next
            self._skip(late)
            return
        fault = self._fault
        if fault is None or fault.at > self._next:
            self._deliver()
            return
        self._fault = next(self._faults, None)
        self.done[fault.kind] += fault.length if fault.kind in ("drop", "cut") else 1
        getattr(self, f"_{fault.kind}")(fault)

    def _deliver(self) -> None:
        self._ready.append(self._frame())
        if self._held is not None:
            self._ready.append(self._held)
            self._held = None

    def _frame(self, length: int | None = None) -> FrameSet:
        """The next frame, its images copied from a buffer of which only `length` bytes have come."""
        number = self._next
        self._next += 1
        picture = self.pictures[number % len(self.pictures)]
        images = {
            role: image_of(image.reshape(-1).view(np.uint8)[:length], image.shape, image.dtype)
            for role, image in picture.items()
        }
        stamp = round((number + 1) * (1 + self._ppm * 1e-6) * 1e9 / self.fps) + self._jump_ns
        return FrameSet(images, self.rig, number - self._first, stamp, time.time_ns(), meta={"made": number})

    def _drop(self, fault: Fault) -> None:
        self._next += fault.length

    def _stall(self, fault: Fault) -> None:
        time.sleep(min(fault.length, _BUFFERS) / self.fps)

    def _double(self, fault: Fault) -> None:
        self._deliver()
        self._ready.append(self._ready[-1])

    def _swap(self, fault: Fault) -> None:
        self._held = self._frame()

    def _cut(self, fault: Fault) -> None:
        for _ in range(fault.length):
            try:
                self._frame(length=100)
            except DepthkitError as error:
                self._ready.append(error)

    def _jump(self, fault: Fault) -> None:
        self._jump_ns += fault.length * 1_000_000
        self._deliver()

    def _hang(self, fault: Fault) -> None:
        self._hung = True

    def _unplug(self, fault: Fault) -> None:
        self._gone_until = self._next + fault.length
        self._ready.append(DeviceLost("the simulated camera was unplugged"))


class FaultyDevice(Device):
    """The hardware, opened."""

    firmware = "1.0"

    def __init__(self, hardware: Hardware, address: str) -> None:
        hardware.plug_in()
        self.serial = address
        self._hardware = hardware

    def profiles(self) -> Sequence[Profile]:
        """One mode a role."""
        sizes = {role: camera.size for role, camera in self.rig.cameras.items()}
        return [Profile(role, *size, self._hardware.fps, "rgb8") for role, size in sizes.items()]

    def configure(self, request: Request) -> Sequence[Profile]:
        """There is nothing to choose."""
        return choose(self.profiles(), request)

    @property
    def rig(self) -> Rig:
        """That of the pictures."""
        return self._hardware.rig

    def start(self) -> None:
        """Begin to count frames from 0."""
        self._hardware.start()

    def read(self, timeout: float) -> FrameSet:
        """The next frame, whose `meta["made"]` is its number among all that were made."""
        return self._hardware.read(timeout)

    def stop(self) -> None:
        """The hardware goes on, for nobody."""

    def close(self) -> None:
        """Nothing to give free."""

    def counters(self) -> Mapping[str, int]:
        """What went wrong."""
        return dict(self._hardware.done)
