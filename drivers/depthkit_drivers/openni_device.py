"""A camera of OpenNI's: depth, colour and infrared, paired by their stamps."""

import time
from contextlib import suppress
from typing import Any

from numpy.typing import NDArray
from openni import openni2

from depthkit.cameras import CameraModel, Rig
from depthkit.depth import from_steps
from depthkit.errors import CameraNotFound, DeviceLost, FrameIncomplete, FrameTimeout, reason
from depthkit.live import Device, Profile, Request, choose, image_of
from depthkit.types import FrameSet
from depthkit_drivers.openni_library import loaded
from depthkit_drivers.rigs import rig_of

_ROLES = {"depth": openni2.SENSOR_DEPTH, "color": openni2.SENSOR_COLOR, "ir": openni2.SENSOR_IR}
_SCALES = {openni2.PIXEL_FORMAT_DEPTH_1_MM: 1e-3, openni2.PIXEL_FORMAT_DEPTH_100_UM: 1e-4}
_FORMATS: dict[Any, tuple[str, tuple[int, ...], str]] = {
    openni2.PIXEL_FORMAT_DEPTH_1_MM: ("16UC1", (), "u2"),
    openni2.PIXEL_FORMAT_DEPTH_100_UM: ("16UC1", (), "u2"),
    openni2.PIXEL_FORMAT_RGB888: ("rgb8", (3,), "u1"),
    openni2.PIXEL_FORMAT_GRAY8: ("mono8", (), "u1"),
    openni2.PIXEL_FORMAT_GRAY16: ("mono16", (), "u2"),
}
"""The encoding's name in ROS, channels if there are several, and the type of a value."""

_FOCAL = 570.3 / 640  # widths of the picture: what PrimeSense's sensors are like


class OpenNiDevice(Device):
    """The camera of a name. Its depth's number and stamp are those of a frame."""

    def __init__(self, uri: str, rig_file: str | None) -> None:
        self._uri, self._rig_file = uri, rig_file
        self._openni = loaded()
        try:
            self._device = self._openni.Device(uri.encode() if uri else None)
        except Exception as error:
            names = [f"openni:{name}" for name, _ in listed()]
            raise CameraNotFound(f"{CameraNotFound.among(uri and f'openni:{uri}', names)} ({reason(error)})") from error
        self._modes: dict[Profile, Any] = {}
        for role, sensor in _ROLES.items():
            if self._device.has_sensor(sensor):
                for mode in self._device.get_sensor_info(sensor).videoModes:
                    if mode.pixelFormat in _FORMATS:
                        self._modes.setdefault(_profile(role, mode), mode)
        self._streams: dict[str, Any] = {}
        self._waiting: dict[str, tuple[int, int, NDArray[Any]]] = {}  # number, stamp in ns, pixels

    @property
    def address(self) -> str:
        """OpenNI's name."""
        return self._uri

    def profiles(self) -> list[Profile]:
        """All modes of formats that depthkit reads; infrared when asked for, which few cameras send beside colour."""
        return list(self._modes)

    def configure(self, request: Request) -> list[Profile]:
        """Create the streams, not mirrored, which OpenNI does unless it is told otherwise."""
        chosen = choose(self.profiles(), request)
        for profile in chosen:
            stream = self._device.create_stream(_ROLES[profile.role])
            if _profile(profile.role, stream.get_video_mode()) != profile:  # some cameras cannot even be asked for it
                stream.set_video_mode(self._modes[profile])
            with suppress(openni2.OpenNIError):  # not all can be mirrored
                stream.set_mirroring_enabled(False)
            self._streams[profile.role] = stream
        self._scale = {p.role: _SCALES.get(self._modes[p].pixelFormat, 0.0) for p in chosen}
        self._profiles = {profile.role: profile for profile in chosen}
        self._half_ns = round(1e9 / chosen[0].fps / 2)
        self._rig = self._calibration()
        return chosen

    @property
    def rig(self) -> Rig:
        """Of a file, or nominal."""
        return self._rig

    def start(self) -> None:
        """Start all streams."""
        for stream in self._streams.values():
            stream.start()

    def read(self, timeout: float) -> FrameSet:
        """The next pictures of one moment."""
        deadline = time.monotonic() + timeout
        while len(self._waiting) < len(self._streams):
            left = deadline - time.monotonic()
            ready = (
                self._openni.wait_for_any_stream(list(self._streams.values()), max(0.001, left)) if left > 0 else None
            )
            if ready is None:
                raise FrameTimeout(f"openni:{self._uri} sent no frame for {timeout} s")
            self._take(next(role for role, stream in self._streams.items() if stream is ready))
        parts, self._waiting = self._waiting, {}
        return self._frame(parts)

    def stop(self) -> None:
        """Stop all streams."""
        self._waiting = {}
        for stream in self._streams.values():
            stream.stop()

    def close(self) -> None:
        """Give the camera free."""
        for stream in self._streams.values():
            stream.close()
        self._streams = {}
        self._device.close()

    def _take(self, role: str) -> None:
        """Keep the stream's next picture, and drop those that are half a period older or more."""
        try:
            frame = self._streams[role].read_frame()
        except openni2.OpenNIError as error:
            raise DeviceLost(f"openni:{self._uri} is gone: {reason(error)}") from error
        form = self._profiles[role]
        _, channels, dtype = _FORMATS[self._modes[form].pixelFormat]
        data = memoryview(frame.get_buffer_as_uint8()).cast("B")
        pixels = image_of(data, (frame.height, frame.width, *channels), dtype, frame.stride)
        number, stamp_ns = int(frame.frameIndex), int(frame.timestamp) * 1000
        frame.close()  # OpenNI has few
        stale = {r: each for r, each in self._waiting.items() if stamp_ns - each[1] > self._half_ns or r == role}
        self._waiting = {r: each for r, each in self._waiting.items() if r not in stale}
        self._waiting[role] = number, stamp_ns, pixels
        if stale:
            raise FrameIncomplete(f"a frame has no {', '.join(set(self._streams) - set(stale)) or role}")

    def _frame(self, parts: dict[str, tuple[int, int, NDArray[Any]]]) -> FrameSet:
        number, stamp_ns, _ = parts.get("depth") or next(iter(parts.values()))
        images = {role: pixels for role, (_, _, pixels) in parts.items() if role != "depth"}
        depth = None
        if "depth" in parts:
            depth = from_steps(parts["depth"][2], self._scale["depth"], self._rig.camera("depth"), stamp_ns)
        return FrameSet(images, self._rig, number, stamp_ns, depth=depth)

    def _calibration(self) -> Rig:
        sizes = {role: (profile.width, profile.height) for role, profile in self._profiles.items()}
        if self._rig_file is not None:
            return rig_of(self._rig_file, list(sizes), next(iter(sizes.values())))
        cameras = {role: _nominal(*size) for role, size in sizes.items()}
        return Rig(cameras, provenance={"source": "nominal for cameras of OpenNI, not measured on this one"})


def listed() -> list[tuple[str, str]]:
    """Names and descriptions of the cameras that are plugged in."""
    found = loaded().Device.enumerate_uris()
    return [(uri.decode(), "camera of OpenNI") for uri in found]


def _profile(role: str, mode: Any) -> Profile:
    encoding = _FORMATS[mode.pixelFormat][0]
    return Profile(role, mode.resolutionX, mode.resolutionY, mode.fps, encoding, optional=role == "ir")


def _nominal(width: int, height: int) -> CameraModel:
    focal = _FOCAL * width
    return CameraModel(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)
