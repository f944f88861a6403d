"""Stereolabs' SDK, `pyzed.sl`: whether it is there, the cameras it finds, and their calibration."""

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np

from depthkit import transforms
from depthkit.cameras import CameraModel, Rig
from depthkit.capture import CameraInfo
from depthkit.errors import CameraNotFound, DeviceBusy, DriverNotInstalled, reason

_INSTALL = (
    "install the ZED SDK from stereolabs.com/developers, then run its get_python_api.py (in /usr/local/zed) with this "
    "Python; conf=SN<serial>.conf does without the SDK"
)


def load() -> Any | None:
    """The SDK's module; None without it. DriverNotInstalled if the `pyzed` that is there is another, or broken."""
    if importlib.util.find_spec("pyzed") is None:
        return None
    try:
        return importlib.import_module("pyzed.sl")
    except ImportError as error:
        what = f"Stereolabs' pyzed does not load ({reason(error)})"
        if isinstance(error, ModuleNotFoundError) and error.name == "pyzed.sl":
            what = (
                "the package 'pyzed' that is installed is another product, not Stereolabs': run 'pip uninstall pyzed'"
            )
        raise DriverNotInstalled(f"{what}; {_INSTALL}") from error


def discover(sl: Any) -> list[CameraInfo]:
    """All that have two views."""
    roles = "left", "right", "depth"
    return [
        CameraInfo(f"zed:{each.serial_number}", each.camera_model.name, str(each.serial_number), roles)
        for each in _connected(sl)
    ]


def found(sl: Any, serial: str) -> Any:
    """The properties of the camera of that number, or for "" of the first free one. CameraNotFound, DeviceBusy."""
    devices = _connected(sl)
    wanted = [each for each in devices if serial in ("", str(each.serial_number))]
    if not wanted:
        raise CameraNotFound.among(serial and f"zed:{serial}", [f"zed:{each.serial_number}" for each in devices])
    free = [each for each in wanted if each.camera_state == sl.CAMERA_STATE.AVAILABLE]
    if not free:
        raise DeviceBusy(f"zed:{wanted[0].serial_number} is open already: close the program that has it")
    return free[0]


def rig_of(information: Any, roles: Sequence[str], has_imu: bool) -> Rig:
    """The two rectified cameras, the left one as that of the depth, and the sensors; the SDK was told to use metres."""
    calibration = information.camera_configuration.calibration_parameters
    left, right = _model(calibration.left_cam), _model(calibration.right_cam)
    shift = transforms.from_rotation_translation(np.eye(3), (-float(calibration.get_camera_baseline()), 0, 0))
    cameras = {"left": left, "right": right} | ({"depth": left} if "depth" in roles else {})
    T_imu_left = None
    if has_imu:  # the SDK's transform is that from the sensors to the left camera
        T_left_imu = np.array(information.sensors_configuration.camera_imu_transform.m, np.float64)
        T_imu_left = transforms.inverse(T_left_imu)
    return Rig(cameras, {"right": shift}, {"source": "ZED SDK, rectified"}, T_imu_left)


def _connected(sl: Any) -> list[Any]:
    """Properties of the cameras that have two views."""
    return [each for each in sl.Camera.get_device_list() if "XONE" not in each.camera_model.name]


def _model(found: Any) -> CameraModel:
    """A rectified camera, which has no distortion."""
    size = int(found.image_size.width), int(found.image_size.height)
    return CameraModel(*size, float(found.fx), float(found.fy), float(found.cx), float(found.cy))
