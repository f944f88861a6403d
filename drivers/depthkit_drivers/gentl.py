"""`gentl:PRODUCER.cti#SERIAL`: every GenICam camera whose maker has a GenTL producer, and those with Scan3d features.

Needs harvesters and genicam, and the maker's producer (a .cti file): by its path, or in GENICAM_GENTL64_PATH.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain

from depthkit.capture import CameraInfo
from depthkit.errors import DriverError, DriverNotInstalled
from depthkit.live import Device, IsolatedDevice
from depthkit_drivers import rigs
from depthkit_drivers.gentl_device import GenTlDevice
from depthkit_drivers.gentl_producers import Found, choose_camera, find, installed


class GenTlDriver:
    """Cameras by producer and serial number, or place in the producer's list."""

    parameters: Mapping[str, str] = rigs.PARAMETER

    def open(self, address: str, parameters: Mapping[str, str]) -> Device:
        """Open "FILE.cti#SERIAL", "FILE.cti#2", "FILE.cti", or without a file a camera of the installed producers.

        It runs in a process of its own: while genicam waits for a frame, it lets no other thread run.
        """
        path, _, which = address.rpartition("#")
        if not path and which.endswith(".cti"):
            path, which = which, ""
        if not path:
            camera = choose_camera(list(chain.from_iterable(map(find, installed()))), which)
            path, which = camera.path, camera.serial or str(camera.index)
        return IsolatedDevice(partial(GenTlDevice, path, which, parameters.get("rig")))

    def discover(self) -> Sequence[CameraInfo]:
        """Those of the producers that GENICAM_GENTL64_PATH names; none of a producer that fails."""
        with suppress(DriverNotInstalled):
            return [_info(camera) for path in installed() for camera in _found(path)]
        return []


def _found(path: str) -> list[Found]:
    with suppress(DriverError):
        return find(path)
    return []


def _info(camera: Found) -> CameraInfo:
    return CameraInfo(f"gentl:{camera.address}", camera.name, camera.serial)
