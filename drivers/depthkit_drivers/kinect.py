"""`kinect:0`: the first Kinect (for Xbox 360, and for Windows) through libfreenect."""

from collections.abc import Mapping
from functools import partial

from depthkit.capture import CameraInfo
from depthkit.errors import DriverNotInstalled, InputError
from depthkit.live import Device, IsolatedDevice
from depthkit_drivers import rigs
from depthkit_drivers.kinect_device import KinectDevice

try:
    import freenect
except ImportError as error:
    raise DriverNotInstalled(
        "the kinect driver needs libfreenect and its Python package: run 'sudo apt install libfreenect-dev gcc', "
        "then 'CFLAGS=-I/usr/include/libfreenect pip install freenect'"
    ) from error


class KinectDriver:
    """Kinects by their place on the bus."""

    parameters: Mapping[str, str] = rigs.PARAMETER

    def open(self, address: str, parameters: Mapping[str, str]) -> Device:
        """Open the Kinect of that number, the first one if it is empty.

        It runs in a process of its own: libfreenect prints, and ends the program with some errors.
        """
        if address and not address.isdigit():
            raise InputError(f"a Kinect is named by its number, as kinect:0, not {address!r}")
        return IsolatedDevice(partial(KinectDevice, int(address or 0), parameters.get("rig")))

    def discover(self) -> list[CameraInfo]:
        """Those that are plugged in."""
        return [
            CameraInfo(f"kinect:{n}", "Kinect of the first generation", streams=("depth", "color", "ir"))
            for n in range(_count())
        ]


def _count() -> int:
    context = freenect.init()
    if context is None:
        return 0
    try:
        return int(freenect.num_devices(context))
    finally:
        freenect.shutdown(context)
