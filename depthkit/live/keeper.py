"""The watchdog: keeps one device giving frames, whatever happens to it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from depthkit.errors import DeviceLost, DriverError, FrameIncomplete, FrameTimeout
from depthkit.live.device import Device
from depthkit.live.options import Option, Value, find
from depthkit.live.profiles import Request
from depthkit.types import FrameSet

T = TypeVar("T")

SILENT = "camera silent"
GONE = "camera lost"

_POLL = 0.1  # s, longest wait in the device's read, so that closing is prompt
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 1.0  # s between attempts to open, doubling
_MOST_SILENCE = 16  # times the first, between restarts


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a camera, in s.

    silence: without a frame (and three frames' time at least) before its streams are restarted, then twice as long,
    and so on; from the second time on it is closed and opened. given_up: without a frame, before it is an error.
    """

    silence: float = 1.0
    given_up: float = 60.0


class Keeper:
    """Configures a device, and reads it in one thread until `stop`.

    A silent device is restarted, a lost one closed and opened again by `reopen(device.address)`, with what was set.
    on_restart: told the reason of each interruption, before the frame after it, and more in words; on_incomplete:
    told of each frame with parts missing. Raises what configuring and setting does, with the device closed.
    """

    def __init__(
        self,
        device: Device,
        reopen: Callable[[str], Device],
        request: Request,
        settings: Mapping[str, Value],
        patience: Patience,
    ) -> None:
        self.restarts = self.reopens = 0
        self.on_restart: Callable[[str, str], None] = lambda why, detail: None
        self.on_incomplete: Callable[[], None] = lambda: None
        self._reopen_device, self._request, self._patience = reopen, request, patience
        self._settings = dict(settings)
        self._away = True
        self._last = self._quiet_since = time.monotonic()  # the last frame; that, or the last start
        self._attempts = 0  # to end the silence
        self._counted: Mapping[str, int] = {}
        self._busy = threading.RLock()  # the device may be closed and opened only while nobody asks it for something
        self._stopping = threading.Event()
        self.device = self._configured(device)

    def options(self) -> Sequence[Option]:
        """The settings of the device."""
        return self._options

    def get(self, name: str) -> Value:
        """The value of an option; DeviceLost while the device is away."""
        with self._busy:
            if self._away:
                raise DeviceLost(f"the camera is away: ask for its {name} when it is back")
            return self.device.get(name)

    def set(self, name: str, value: Value) -> None:
        """Set an option, now and whenever the device is opened again."""
        with self._busy:
            if not self._away:
                self.device.set(name, value)
            self._settings[name] = value

    def counters(self) -> Mapping[str, int]:
        """What the device counts; what it counted last, while it is away or opened. Never waits."""
        if self._busy.acquire(blocking=False):
            try:
                if not self._away:
                    self._counted = dict(self.device.counters())
            finally:
                self._busy.release()
        return self._counted

    def frames(self) -> Iterator[FrameSet]:
        """Frames until `stop`. Raises what starting does, and DeviceLost when there was no frame for too long."""
        self.device.start()
        self._last = self._quiet_since = time.monotonic()
        while not self._stopping.is_set():
            frames = self._guarded(lambda: self.device.read(_POLL))
            if frames is not None:
                self._last = self._quiet_since = time.monotonic()
                self._attempts = 0
                yield frames

    def stop(self) -> None:
        """Have `frames` end soon."""
        self._stopping.set()

    def close(self) -> None:
        """Close the device, after `frames` has ended."""
        with self._busy:
            self._discard()

    def _guarded(self, step: Callable[[], T | None]) -> T | None:
        """The step's result, None if it failed, after whatever can be done about that."""
        try:
            return step()
        except FrameIncomplete:
            self.on_incomplete()
        except FrameTimeout:
            self._endure_silence()
        except (DriverError, OSError) as error:
            self._reopen(GONE, str(error))
        return None

    def _endure_silence(self) -> None:
        silence = max(self._patience.silence, 3 / self.fps) * min(2**self._attempts, _MOST_SILENCE)
        if time.monotonic() - self._quiet_since < silence:
            return
        detail = f"no frame for {time.monotonic() - self._last:.1f} s"
        self._check_patience(detail)
        self._attempts += 1
        if self._attempts > 1:
            self._reopen(SILENT, detail)
            return
        self.restarts += 1
        self.on_restart(SILENT, detail)
        self._guarded(self._restart)

    def _restart(self) -> None:
        with self._busy:
            self.device.stop()
            self.device.start()
            self._quiet_since = time.monotonic()

    def _reopen(self, why: str, detail: str) -> None:
        """Close the device and open it until that succeeds."""
        self.on_restart(why, detail)
        wait = _FIRST_WAIT
        with self._busy:
            self._discard()
        while not self._stopping.wait(wait):
            self._check_patience(detail)
            wait = min(2 * wait, _LONGEST_WAIT)
            try:
                with self._busy:
                    self.device = self._configured(self._reopen_device(self._address))
                    self.device.start()
            except (DriverError, OSError) as error:
                detail = str(error)
            else:
                self.reopens += 1
                self._quiet_since = time.monotonic()
                return

    def _check_patience(self, detail: str) -> None:
        quiet = time.monotonic() - self._last
        if quiet > self._patience.given_up:
            raise DeviceLost(f"the camera gave no frame for {quiet:.0f} s ({detail}): check it and its cable")

    def _configured(self, device: Device) -> Device:
        try:
            self.profiles = tuple(device.profiles())
            self.streams = tuple(device.configure(self._request))
            self.rig, self.fps, self._address = device.rig, self.streams[0].fps, device.address
            self._options = tuple(device.options())
            for name, value in self._settings.items():
                device.set(name, find(self._options, name).read(value))
        except BaseException:
            device.close()
            raise
        self._away = False
        return device

    def _discard(self) -> None:
        if not self._away:
            self._away = True
            with suppress(DriverError, OSError):  # it may be gone already
                self.device.stop()
            with suppress(DriverError, OSError):
                self.device.close()
