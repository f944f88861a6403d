"""`realsense:SERIAL`: Intel and RealSense depth cameras through librealsense (pyrealsense2).

Ethernet cameras are found when librealsense's own settings (~/.realsense-config.json) enable DDS.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache

import numpy as np
import pyrealsense2 as rs

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import Rig
from depthkit.capture import CameraInfo
from depthkit.errors import AccessDenied, CameraNotFound, DeviceBusy, DeviceLost, DriverError, FrameTimeout
from depthkit.live import Device, Option, Profile, Request, choose
from depthkit.live.options import Value
from depthkit.types import FrameSet
from depthkit_drivers import realsense_frames as frames_of
from depthkit_drivers.realsense_motion import MotionReader
from depthkit_drivers.realsense_options import SensorOptions

_VENDOR = "8086"
_APPEARS = 4.0  # s, within which a camera on the network is seen: librealsense looks every 3 s
_ATTEMPTS = 3
_QUEUE = 8  # sets, which the library takes out as they come
_ROLES = {("Depth", 0): "depth", ("Infrared", 0): "ir", ("Infrared", 1): "left", ("Infrared", 2): "right"}
_FORMATS = {
    rs.format.z16: "16UC1", rs.format.y8: "mono8", rs.format.y16: "mono16", rs.format.rgb8: "rgb8",
    rs.format.bgr8: "bgr8", rs.format.yuyv: "yuv422_yuy2", rs.format.uyvy: "yuv422",
}  # fmt: skip


class RealSenseDriver:
    """Cameras of librealsense, on USB and, where its settings say so, on the network."""

    parameters: Mapping[str, str] = {}

    def open(self, address: str, parameters: Mapping[str, str]) -> Device:
        """Open the camera with that serial number, or the only or first one."""
        deadline = time.monotonic() + _APPEARS
        while True:
            found = _devices()
            if found.get(address) or (found and not address):
                return RealSenseDevice(found[address or next(iter(found))])
            if time.monotonic() > deadline:
                raise CameraNotFound.among(
                    address and f"realsense:{address}", [f"realsense:{serial}" for serial in found]
                )
            time.sleep(0.1)

    def discover(self) -> list[CameraInfo]:
        """Those connected now."""
        return [_described(serial, device) for serial, device in _devices().items()]

    @contextmanager
    def watch(self, changed: Callable[[], None]) -> Iterator[None]:
        """Have `changed` called when librealsense sees a camera come or go."""
        _context()  # which looks for cameras from when it is made
        _listeners.append(changed)
        try:
            yield
        finally:
            _listeners.remove(changed)


class RealSenseDevice(Device):
    """One camera, its pictures through a pipeline, its motion sensors beside it."""

    def __init__(self, device: rs.device) -> None:
        self._device = device
        self.serial, self.firmware = _info(device, "serial_number"), _info(device, "firmware_version")
        self._sensors = list(device.query_sensors())
        self._options = SensorOptions(self._sensors)
        self._motion = MotionReader(self._sensors)
        self._wanted: dict[Profile, rs.stream_profile] = {}
        self._rig: Rig | None = None
        self._pipeline: rs.pipeline | None = None

    def profiles(self) -> list[Profile]:
        """All modes with a format that depthkit reads; infrared and motion are streamed when asked for."""
        return [*self._profiles, *self._motion.profiles]

    @property
    def _profiles(self) -> dict[Profile, rs.stream_profile]:
        """Each picture's mode and what librealsense calls it, what the camera prefers first."""
        found: dict[Profile, rs.stream_profile] = {}
        for sensor in self._sensors:
            with _explained(self.serial):
                known = sensor.get_stream_profiles()
            for each in sorted(known, key=lambda profile: not profile.is_default()):
                if each.format() in _FORMATS and each.is_video_stream_profile():
                    found.setdefault(_profile(each.as_video_stream_profile()), each)
        return found

    def configure(self, request: Request) -> list[Profile]:
        """Choose modes, depth and colour if nothing else is asked for."""
        chosen = choose(self.profiles(), request)
        known = self._profiles
        self._wanted = {profile: known[profile] for profile in chosen if profile in known}
        self._motion.wanted = len(self._wanted) < len(chosen)
        if not self._wanted:
            raise DriverError("motion comes with pictures: ask for streams=depth,imu")
        self._rig = self._factory_rig()
        return [*self._wanted, *(profile for profile in chosen if profile not in known)]

    @property
    def rig(self) -> Rig:
        """Factory calibration, in the frame of the depth camera, which is that of the left imager."""
        if self._rig is None:
            raise DriverError("configure the camera first: its calibration depends on the mode")
        return self._rig

    def start(self) -> None:
        """Start the pipeline, and motion if it is wanted."""
        config = rs.config()
        config.enable_device(self.serial)
        for stream in self._wanted.values():
            video = stream.as_video_stream_profile()
            kind, size = (stream.stream_type(), stream.stream_index()), (video.width(), video.height())
            config.enable_stream(*kind, *size, stream.format(), stream.fps())
        with _explained(self.serial):
            self._pipeline = self._started(config)
            self._motion.start()

    def read(self, timeout: float) -> FrameSet:
        """The next set of pictures, of one moment by their stamps; copies, since librealsense has few buffers."""
        if self._pipeline is None:
            raise DeviceLost(f"RealSense {self.serial} is not started")
        with _explained(self.serial):
            came, found = self._queue.try_wait_for_frame(max(1, round(1000 * timeout)))
        if not came:
            self._check_connected()
            raise FrameTimeout(f"RealSense {self.serial} sent no frame for {timeout} s")
        return frames_of.frame_set(
            found.as_frameset(), [profile.role for profile in self._wanted], self.rig, self._motion.take()
        )

    def stop(self) -> None:
        """Stop all streams."""
        self._motion.stop()
        if self._pipeline is not None:
            with suppress(RuntimeError):  # it says so when it is not running, or the camera is gone
                self._pipeline.stop()
            self._pipeline = None

    def close(self) -> None:
        """Stop; librealsense gives a camera free when nobody refers to it."""
        self.stop()

    def options(self) -> Sequence[Option]:
        """All settings of all sensors; those of the colour camera are called color.NAME."""
        return self._options.described

    def get(self, name: str) -> Value:
        """The value of an option."""
        with _explained(self.serial):
            return self._options.get(name)

    def set(self, name: str, value: Value) -> None:
        """Set an option."""
        with _explained(self.serial):
            self._options.set(name, value)

    def _started(self, config: rs.config) -> rs.pipeline:
        """A pipeline that fills a queue: waiting in it would connect again behind our back, with other numbers."""
        for attempt in range(_ATTEMPTS):
            self._queue, pipeline = rs.frame_queue(_QUEUE), rs.pipeline(_context())
            try:
                pipeline.start(config, self._queue)
                break
            except RuntimeError as error:  # a camera on a busy network may answer late
                if attempt == _ATTEMPTS - 1 or "timeout waiting for reply" not in str(error):
                    raise
                for end in (end for sensor in self._sensors for end in (sensor.stop, sensor.close)):
                    with suppress(RuntimeError):  # of those that were not started meanwhile
                        end()
        return pipeline

    def _factory_rig(self) -> Rig:
        profiles = {profile.role: stream.as_video_stream_profile() for profile, stream in self._wanted.items()}
        origin = profiles.get("depth") or profiles.get("left") or next(iter(profiles.values()))
        cameras = {role: frames_of.camera(stream.get_intrinsics()) for role, stream in profiles.items()}
        poses = {role: _T(stream, origin) for role, stream in profiles.items()}
        T_imu_rig = None if self._motion.profile is None else _T(self._motion.profile, origin)
        return Rig(cameras, poses, {"source": f"the factory's, in RealSense {self.serial}"}, T_imu_rig)

    def _check_connected(self) -> None:
        """DeviceLost if the camera is gone, which a pipeline does not say by itself."""
        if self.serial not in _devices():
            raise DeviceLost(f"RealSense {self.serial} was unplugged")


@cache
def _context() -> rs.context:
    """One for the whole process: librealsense shares devices by it, and looks for cameras on the network in it."""
    context = rs.context()
    context.set_devices_changed_callback(lambda _: [listener() for listener in list(_listeners)])
    return context


_listeners: list[Callable[[], None]] = []


def _devices() -> dict[str, rs.device]:
    with _explained("of any serial"):
        return {_info(device, "serial_number"): device for device in _context().query_devices()}


def _info(device: rs.device | rs.sensor, name: str) -> str:
    key = getattr(rs.camera_info, name)
    return str(device.get_info(key)) if device.supports(key) else ""


def _described(serial: str, device: rs.device) -> CameraInfo:
    streams = tuple(dict.fromkeys(profile.role for profile in RealSenseDevice(device).profiles()))
    return CameraInfo(f"realsense:{serial}", _info(device, "name"), serial, streams, _info(device, "firmware_version"))


def _profile(stream: rs.video_stream_profile) -> Profile:
    kind = stream.stream_name().partition("_")[0].partition(" ")[0]
    role = _ROLES.get((kind, stream.stream_index()), kind.lower())
    form, optional = _FORMATS[stream.format()], role in ("left", "right", "ir")
    return Profile(role, stream.width(), stream.height(), stream.fps(), form, optional)


def _T(target: rs.stream_profile, source: rs.stream_profile) -> F64:
    """`T_target_source` in metres."""
    found = source.get_extrinsics_to(target)
    return transforms.from_rotation_translation(np.reshape(found.rotation, (3, 3)).T, found.translation)  # by columns


@contextmanager
def _explained(serial: str) -> Iterator[None]:
    """librealsense's errors as ours."""
    try:
        yield
    except RuntimeError as error:
        text, camera = str(error), f"RealSense {serial}"
        low = text.lower()
        if "busy" in low:
            raise DeviceBusy(f"{camera} is used by another program: close that first") from error
        if "access" in low or "permission" in low or "power state" in low:
            raise AccessDenied.to_usb(camera, _VENDOR) from error
        if "no device connected" in low or "disconnected" in low or "couldn't resolve" in low:
            raise DeviceLost(f"{camera} is gone: {text}") from error
        raise DriverError(f"{camera}: {text}") from error
