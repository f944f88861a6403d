"""Cameras in: the protocol every source fulfils, live or recorded, and how one is found by its name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol, runtime_checkable

from depthkit.cameras import Rig
from depthkit.errors import CameraNotFound, DriverError, DriverNotInstalled, InputError
from depthkit.live import Device, LiveCamera, LiveConfig, Request
from depthkit.types import FrameSet
from depthkit.uris import CameraUri


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
    """A camera that can be opened: the `uri` to open it by, what it is in words, and what is known of it unopened."""

    uri: str
    description: str
    serial: str = ""
    streams: tuple[str, ...] = ()
    firmware: str = ""


class Driver(Protocol):
    """A family of cameras, named by its entry point in the group `depthkit.drivers`.

    parameters: options of its URIs that are neither of the request (size, fps, format, streams) nor of the device's
    own options: for each name what it may be, in words.
    """

    @property
    def parameters(self) -> Mapping[str, str]:
        """Name and meaning of its own options."""

    def open(self, address: str, parameters: Mapping[str, str]) -> Device | Camera:
        """Open the camera at `address`, empty for the first one, or a serial number; `parameters` are as in the URI.

        A `Device` becomes a `LiveCamera`; a `Camera` is taken as it is. Raises CameraNotFound, DriverNotInstalled,
        DeviceBusy, AccessDenied, or InputError for parameters that cannot be.
        """

    def discover(self) -> Sequence[CameraInfo]:
        """The cameras that could be opened now."""


@runtime_checkable
class HotPlug(Protocol):
    """A driver that notices cameras coming and going by itself, so that nobody has to look every now and then."""

    def watch(self, changed: Callable[[], None]) -> AbstractContextManager[object]:
        """Have `changed` called, from any thread, when a camera comes or goes, until the context is left."""


def open_camera(uri: str | Path, config: LiveConfig | None = None) -> Camera:
    """Open a camera or a recording by name.

    `"scheme:address?option=value&…"` opens a camera through the driver of that scheme ("sim:stereo"). Options are
    `size=640x480`, `fps=30`, `format=rgb8` (`color.size=…` for one stream alone), `streams=left,right`, the driver's
    own, and the camera's settings ("exposure=8000"). A file or folder that exists, or a name that ends in .mcap, opens
    as a recording, whoever made it. config: how a live camera is read.

    Raises CameraNotFound, DriverNotInstalled, DeviceBusy, AccessDenied, UnsupportedMode, InputError for other
    options, BagError, or CalibrationError for a recording without a calibration, which
    `recordings.open_recording` takes.
    """
    name = str(uri)
    if Path(name).exists() or name.endswith(".mcap"):
        from depthkit.recordings import open_recording

        return open_recording(name)
    parsed = CameraUri.parse(name)
    if parsed.scheme not in drivers():
        raise CameraNotFound(
            f"{name!r} is no file here, and no driver is called {parsed.scheme!r}; known are "
            f"{', '.join(sorted(drivers()))}: 'depthkit cameras' lists what can be opened"
        )
    return _opened(load_driver(parsed.scheme), parsed, config)


def interrupt(camera: Camera) -> None:
    """End the `frames()` under way, from any thread, of a camera that may have nothing to give; others never wait."""
    if isinstance(camera, LiveCamera):
        camera.interrupt()


def list_cameras() -> list[CameraInfo]:
    """All cameras that can be opened now; drivers that are not installed, or fail, have none."""
    return [info for scheme in sorted(drivers()) for info in discovered(scheme)]


def discovered(scheme: str) -> Sequence[CameraInfo]:
    """The cameras of one driver; none if it is not installed, or fails."""
    try:
        return load_driver(scheme).discover()
    except DriverError:
        return ()


def load_driver(scheme: str) -> Driver:
    """The driver of that scheme; DriverNotInstalled if something it needs is missing."""
    point = drivers()[scheme]
    try:
        driver: Driver = point.load()()
    except ImportError as error:
        raise DriverNotInstalled(
            f"the {scheme!r} driver needs {error.name or error}: run 'pip install {_package(point, error)}'"
        ) from error
    return driver


@cache
def drivers() -> dict[str, EntryPoint]:
    """Entry points of the installed drivers by scheme."""
    return {point.name: point for point in entry_points(group="depthkit.drivers")}


def _opened(driver: Driver, uri: CameraUri, config: LiveConfig | None) -> Camera:
    own = {name: text for name, text in uri.options.items() if name in driver.parameters}
    others = {name: text for name, text in uri.options.items() if name not in own}
    request, settings = Request.parse(others)
    opened = driver.open(uri.address, own)
    if isinstance(opened, Device):
        return LiveCamera(opened, partial(_reopened, driver, uri.address, own), request, settings, config)
    if others:
        opened.close()
        known = ", ".join(driver.parameters)
        raise InputError(f"a {uri.scheme} camera has no option {', '.join(map(repr, others))}; it has {known}")
    return opened


def _reopened(driver: Driver, first: str, parameters: Mapping[str, str], address: str) -> Device:
    opened = driver.open(address or first, parameters)
    if not isinstance(opened, Device):
        raise DriverError(f"the driver opened {address} as another kind of camera than {first}")
    return opened


def _package(point: EntryPoint, error: ImportError) -> str:
    """What to give to pip: the extra of the driver's own package that is called like its scheme, or the module."""
    if point.dist is not None and point.name in (point.dist.metadata.get_all("Provides-Extra") or ()):
        return f'"{point.dist.name}[{point.name}]"'
    return (error.name or point.name).partition(".")[0]
