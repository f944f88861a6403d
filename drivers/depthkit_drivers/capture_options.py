"""The settings of a webcam by names, through OpenCV."""

import cv2

from depthkit.errors import InputError
from depthkit.live import Option, Value
from depthkit_drivers.opencv_capture import Capture

_NUMBERS = {
    "exposure": cv2.CAP_PROP_EXPOSURE,
    "gain": cv2.CAP_PROP_GAIN,
    "brightness": cv2.CAP_PROP_BRIGHTNESS,
    "contrast": cv2.CAP_PROP_CONTRAST,
    "saturation": cv2.CAP_PROP_SATURATION,
    "hue": cv2.CAP_PROP_HUE,
    "gamma": cv2.CAP_PROP_GAMMA,
    "sharpness": cv2.CAP_PROP_SHARPNESS,
    "white_balance": cv2.CAP_PROP_WB_TEMPERATURE,
    "focus": cv2.CAP_PROP_FOCUS,
}
_SWITCHES = {
    "auto_exposure": cv2.CAP_PROP_AUTO_EXPOSURE,
    "auto_white_balance": cv2.CAP_PROP_AUTO_WB,
    "auto_focus": cv2.CAP_PROP_AUTOFOCUS,
}
_UNITS = {"exposure": "× 0.1 ms", "white_balance": "K"}  # as V4L2 counts; other systems say no units
_NONE = -1.0


def options(capture: Capture) -> list[Option]:
    """Those it has, which now have their defaults; a video has none."""
    if capture.is_video:
        return []
    names = [name for name in (*_NUMBERS, *_SWITCHES) if capture.get(_prop(name)) != _NONE]
    units = _UNITS if capture.is_v4l2 else {}
    return [Option(name, get(capture, name), unit=units.get(name, "")) for name in names]


def get(capture: Capture, name: str) -> Value:
    """The value of one setting."""
    value = capture.get(_prop(name))
    return value != _off_on(capture, name)[0] if name in _SWITCHES else value


def set_to(capture: Capture, name: str, value: Value) -> None:
    """Set it; InputError, with what came of it, where the camera does not take it."""
    number = _off_on(capture, name)[bool(value)] if name in _SWITCHES else float(value)
    accepted = capture.set(_prop(name), number)
    found = get(capture, name)
    if not accepted or found != value:
        raise InputError(f"{name}={value} is not possible: {capture.source} has {found} now")


def _prop(name: str) -> int:
    return _NUMBERS.get(name) or _SWITCHES[name]


def _off_on(capture: Capture, name: str) -> tuple[int, int]:
    """The numbers that mean off and on; V4L2 has a menu of ways to expose: 1 by hand, 3 by the camera."""
    return (1, 3) if name == "auto_exposure" and capture.is_v4l2 else (0, 1)
