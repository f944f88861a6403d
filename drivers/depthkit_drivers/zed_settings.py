"""The settings of a ZED, which its SDK calls VIDEO_SETTINGS."""

from typing import Any

from depthkit.errors import DriverError, InputError
from depthkit.live import Option, Value

_NAMES = {
    "exposure": "EXPOSURE",
    "exposure_time": "EXPOSURE_TIME",
    "auto_exposure": "AEC_AGC",
    "exposure_compensation": "EXPOSURE_COMPENSATION",
    "gain": "GAIN",
    "white_balance": "WHITEBALANCE_TEMPERATURE",
    "auto_white_balance": "WHITEBALANCE_AUTO",
    "brightness": "BRIGHTNESS",
    "contrast": "CONTRAST",
    "hue": "HUE",
    "saturation": "SATURATION",
    "sharpness": "SHARPNESS",
    "gamma": "GAMMA",
    "denoising": "DENOISING",
    "led": "LED_STATUS",
}
_SWITCHES = {"auto_exposure", "auto_white_balance", "led"}
_UNITS = {"exposure": "%", "gain": "%", "exposure_time": "µs", "white_balance": "K"}


def read(sl: Any, camera: Any) -> list[Option]:
    """Those that this camera has, which now have their defaults; an SDK may be too old to know some."""
    return [_option(sl, camera, name) for name in _NAMES if _has(sl, camera, name)]


def get(sl: Any, camera: Any, name: str) -> Value:
    """The value of one; DriverError if the camera does not tell."""
    code, value = camera.get_camera_settings(_setting(sl, name))
    if code != sl.ERROR_CODE.SUCCESS:
        raise DriverError(f"the ZED does not tell its {name}: the SDK says {code.name}")
    return bool(value) if name in _SWITCHES else int(value)


def set_to(sl: Any, camera: Any, name: str, value: Value) -> None:
    """Set it; InputError, with what came of it, where the camera does not take it."""
    code = camera.set_camera_settings(_setting(sl, name), int(value))
    found = get(sl, camera, name)
    if code != sl.ERROR_CODE.SUCCESS or found != value:
        raise InputError(f"{name}={value} is not possible: the ZED has {found} now")


def _option(sl: Any, camera: Any, name: str) -> Option:
    value, unit = get(sl, camera, name), _UNITS.get(name, "")
    code, low, high = camera.get_camera_settings_range(_setting(sl, name))
    if name in _SWITCHES or code != sl.ERROR_CODE.SUCCESS:
        return Option(name, value, unit=unit)
    return Option(name, value, low, high, unit=unit)


def _has(sl: Any, camera: Any, name: str) -> bool:
    setting = _setting(sl, name)
    return setting is not None and camera.get_camera_settings(setting)[0] == sl.ERROR_CODE.SUCCESS


def _setting(sl: Any, name: str) -> Any:
    return getattr(sl.VIDEO_SETTINGS, _NAMES[name], None)
