"""What the ZED SDK's error codes mean, by their names: versions of the SDK number them differently."""

from typing import Any

from depthkit.errors import (
    CalibrationError,
    CameraNotFound,
    DepthkitError,
    DeviceBusy,
    DeviceLost,
    DriverError,
    DriverNotInstalled,
    FrameIncomplete,
    FrameTimeout,
    UnsupportedMode,
)

_FINE = {
    "SUCCESS", "SENSOR_CONFIGURATION_CHANGED", "POTENTIAL_CALIBRATION_ISSUE", "CONFIGURATION_FALLBACK",
    "SENSORS_DATA_REQUIRED",
}  # fmt: skip
"""The first, and warnings."""

_NO_GPU = "it needs an NVIDIA GPU with a driver that suits the SDK; conf=SN<serial>.conf does without the SDK"
_REINSTALL = "install the ZED SDK again, then run its get_python_api.py; conf=SN<serial>.conf does without the SDK"
_CABLE = "plug it into another USB 3 port, or turn its USB-C plug over"

_MEANT: dict[str, tuple[type[DepthkitError], str]] = {
    "CAMERA_NOT_DETECTED": (CameraNotFound, "check its cable"),
    "CAMERA_DETECTION_ISSUE": (CameraNotFound, _CABLE),
    "CANNOT_START_CAMERA_STREAM": (DeviceBusy, "close the program that has it"),
    "CAMERA_FAILED_TO_SETUP": (UnsupportedMode, "ask for another size"),
    "INVALID_RESOLUTION": (UnsupportedMode, "ask for another size"),
    "CAMERA_EXCEEDS_BANDWIDTH": (UnsupportedMode, "ask for a smaller size or rate"),
    "LOW_USB_BANDWIDTH": (DriverError, f"{_CABLE}, or ask for a smaller size or rate"),
    "CALIBRATION_FILE_NOT_AVAILABLE": (CalibrationError, "run ZED_Explorer, which downloads the factory's file"),
    "INVALID_CALIBRATION_FILE": (CalibrationError, "run ZED_Explorer, which downloads the factory's file"),
    "INVALID_FIRMWARE": (DriverError, "update it with ZED_Explorer"),
    "SENSORS_NOT_AVAILABLE": (DriverError, "unplug it and plug it in again"),
    "SENSORS_NOT_INITIALIZED": (DriverError, "run 'ZED_Diagnostic -r'"),
    "DRIVER_FAILURE": (DriverError, "run 'sudo systemctl restart zed_x_daemon.service'"),
    **dict.fromkeys(
        ("NO_GPU_DETECTED", "NO_GPU_COMPATIBLE", "NVIDIA_DRIVER_OUT_OF_DATE"), (DriverNotInstalled, _NO_GPU)
    ),
    **dict.fromkeys(("CORRUPTED_SDK_INSTALLATION", "INCOMPATIBLE_SDK_VERSION"), (DriverNotInstalled, _REINSTALL)),
    "NOT_ENOUGH_GPU_MEMORY": (DriverError, "ask for a smaller size, or do without streams=depth"),
}


def check(code: Any, camera: str) -> None:
    """Raise what an sl.ERROR_CODE means for a camera of that name, with the remedy; nothing for success."""
    if code.name not in _FINE:
        kind, remedy = _MEANT.get(code.name, (DriverError, "run ZED_Diagnostic, which tests the camera and the SDK"))
        raise kind(f"{camera}: the ZED SDK says {code.name}: {remedy}")


def check_grabbed(code: Any, camera: str) -> None:
    """The same of `grab`: FrameIncomplete for a damaged frame, FrameTimeout while it reboots, else DeviceLost."""
    if code.name == "CORRUPTED_FRAME":
        raise FrameIncomplete(f"{camera}: the ZED SDK says {code.name}")
    if code.name == "CAMERA_REBOOTING":
        raise FrameTimeout(f"{camera} is rebooting")
    if code.name not in _FINE:
        raise DeviceLost(f"{camera}: the ZED SDK says {code.name}")
