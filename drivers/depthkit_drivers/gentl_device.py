"""A camera behind a GenTL producer, read through harvesters."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from genicam import genapi, gentl
from harvesters.core import Callback, ImageAcquirer

from depthkit.cameras import Rig
from depthkit.errors import DeviceBusy, DeviceLost, DriverError, FrameIncomplete, FrameTimeout, reason
from depthkit.live import Device, Option, Profile, Request
from depthkit.live.options import Value
from depthkit.types import FrameSet
from depthkit_drivers import gentl_buffers
from depthkit_drivers.genicam_components import components
from depthkit_drivers.genicam_nodes import Nodes
from depthkit_drivers.genicam_setup import Setup, configure
from depthkit_drivers.gentl_producers import cameras, choose_camera, interrupt_kept, opened

_POLL = 20  # ms; the wait cannot be interrupted, and holds the GIL
_LOOK = 2.0  # s; a camera that is triggered has no frame by itself
_BUFFERS = 8
_BUSY = gentl.ResourceInUseException, gentl.AccessDeniedException, gentl.BusyException
_FAILED = gentl.GenericException, genapi.GenericException


class GenTlDevice(Device):
    """The camera `which`, a serial number or a place in the list, of the producer in the file `path`.

    Its waiting holds the GIL, producers crash, and a process can open each only once: it runs in a process of its own.
    """

    def __init__(self, path: str, which: str, rig_file: str | None) -> None:
        self._path, self._rig_file, self._incomplete = path, rig_file, False
        self._harvester = opened(path)
        try:
            self._acquirer: ImageAcquirer | None = self._open(which)
        except BaseException:
            self._harvester.reset()
            raise
        self._nodes = Nodes(self._acquirer.remote_device.node_map)
        self.firmware = str(self._nodes.get("DeviceFirmwareVersion") or self._nodes.get("DeviceVersion") or "")

    @property
    def address(self) -> str:
        """The producer and the camera's serial number."""
        return f"{self._path}#{self.serial}"

    def profiles(self) -> Sequence[Profile]:
        """The formats there are, at the size and rate that are set, and at the largest size."""
        return [profile for component in components(self._nodes, Request()) for profile in component.profiles]

    def configure(self, request: Request) -> Sequence[Profile]:
        """Set sizes, formats and the rate, and enable the components that are needed and no others."""
        self._setup: Setup = configure(self._nodes, request, self._rig_file, lambda: self._nodes.names("Chunk"))
        if self._setup.is_told_by_frames and self._rig_file is None:
            self._look()
        return self._setup.streams

    @property
    def rig(self) -> Rig:
        """By the Scan3d features or the rig file, or not calibrated."""
        return self._setup.rig

    def start(self) -> None:
        """Begin to stream."""
        with _lost():
            self._there().start()

    def read(self, timeout: float) -> FrameSet:
        """The next buffer."""
        self._incomplete = False
        with _lost():
            buffer = self._there().try_fetch(timeout=max(timeout, 0.001), is_raw=True)  # 0 would be for ever
        if buffer is None:
            if self._incomplete:
                raise FrameIncomplete("a buffer came incomplete")
            raise FrameTimeout(f"no frame for {timeout:g} s")
        with _lost():
            try:
                pictures = gentl_buffers.pictures(buffer, self._setup.formats)
                stamp_ns = gentl_buffers.stamp_ns(buffer)
                return self._setup.frames(pictures, self._nodes, int(buffer.frame_id), stamp_ns)
            finally:
                buffer.parent.queue_buffer(buffer)

    def stop(self) -> None:
        """End the stream."""
        if self._acquirer is not None:
            with _lost():
                self._acquirer.stop()

    def close(self) -> None:
        """Close the camera, then the producer."""
        acquirer, self._acquirer = self._acquirer, None
        if acquirer is not None:
            with suppress(*_FAILED):  # it may be gone
                acquirer.destroy()
            self._harvester.reset()

    def options(self) -> Sequence[Option]:
        """The features for beginners."""
        return self._nodes.options()

    def get(self, name: str) -> Value:
        """The value of a feature."""
        value = self._nodes.get(name)
        if value is None:
            raise DriverError(f"{name} cannot be read now")
        return value

    def set(self, name: str, value: Value) -> None:
        """Set a feature."""
        self._nodes.set(name, value)

    def _open(self, which: str) -> ImageAcquirer:
        found = choose_camera(cameras(self._harvester, self._path), which)
        self.serial = found.serial
        try:
            with interrupt_kept():
                acquirer = self._harvester.create(found.index)
        except _BUSY as error:
            raise DeviceBusy(f"{found.name} {found.serial} is open in another program: close it there") from error
        except _FAILED as error:
            raise DriverError(f"{found.name} {found.serial} cannot be opened: {reason(error)}") from error
        acquirer.timeout_period_on_update_event_data_call = _POLL
        acquirer.num_buffers = max(_BUFFERS, acquirer.min_num_buffers)
        acquirer.add_callback(ImageAcquirer.Events.INCOMPLETE_BUFFER, _OnIncomplete(self))
        return acquirer

    def _look(self) -> None:
        """Learn how the camera sees from one frame, if one comes."""
        self.start()
        with _lost():
            buffer = self._there().try_fetch(timeout=_LOOK, is_raw=True)
            if buffer is not None:
                self._setup = self._setup.told(self._nodes)
                buffer.parent.queue_buffer(buffer)
        self.stop()

    def _there(self) -> ImageAcquirer:
        if self._acquirer is None:
            raise DeviceLost("the camera was closed: open it again")
        return self._acquirer


class _OnIncomplete(Callback):  # type: ignore[misc]  # harvesters has no types
    """Notes that harvesters threw away a buffer that was not whole."""

    def __init__(self, device: GenTlDevice) -> None:
        self._device = device

    def emit(self, context: Any = None) -> None:
        """It did."""
        self._device._incomplete = True


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except _FAILED as error:
        raise DeviceLost(f"the camera does not answer: {reason(error)}") from error
