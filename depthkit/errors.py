"""What can go wrong, as types. Every message says what happened and what to do about it."""

import textwrap
from collections.abc import Iterable
from typing import Self


def reason(error: BaseException) -> str:
    """What an error of a library says, in one line that is not too long; its name if it says nothing."""
    return textwrap.shorten(str(error), 300, placeholder=" …") or type(error).__name__


class DepthkitError(Exception):
    """Base of every error depthkit raises on purpose. The command line prints it as one line and exits 1."""


class InputError(DepthkitError):
    """An array, file or setting that was given cannot be used as it is."""


class CalibrationError(DepthkitError):
    """A camera model or rig is incomplete, inconsistent, or does not fit the images."""


class BagError(DepthkitError):
    """A recording cannot be written or read."""


class CodecError(DepthkitError):
    """A compressed depth image is damaged, cut short, or not one at all."""


class DriverError(DepthkitError):
    """A camera or its driver failed."""


class DriverNotInstalled(DriverError):
    """The driver for this kind of camera, or the SDK under it, is not installed."""


class CameraNotFound(DriverError):
    """No such camera is connected."""

    @classmethod
    def among(cls, wanted: str, found: Iterable[str]) -> Self:
        """Of the camera `wanted` (empty for any), where there are only those `found`, by their names."""
        there = ", ".join(found)
        missing = f"there is no camera {wanted!r}" if wanted else "no such camera is connected"
        return cls(f"{missing}: {f'there are {there}' if there else 'none of its kind was found; check the cable'}")


class DeviceBusy(DriverError):
    """Another program, or this one, has the camera open already."""


class AccessDenied(DriverError):
    """The camera is there, but this user may not open it."""

    @classmethod
    def to_usb(cls, camera: str, vendor: str) -> Self:
        """Of a USB camera, with the udev rule that lets everybody in; vendor: its USB vendor's four hex digits."""
        rule = f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor}", MODE="0666"'
        return cls(
            f"{camera} may not be opened by this user: put the line {rule} into "
            f"/etc/udev/rules.d/99-depthkit-{vendor}.rules, run 'sudo udevadm control --reload', then plug it in again"
        )


class UnsupportedMode(DriverError):
    """The camera has no such stream, size, rate or format."""


class FrameTimeout(DriverError):
    """The camera sent no frame in time."""


class FrameIncomplete(DriverError):
    """A frame came, but parts of it were lost on the way."""


class DeviceLost(DriverError):
    """The camera was unplugged, or its driver crashed."""
