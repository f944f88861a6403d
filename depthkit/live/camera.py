"""A live camera: a driver's device with all that keeps it going and counts what it loses."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Self

from depthkit.cameras import Rig
from depthkit.errors import DriverError
from depthkit.grabber import Grabber, WhenFull
from depthkit.live.clock import ClockFit
from depthkit.live.device import Device
from depthkit.live.intake import Intake
from depthkit.live.keeper import Keeper, Patience
from depthkit.live.options import OptionTable, Value
from depthkit.live.profiles import Profile, Request
from depthkit.live.stats import Stats
from depthkit.types import FrameSet

_CLOSING = 5.0  # s that a driver may take to come back from its read
_WAS_CLOSED = "the camera was closed: open it again"

CLOCK_JUMP = "clock jump"
NO_REQUEST, NO_SETTINGS, PATIENCE = Request(), MappingProxyType[str, Value]({}), Patience()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a camera: what ("camera lost", "camera silent", "clock jump"), and more in words."""

    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LiveConfig:
    """How a live camera is read.

    queue: frames that wait for a slow consumer; when_full: what then goes; patience: with silence and losses;
    copy: images of a device with little memory are copied, so that they may be kept.
    """

    queue: int = 4
    when_full: WhenFull = "drop_oldest"
    patience: Patience = PATIENCE
    copy: bool = True


class LiveCamera:
    """A `Camera` that streams from the first `frames()` or `read` until `close`.

    Frames come once, in order, with numbers that rise by one and by what is missing, which `meta["gap"]` of the frame
    after it tells by reason: {"lost on the way": 2}. A silent camera is restarted, one that was unplugged opened again
    when it is back; `stats()` counts, `on_event` is called at once, on the reading thread. `clock` maps the device's
    stamps to the host's. Frames keep both stamps as they were taken.

    reopen: opens the device at an address again, should it be lost; request, settings: what is wanted of it, each time.
    Raises what configuring it raises, and later DeviceLost when no frame came for too long.
    """

    def __init__(
        self,
        device: Device,
        reopen: Callable[[str], Device],
        request: Request = NO_REQUEST,
        settings: Mapping[str, Value] = NO_SETTINGS,
        config: LiveConfig | None = None,
    ) -> None:
        self.on_event: Callable[[Event], None] = lambda _: None
        self._config = config or LiveConfig()
        self._keeper = Keeper(device, reopen, request, settings, self._config.patience)
        self._intake = Intake(self._keeper.fps, self._keeper.device.numbered, self._jumped)
        self._keeper.on_restart, self._keeper.on_incomplete = self._restarted, self._intake.add_incomplete
        self._rig = self._keeper.rig
        self._lock = threading.Lock()
        self._grabber = Grabber(self._incoming(), self._config.queue, self._config.when_full)
        self._grabber.on_drop = self._intake.add_unread
        self._streaming = self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def rig(self) -> Rig:
        """The calibration of all frames."""
        return self._rig

    @property
    def serial(self) -> str:
        """The camera's serial number, empty if it has none."""
        return self._keeper.device.serial

    @property
    def firmware(self) -> str:
        """The version of what runs in the camera."""
        return self._keeper.device.firmware

    @property
    def streams(self) -> tuple[Profile, ...]:
        """What it streams."""
        return self._keeper.streams

    @property
    def clock(self) -> ClockFit:
        """The device's clock on the host's."""
        return self._intake.clock

    @property
    def options(self) -> OptionTable:
        """Its settings by name."""
        return OptionTable(self._keeper)

    def profiles(self) -> Sequence[Profile]:
        """What it could stream."""
        return self._keeper.profiles

    def frames(self) -> Iterator[FrameSet]:
        """Every frame from now on, in order, until `interrupt` or `close`; waits while the camera is away."""
        self._stream()
        return map(self._intake.hand_out, self._grabber.frames())

    def read(self, timeout: float = 5.0) -> FrameSet:
        """The next frame; FrameTimeout if there is none within `timeout` s."""
        self._stream()
        frames = self._grabber.read(timeout)
        if frames is None:
            raise DriverError(_WAS_CLOSED)
        return self._intake.hand_out(frames)

    def interrupt(self) -> None:
        """End the `frames()` that are under way, from any thread, though the camera may be silent."""
        self._grabber.interrupt()

    def stats(self) -> Stats:
        """All counts so far."""
        keeper = self._keeper
        return self._intake.stats(keeper.restarts, keeper.reopens, keeper.counters())

    def close(self) -> None:
        """Stop and give the camera free; twice does no harm. DriverError if its driver does not come back."""
        if self._closed:
            return
        self._closed = True
        self._keeper.stop()
        if self._streaming and not self._grabber.stop(_CLOSING):
            raise DriverError(f"the driver did not come back from reading within {_CLOSING:g} s: run it isolated")
        self._keeper.close()

    def _stream(self) -> None:
        with self._lock:
            if self._closed:
                raise DriverError(_WAS_CLOSED)
            if not self._streaming:
                self._streaming = True
                self._grabber.start()

    def _incoming(self) -> Iterator[FrameSet]:
        """Frames in order and once; runs on the grabber's thread."""
        for each in self._keeper.frames():
            frames = self._intake.accept(each)
            if frames is not None:
                yield self._own(frames)

    def _own(self, frames: FrameSet) -> FrameSet:
        if not (self._config.copy and self._keeper.device.pooled):
            return frames
        return replace(frames, images={role: image.copy() for role, image in frames.images.items()})

    def _restarted(self, why: str, detail: str) -> None:
        self._intake.restart(why)
        self.on_event(Event(why, detail))

    def _jumped(self) -> None:
        self.on_event(Event(CLOCK_JUMP, "the clock of the device, or of this computer, was set"))
