"""A GigE Vision camera, read through libaravis."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from depthkit.cameras import Rig
from depthkit.errors import DeviceBusy, DeviceLost, DriverError, FrameIncomplete, FrameTimeout
from depthkit.live import Device, Option, Profile, Request
from depthkit.live.options import Value
from depthkit.types import FrameSet
from depthkit_drivers import gige_buffers, gige_control
from depthkit_drivers.aravis import STATUSES, SUCCESS, AravisError, call
from depthkit_drivers.aravis_nodes import AravisNodes
from depthkit_drivers.genicam_components import components
from depthkit_drivers.genicam_setup import Setup, configure
from depthkit_drivers.gige_buffers import Form, FrameNumbers
from depthkit_drivers.gige_rounds import Rounds

_BUFFERS = 16
_LOOK = 2.0  # s; a camera that is triggered has no frame by itself


class GigeDevice(Device):
    """The camera at an IP address.

    address: opens it again; packet_size: bytes, "auto" for the largest that comes through, None for the camera's own.
    """

    def __init__(self, ip: str, address: str, rig_file: str | None, packet_size: str | None) -> None:
        self._address, self._rig_file = address, rig_file
        self._handle: int | None = gige_control.opened(ip)
        self._stream: int | None = None
        self._is_lost = False
        try:
            self._nodes = AravisNodes(self._handle)
            self.serial = gige_control.said(self._handle, "DeviceSerialNumber", "DeviceID")
            self.firmware = gige_control.said(self._handle, "DeviceFirmwareVersion", "DeviceVersion")
            gige_control.set_packet_size(self._handle, packet_size)
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """The IP address or serial number that it was opened by."""
        return self._address

    def profiles(self) -> Sequence[Profile]:
        """The formats there are, at the size and rate that are set, and at the largest size."""
        return [profile for component in components(self._nodes, Request()) for profile in component.profiles]

    def configure(self, request: Request) -> Sequence[Profile]:
        """Set sizes, formats and the rate, and enable the components that are needed and no others."""
        self._setup: Setup = configure(self._nodes, request, self._rig_file, lambda: self._nodes.names("Chunk"))
        self._forms = [self._form(*each) for each in self._setup.formats.items()]
        self.numbered = len(self._forms) == 1 or self._come_together()  # else a number is of a component
        if self._setup.is_told_by_frames and self._rig_file is None:
            self._look()
        return self._setup.streams

    @property
    def rig(self) -> Rig:
        """By the Scan3d features or the rig file, or not calibrated."""
        return self._setup.rig

    def start(self) -> None:
        """Begin to stream."""
        self._numbers, self._rounds = FrameNumbers(), Rounds(self._setup.formats)
        self._held: FrameSet | None = None
        with self._answering() as camera:
            self._stream = call("arv_device_create_stream", camera, None, None)
            if self._stream is None:
                raise DeviceBusy(f"{self._address} has no free stream")
            size = call("arv_device_get_integer_feature_value", camera, b"PayloadSize")
            for _ in range(_BUFFERS):
                call("arv_stream_push_buffer", self._stream, call("arv_buffer_new_allocate", size))
            self._nodes.put("TLParamsLocked", 1)
            call("arv_device_execute_command", camera, b"AcquisitionStart")

    def read(self, timeout: float) -> FrameSet:
        """The next buffer, or buffers until all components of a time stamp are there."""
        end = time.monotonic() + timeout
        while self._held is None:
            self._held = self._take(max(0.0, end - time.monotonic()), timeout)
        self._rounds.close(self._held.stamp_device_ns)
        frames, self._held = self._held, None
        return frames

    def stop(self) -> None:
        """End the stream."""
        if self._stream is None:
            return
        with self._answering() as camera:
            call("arv_device_execute_command", camera, b"AcquisitionStop")
            self._nodes.put("TLParamsLocked", 0)
            stream, self._stream = self._stream, None
            call("g_object_unref", stream)

    def close(self) -> None:
        """Close the camera, lost or not."""
        objects = [each for each in (self._stream, self._handle) if each is not None]
        self._stream = self._handle = None
        gige_control.let_go(objects, self._is_lost)

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

    def counters(self) -> Mapping[str, int]:
        """What libaravis counts of the stream, by its names."""
        return {} if self._stream is None else gige_control.counters(self._stream)

    def _take(self, wait: float, timeout: float) -> FrameSet | None:
        """The frame that the next buffer completes, if it does."""
        buffer = call("arv_stream_timeout_pop_buffer", self._stream, int(wait * 1e6))
        if buffer is None:
            with self._answering() as camera:
                if not call("arv_gv_device_is_controller", camera):
                    raise AravisError("it was unplugged, or another program took it over")
            raise FrameTimeout(f"no frame for {timeout:g} s")
        try:
            return self._frames(buffer)
        finally:
            call("arv_stream_push_buffer", self._stream, buffer)

    def _frames(self, buffer: int) -> FrameSet | None:
        status = call("arv_buffer_get_status", buffer)
        if status != SUCCESS and not self.numbered:
            return None  # the round of which it has a component will end without it
        if status != SUCCESS:
            raise FrameIncomplete(f"a buffer is not whole: {STATUSES.get(status, status)}")
        number = self._numbers.extend(call("arv_buffer_get_frame_id", buffer))
        stamp_ns = call("arv_buffer_get_timestamp", buffer)
        pictures = self._rounds.add(stamp_ns, gige_buffers.pictures(buffer, self._forms))
        if pictures is None:
            return None
        if self._setup.chunks:
            self._nodes.hold(buffer)
        return self._setup.frames(pictures, self._nodes, number, stamp_ns)

    def _form(self, component: str, name: str) -> Form:
        self._nodes.put("ComponentSelector", component)
        return Form(component, self._nodes.number("PixelFormat") or 0, name)

    def _come_together(self) -> bool:
        """Have several components sent in one buffer; whether they are."""
        can = self._nodes.put("ArvGevSCCFGMultipart", True)
        return can and self._nodes.get("AcquisitionMultiPartMode") in (None, "SynchronizedComponents")

    def _look(self) -> None:
        """Learn how the camera sees from one frame, if one comes."""
        self.start()
        buffer = call("arv_stream_timeout_pop_buffer", self._stream, int(_LOOK * 1e6))
        if buffer is not None:
            if call("arv_buffer_get_status", buffer) == SUCCESS:
                self._nodes.hold(buffer)
                self._setup = self._setup.told(self._nodes)
            call("arv_stream_push_buffer", self._stream, buffer)
        self.stop()

    @contextmanager
    def _answering(self) -> Iterator[int]:
        if self._handle is None:
            raise DeviceLost("the camera was closed: open it again")
        if self._is_lost:
            raise DeviceLost(f"the camera at {self._address} does not answer")
        try:
            yield self._handle
        except AravisError as error:
            self._is_lost = True
            raise DeviceLost(f"the camera at {self._address} does not answer: {error}") from error
