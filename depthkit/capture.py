"""Cameras in: the protocol every source fulfils, live or recorded, and how one is found by its name."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol

from depthkit.cameras import Rig
from depthkit.errors import CameraNotFound, DriverNotInstalled
from depthkit.types import FrameSet


class Camera(AbstractContextManager["Camera"], Protocol):
    """A source of frames: a connected camera, a simulated one or a recording.

    `rig` is its calibration. `frames()` gives each frame once, in order, and ends when the source does.
    """

    @property
    def rig(self) -> Rig:
        """The calibration of the frames to come."""

    def frames(self) -> Iterator[FrameSet]:
        """Every frame once, in order."""

    def close(self) -> None:
        """Release the device or file; twice does no harm."""


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera that can be opened: the `uri` to open it by and what it is, in words."""

    uri: str
    description: str


class Driver(Protocol):
    """A family of cameras, named by its entry point in the group `depthkit.drivers`."""

    def open(self, address: str) -> Camera:
        """Open the camera at `address`, the part of the URI after the scheme; empty means the first one."""

    def discover(self) -> list[CameraInfo]:
        """The cameras that could be opened now."""


def open_camera(uri: str | Path) -> Camera:
    """Open a camera or a recording by name.

    `"scheme:address"` opens a camera through the driver of that scheme ("sim:stereo"); anything that exists as a
    file, or ends in .mcap, opens as a recording. Raises CameraNotFound, DriverNotInstalled or BagError.
    """
    name = str(uri)
    if Path(name).exists() or name.endswith(".mcap"):
        from depthkit.bag import Bag

        return Bag(name)
    scheme, _, address = name.partition(":")
    if scheme not in drivers():
        raise CameraNotFound(
            f"{name!r} is no file here, and no driver is called {scheme!r}; known are {', '.join(sorted(drivers()))}: "
            "'depthkit cameras' lists what can be opened"
        )
    return load_driver(scheme).open(address)


def list_cameras() -> list[CameraInfo]:
    """All cameras that the installed drivers can open now."""
    return [info for scheme in sorted(drivers()) for info in load_driver(scheme).discover()]


def load_driver(scheme: str) -> Driver:
    """The driver of that scheme; DriverNotInstalled if something it needs is missing."""
    try:
        driver: Driver = drivers()[scheme].load()()
    except ImportError as error:
        raise DriverNotInstalled(
            f"the {scheme!r} driver needs {error.name or error}: run 'pip install depthkit[{scheme}]'"
        ) from error
    return driver


@cache
def drivers() -> dict[str, EntryPoint]:
    """Entry points of the installed drivers by scheme."""
    return {point.name: point for point in entry_points(group="depthkit.drivers")}
