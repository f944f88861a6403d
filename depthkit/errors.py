"""What can go wrong, as types. Every message says what happened and what to do about it."""

import textwrap


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


class FrameTimeout(DriverError):
    """The camera sent no frame in time."""
