"""A ZED that Stereolabs' SDK reads: rectified pictures, depth, and what the inertial sensors felt."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from depthkit import depth
from depthkit.arrays import F32, U8
from depthkit.cameras import Rig
from depthkit.errors import UnsupportedMode
from depthkit.live import Device, Option, Profile, Request, Value, choose
from depthkit.types import FrameSet, ImuSamples
from depthkit_drivers import zed_sdk, zed_settings
from depthkit_drivers.zed_errors import check, check_grabbed

_SIZES = {
    "HD720": (1280, 720), "HD1080": (1920, 1080), "HD2K": (2208, 1242), "VGA": (672, 376),
    "HD1200": (1920, 1200), "SVGA": (960, 600),
}  # fmt: skip
_RATES_USB = {"HD720": (30, 60, 15), "HD1080": (30, 15), "HD2K": (15,), "VGA": (30, 100, 60, 15)}
_RATES_X = {"HD1200": (30, 60, 15), "HD1080": (30, 60, 15), "SVGA": (30, 120, 60, 15)}  # of a ZED X
_STREAMS = (("left", "bgra8", False), ("right", "bgra8", False), ("depth", "32FC1", True))


class ZedSdkDevice(Device):
    """A ZED that the SDK rectifies, in metres and in the axes of its left camera (OpenCV's).

    Its stamps are nanoseconds since 1970 on this computer's clock. `depth` comes when it is asked for, and needs a GPU.
    Raises CameraNotFound and DeviceBusy; from `configure` on, what an sl.ERROR_CODE means (zed_errors).
    """

    numbered = False

    def __init__(self, sl: Any, serial: str) -> None:
        found = zed_sdk.found(sl, serial)
        self._sl, self._model, self.serial = sl, found.camera_model.name, str(found.serial_number)
        self._camera, self._runtime, self._mat = sl.Camera(), sl.RuntimeParameters(), sl.Mat()
        self._felt_until = 0

    def profiles(self) -> Sequence[Profile]:
        """The modes of its model."""
        rates = _RATES_X if "_X" in self._model else _RATES_USB
        return [
            Profile(role, *_SIZES[name], fps, form, optional)
            for role, form, optional in _STREAMS
            for name, each in rates.items()
            for fps in each
        ]

    def configure(self, request: Request) -> Sequence[Profile]:
        """Open it; UnsupportedMode for streams of different sizes or rates."""
        chosen = choose(self.profiles(), request)
        if len({(profile.width, profile.height, profile.fps) for profile in chosen}) > 1:
            raise UnsupportedMode(f"all streams of a ZED have one size and rate, not {' and '.join(map(str, chosen))}")
        self._roles = [profile.role for profile in chosen]
        check(self._camera.open(self._parameters(chosen[0])), f"zed:{self.serial}")
        information = self._camera.get_camera_information()
        self._check_mode(information.camera_configuration, chosen[0])
        self.firmware = str(information.camera_configuration.firmware_version)
        self._has_imu = information.sensors_configuration.gyroscope_parameters.is_available
        self._rig = zed_sdk.rig_of(information, self._roles, self._has_imu)
        self._settings = zed_settings.read(self._sl, self._camera)
        return chosen

    @property
    def rig(self) -> Rig:
        """Of the rectified pictures."""
        return self._rig

    def start(self) -> None:
        """Nothing to do: an open ZED streams."""

    def read(self, timeout: float) -> FrameSet:
        """The next frame; how long the SDK waits for it, it says by itself."""
        check_grabbed(self._camera.grab(self._runtime), f"zed:{self.serial}")
        stamp = int(self._camera.get_timestamp(self._sl.TIME_REFERENCE.IMAGE).get_nanoseconds())
        images = {role: self._image(role) for role in self._roles if role != "depth"}
        measured = None
        if "depth" in self._roles:
            measured = depth.from_device(self._depth(), self._rig.camera("depth"), stamp)
        return FrameSet(images, self._rig, stamp_device_ns=stamp, depth=measured, imu=self._felt())

    def stop(self) -> None:
        """Nothing to do: what is silent after this is opened anew."""

    def close(self) -> None:
        """Give it free."""
        self._camera.close()

    def options(self) -> Sequence[Option]:
        """The SDK's VIDEO_SETTINGS that this model has."""
        return self._settings

    def get(self, name: str) -> Value:
        """What the camera has."""
        return zed_settings.get(self._sl, self._camera, name)

    def set(self, name: str, value: Value) -> None:
        """Set it; InputError, with what came of it, where the camera does not take it."""
        zed_settings.set_to(self._sl, self._camera, name, value)

    def counters(self) -> dict[str, int]:
        """Frames that the SDK lost."""
        return {"dropped": int(self._camera.get_frame_dropped_count())}

    def _parameters(self, profile: Profile) -> Any:
        sl, wanted = self._sl, self._sl.InitParameters()
        name = next(name for name, size in _SIZES.items() if size == (profile.width, profile.height))
        wanted.set_from_serial_number(int(self.serial))
        wanted.camera_resolution, wanted.camera_fps = getattr(sl.RESOLUTION, name), int(profile.fps)
        wanted.coordinate_units, wanted.coordinate_system = sl.UNIT.METER, sl.COORDINATE_SYSTEM.IMAGE
        wanted.depth_mode = sl.DEPTH_MODE.NEURAL if "depth" in self._roles else sl.DEPTH_MODE.NONE
        wanted.camera_disable_self_calib = True  # or the calibration is another one each time it is opened
        wanted.async_grab_camera_recovery = True  # or `grab` does not come back while the camera is away
        wanted.sdk_verbose = 0
        return wanted

    def _check_mode(self, found: Any, wanted: Profile) -> None:
        """The SDK may fall back to another mode than it was asked for."""
        size = found.resolution.width, found.resolution.height
        if (*size, found.fps) != (wanted.width, wanted.height, wanted.fps):
            raise UnsupportedMode(f"asked for {wanted}, the ZED gives {size[0]}×{size[1]} at {found.fps:g} fps")

    def _image(self, role: str) -> U8:
        """(H, W, 3) RGB, copied out of the SDK's buffer."""
        sl, name = self._sl, f"zed:{self.serial}"
        check(self._camera.retrieve_image(self._mat, getattr(sl.VIEW, role.upper()), sl.MEM.CPU), name)
        return np.asarray(cv2.cvtColor(self._mat.get_data(), cv2.COLOR_BGRA2RGB), np.uint8)

    def _depth(self) -> F32:
        """(H, W) float32 m with NaN unknown, −∞ too near, ∞ too far, copied out of the SDK's buffer."""
        sl, name = self._sl, f"zed:{self.serial}"
        check(self._camera.retrieve_measure(self._mat, sl.MEASURE.DEPTH, sl.MEM.CPU), name)
        return np.array(self._mat.get_data(), np.float32)

    def _felt(self) -> ImuSamples | None:
        """All since the frame before, in rad/s and m/s²; the SDK gives some twice."""
        batch: list[Any] = []
        if not self._has_imu or self._camera.get_sensors_data_batch(batch) != self._sl.ERROR_CODE.SUCCESS:
            return None
        all_samples = [each.get_imu_data() for each in batch]
        stamped = {int(each.timestamp.get_nanoseconds()): each for each in all_samples}
        new = {stamp: each for stamp, each in sorted(stamped.items()) if stamp > self._felt_until}
        if not new:
            return None
        self._felt_until = max(new)
        turning = np.radians(np.array([each.get_angular_velocity() for each in new.values()], np.float64))
        pulling = np.array([each.get_linear_acceleration() for each in new.values()], np.float64)
        return ImuSamples(np.array([*new], np.int64), turning, pulling)
