"""What a driver of a live camera implements: a `Device` that moves bytes.

Threads, queues, counted losses, time-outs and re-opening are the library's (`LiveCamera`), in no driver.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from depthkit.cameras import Rig
from depthkit.errors import InputError
from depthkit.live.options import Option, Value
from depthkit.live.profiles import Profile, Request
from depthkit.types import FrameSet


class Device(ABC):
    """A connected camera. One thread opens, starts, reads, stops and closes it; `get` and `set` come from any thread.

    Every method raises a DriverError where it fails: DeviceLost where the camera is gone, which has the library close
    it and open its `address` again until it is back, with what was configured and set.

    serial, firmware: as the camera tells them. numbered: its frames carry numbers of the device's own, which rise by
    one a frame, lost or not; without them the library counts, and finds losses by the device's stamps. pooled: the
    images are in memory of which there is little; the library copies them, unless its user asks for no copies.
    """

    serial: str = ""
    firmware: str = ""
    numbered: bool = True
    pooled: bool = False

    @property
    def address(self) -> str:
        """What `Driver.open` opens this very camera by, also after it was plugged in elsewhere; its serial number."""
        return self.serial

    @abstractmethod
    def profiles(self) -> Sequence[Profile]:
        """The modes it has, for each role the preferred one first."""

    @abstractmethod
    def configure(self, request: Request) -> Sequence[Profile]:
        """Get ready for what is requested and return what it comes to, a profile a stream; `profiles.choose` chooses.

        Called once, before `rig` and `start`. Raises UnsupportedMode.
        """

    @property
    @abstractmethod
    def rig(self) -> Rig:
        """The calibration of the frames to come, by role, as configured."""

    @abstractmethod
    def start(self) -> None:
        """Begin to stream. It may come again after `stop`."""

    @abstractmethod
    def read(self, timeout: float) -> FrameSet:
        """Wait for the next frame at most `timeout` s, without the GIL, and return it.

        sequence: the device's number; stamp_device_ns: the device's clock, 0 if it has none; stamp_host_ns:
        `time.time_ns()` when it arrived, 0 leaves that to the library. The images must stay as they are for as long as
        they are referred to. Raises FrameTimeout, FrameIncomplete for a frame that arrived with parts missing, and
        DeviceLost.
        """

    @abstractmethod
    def stop(self) -> None:
        """End the streams; does no harm if there is none."""

    @abstractmethod
    def close(self) -> None:
        """Give the camera free, lost or not; twice does no harm."""

    def options(self) -> Sequence[Option]:
        """The settings it has."""
        return ()

    def get(self, name: str) -> Value:
        """The value of an option that `options` lists."""
        raise InputError(f"this camera has no option {name!r}")

    def set(self, name: str, value: Value) -> None:
        """Set an option that `options` lists; the value is of its type and within its limits."""
        raise InputError(f"this camera has no option {name!r}")

    def counters(self) -> Mapping[str, int]:
        """What the transport counts since `start`, as {"resends": 3}; shown in the statistics."""
        return {}
