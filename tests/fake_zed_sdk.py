"""What depthkit calls of Stereolabs' `pyzed.sl`, with the names, signatures and units of SDK 5, and cameras behind it.

Lengths are millimetres unless InitParameters.coordinate_units says otherwise, angular velocities degrees a second, the
pictures BGRA; depth is NaN where occluded, −∞ too near, ∞ too far. A number of the frame is in its pictures.
"""

import enum
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

FX, CX, CY, BASELINE_M = 529.5, 641.25, 361.5, 0.12
STAMP_NS, PERIOD_NS, IMU_NS = 1_700_000_000_000_000_000, 33_333_333, 2_500_000
DEPTH_M = 2.5
T_LEFT_IMU = np.array([[0.0, -1, 0, 0.002], [1, 0, 0, -0.023], [0, 0, 1, 0.0002], [0, 0, 0, 1]])


def _enum(name: str, members: str) -> Any:
    return enum.Enum(name, members.split())


ERROR_CODE = _enum(
    "ERROR_CODE",
    "POTENTIAL_CALIBRATION_ISSUE CORRUPTED_FRAME CAMERA_REBOOTING SUCCESS FAILURE NO_GPU_DETECTED CAMERA_NOT_DETECTED "
    "SENSORS_NOT_AVAILABLE INVALID_FUNCTION_PARAMETERS CALIBRATION_FILE_NOT_AVAILABLE CANNOT_START_CAMERA_STREAM "
    "CAMERA_FAILED_TO_SETUP LOW_USB_BANDWIDTH CAMERA_NOT_INITIALIZED CUDA_ERROR",
)
MODEL = _enum("MODEL", "ZED ZED2 ZED_X ZED_XONE_GS")
CAMERA_STATE = _enum("CAMERA_STATE", "AVAILABLE NOT_AVAILABLE")
RESOLUTION = _enum("RESOLUTION", "HD2K HD1080 HD1200 HD720 SVGA VGA AUTO")
UNIT = _enum("UNIT", "MILLIMETER METER")
COORDINATE_SYSTEM = _enum("COORDINATE_SYSTEM", "IMAGE RIGHT_HANDED_Y_UP")
DEPTH_MODE = _enum("DEPTH_MODE", "NONE NEURAL")
VIEW = _enum("VIEW", "LEFT RIGHT")
MEASURE = _enum("MEASURE", "DEPTH")
MEM = _enum("MEM", "CPU GPU")
TIME_REFERENCE = _enum("TIME_REFERENCE", "IMAGE CURRENT")
VIDEO_SETTINGS = _enum("VIDEO_SETTINGS", "BRIGHTNESS EXPOSURE GAIN AEC_AGC WHITEBALANCE_TEMPERATURE EXPOSURE_TIME")
SIZES = {"HD2K": (2208, 1242), "HD1080": (1920, 1080), "HD1200": (1920, 1200), "HD720": (1280, 720), "VGA": (672, 376)}


class InitParameters:
    """With the SDK's defaults."""

    def __init__(self) -> None:
        self.camera_resolution, self.camera_fps = RESOLUTION.AUTO, 0
        self.coordinate_units, self.coordinate_system = UNIT.MILLIMETER, COORDINATE_SYSTEM.IMAGE
        self.depth_mode, self.sdk_verbose = DEPTH_MODE.NEURAL, 1
        self.camera_disable_self_calib = self.async_grab_camera_recovery = False
        self.serial_number = 0

    def set_from_serial_number(self, serial_number: int) -> None:
        self.serial_number = serial_number


class RuntimeParameters:
    pass


class Mat:
    def __init__(self) -> None:
        self.data: NDArray[Any] = np.zeros((0, 0))

    def get_data(self) -> NDArray[Any]:
        """The SDK's own memory, which the next frame overwrites."""
        return self.data


class Timestamp:
    def __init__(self, data_ns: int) -> None:
        self.data_ns = data_ns

    def get_nanoseconds(self) -> int:
        return self.data_ns


class IMUData:
    def __init__(self, stamp_ns: int) -> None:
        self.timestamp = Timestamp(stamp_ns)

    def get_angular_velocity(self) -> list[float]:
        return [180.0, 0.0, -90.0]

    def get_linear_acceleration(self) -> list[float]:
        return [0.0, -9.8, 0.1]


class SensorsData:
    def __init__(self, stamp_ns: int) -> None:
        self._imu = IMUData(stamp_ns)

    def get_imu_data(self) -> IMUData:
        return self._imu


def device(serial: int, model: Any, state: Any = CAMERA_STATE.AVAILABLE) -> Any:
    """DeviceProperties."""
    return SimpleNamespace(serial_number=serial, camera_model=model, camera_state=state, id=0, path="/dev/video0")


class Camera:
    """devices: connected; opens: what the next `open`s answer; grabs: what the next `grab`s do; both SUCCESS after."""

    devices: ClassVar[list[Any]] = []
    opens: ClassVar[list[Any]] = []
    grabs: ClassVar[list[Any]] = []
    all: ClassVar[list["Camera"]] = []

    def __init__(self) -> None:
        self.init, self.count, self.closed = InitParameters(), 0, False
        self.settings = {VIDEO_SETTINGS.BRIGHTNESS: 4, VIDEO_SETTINGS.EXPOSURE: 80, VIDEO_SETTINGS.GAIN: 40}
        self.settings |= {VIDEO_SETTINGS.AEC_AGC: 1, VIDEO_SETTINGS.WHITEBALANCE_TEMPERATURE: 4600}
        self.all.append(self)

    @staticmethod
    def get_device_list() -> list[Any]:
        return Camera.devices

    def open(self, py_init: InitParameters) -> Any:
        self.init = py_init
        return self.opens.pop(0) if self.opens else ERROR_CODE.SUCCESS

    def close(self) -> None:
        self.closed = True

    def get_camera_information(self) -> Any:
        size = SimpleNamespace(width=self._size[0], height=self._size[1])
        scale, metre = self._size[0] / 1280, self._metre
        eye = SimpleNamespace(
            fx=FX * scale, fy=FX * scale, cx=CX * scale, cy=CY * scale, disto=[0.0] * 12, image_size=size
        )
        calibration = SimpleNamespace(left_cam=eye, right_cam=eye, get_camera_baseline=lambda: BASELINE_M * metre)
        T = T_LEFT_IMU.astype(np.float32)
        T[:3, 3] *= metre
        has_imu = self._properties.camera_model is not MODEL.ZED
        sensors = SimpleNamespace(
            camera_imu_transform=SimpleNamespace(m=T), gyroscope_parameters=SimpleNamespace(is_available=has_imu)
        )
        configuration = SimpleNamespace(
            resolution=size, fps=float(self.init.camera_fps), firmware_version=1523, calibration_parameters=calibration
        )
        return SimpleNamespace(camera_configuration=configuration, sensors_configuration=sensors)

    def grab(self, py_runtime: RuntimeParameters) -> Any:
        code = self.grabs.pop(0) if self.grabs else ERROR_CODE.SUCCESS
        self.count += 1
        return code

    def retrieve_image(self, py_mat: Mat, view: Any, mem_type: Any) -> Any:
        assert mem_type is MEM.CPU
        picture = (3, 2 if view is VIEW.RIGHT else 1, self.count, 255)  # blue, green, red, alpha
        return self._fill(py_mat, np.full((*self._size[::-1], 4), picture, np.uint8))

    def retrieve_measure(self, py_mat: Mat, measure: Any, mem_type: Any) -> Any:
        if self.init.depth_mode is DEPTH_MODE.NONE:
            return ERROR_CODE.INVALID_FUNCTION_PARAMETERS
        depth = np.full(self._size[::-1], DEPTH_M * self._metre, np.float32)
        depth[0, :3] = np.nan, -np.inf, np.inf
        return self._fill(py_mat, depth)

    def get_timestamp(self, time_reference: Any) -> Timestamp:
        assert time_reference is TIME_REFERENCE.IMAGE
        return Timestamp(STAMP_NS + self.count * PERIOD_NS)

    def get_sensors_data_batch(self, sensors_data: list[SensorsData]) -> Any:
        """All since the grab before; the first comes again."""
        now = self.get_timestamp(TIME_REFERENCE.IMAGE).data_ns
        first = now - PERIOD_NS - (now - PERIOD_NS) % IMU_NS
        sensors_data.extend(SensorsData(stamp) for stamp in range(first, now, IMU_NS))
        return ERROR_CODE.SUCCESS

    def get_frame_dropped_count(self) -> int:
        return 2

    def get_camera_settings(self, setting: Any) -> tuple[Any, int]:
        known = setting in self.settings
        return (ERROR_CODE.SUCCESS if known else ERROR_CODE.INVALID_FUNCTION_PARAMETERS), self.settings.get(setting, -1)

    def get_camera_settings_range(self, setting: Any) -> tuple[Any, int, int]:
        low, high = (2800, 6500) if setting is VIDEO_SETTINGS.WHITEBALANCE_TEMPERATURE else (0, 100)
        return ERROR_CODE.SUCCESS, low, high

    def set_camera_settings(self, settings: Any, value: int = -1) -> Any:
        step = 100 if settings is VIDEO_SETTINGS.WHITEBALANCE_TEMPERATURE else 1
        self.settings[settings] = value - value % step
        if settings in (VIDEO_SETTINGS.EXPOSURE, VIDEO_SETTINGS.GAIN):
            self.settings[VIDEO_SETTINGS.AEC_AGC] = 0
        return ERROR_CODE.SUCCESS

    @property
    def _size(self) -> tuple[int, int]:
        return SIZES[self.init.camera_resolution.name]

    @property
    def _metre(self) -> float:
        return 1.0 if self.init.coordinate_units is UNIT.METER else 1000.0

    @property
    def _properties(self) -> Any:
        return next(each for each in self.devices if each.serial_number == self.init.serial_number)

    def _fill(self, mat: Mat, data: NDArray[Any]) -> Any:
        if mat.data.shape == data.shape and mat.data.dtype == data.dtype:
            mat.data[:] = data  # in its memory, as the SDK does
        else:
            mat.data = data
        return ERROR_CODE.SUCCESS
