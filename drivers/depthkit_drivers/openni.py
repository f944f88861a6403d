"""`openni:URI`: structured-light cameras through OpenNI 2 (PrimeSense Carmine, Asus Xtion, Structure, Orbbec Astra)."""

from collections.abc import Mapping
from functools import partial

from depthkit.capture import CameraInfo
from depthkit.live import Device, IsolatedDevice
from depthkit_drivers import rigs
from depthkit_drivers.openni_device import OpenNiDevice, listed
from depthkit_drivers.openni_library import loaded


class OpenNiDriver:
    """Cameras by OpenNI's own names for them, which `depthkit cameras` lists; files (.oni) and "Dummy" too."""

    parameters: Mapping[str, str] = rigs.PARAMETER

    def __init__(self) -> None:
        loaded()

    def open(self, address: str, parameters: Mapping[str, str]) -> Device:
        """Open the camera of that name, the first one if it is empty.

        It runs in a process of its own: OpenNI is one for a whole process, and its drivers may crash.
        """
        return IsolatedDevice(partial(OpenNiDevice, address, parameters.get("rig")))

    def discover(self) -> list[CameraInfo]:
        """Those that are plugged in."""
        return [CameraInfo(f"openni:{uri}", name, streams=("depth", "color", "ir")) for uri, name in listed()]
