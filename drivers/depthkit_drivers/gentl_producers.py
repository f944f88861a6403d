"""GenTL producers: the .cti files of camera makers, and the cameras that each finds."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genicam import gentl
from harvesters.core import Harvester

from depthkit.errors import CameraNotFound, DriverError, DriverNotInstalled, reason

PATH_VARIABLE = "GENICAM_GENTL64_PATH"
_PATIENCE = 500  # ms for the cameras on an interface to answer


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that the producer in the file `path` finds; index: its place in the producer's list."""

    path: str
    index: int
    serial: str
    name: str

    @property
    def address(self) -> str:
        """What opens it."""
        return f"{self.path}#{self.serial or self.index}"


def installed() -> list[str]:
    """The producers that the environment names; DriverNotInstalled says how it should, if it names none."""
    folders = [folder for folder in os.environ.get(PATH_VARIABLE, "").split(os.pathsep) if folder]
    files = [str(file) for folder in folders for file in _files(Path(folder))]
    if not files:
        raise DriverNotInstalled(
            f"no GenTL producer is known: install the SDK of the camera's maker and set {PATH_VARIABLE} to the folder "
            "of its .cti file, or name the file: gentl:/path/to/producer.cti"
        )
    return list(dict.fromkeys(files))


def opened(path: str) -> Harvester:
    """The producer in a file, with its cameras looked up; `reset` closes it.

    Raises CameraNotFound if there is no such file, DriverError if it is no producer, or in use in this process.
    """
    if not Path(path).is_file():
        raise CameraNotFound(f"there is no GenTL producer {path}: name the .cti file of the camera's maker")
    harvester = Harvester()
    harvester.timeout_for_update = _PATIENCE
    try:
        harvester.add_file(path, check_existence=True, check_validity=True)
    except OSError as error:
        raise DriverError(f"{path} is no GenTL producer for this machine: {reason(error)}") from error
    harvester.update()
    return harvester


def cameras(harvester: Harvester, path: str) -> list[Found]:
    """Those of an opened producer."""
    infos = harvester.device_info_list
    return [
        Found(path, index, _said(info, "serial_number"), f"{_said(info, 'vendor')} {_said(info, 'model')}".strip())
        for index, info in enumerate(infos)
    ]


def find(path: str) -> list[Found]:
    """The cameras of the producer in a file."""
    harvester = opened(path)
    try:
        return cameras(harvester, path)
    finally:
        harvester.reset()


def choose_camera(found: list[Found], which: str) -> Found:
    """The one of that serial number, or place in the list; the first for an empty name. CameraNotFound names them."""
    for camera in found:
        if which in ("", camera.serial):
            return camera
    for camera in found:
        if which == str(camera.index):
            return camera
    raise CameraNotFound.among(which, [f"gentl:{camera.address}" for camera in found])


@contextmanager
def interrupt_kept() -> Iterator[None]:
    """harvesters takes Ctrl-C for itself when a camera is opened in the main thread: give it back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _files(place: Path) -> list[Path]:
    return [place] if place.suffix == ".cti" else sorted(place.glob("*.cti"))


def _said(info: Any, name: str) -> str:
    with suppress(gentl.GenericException):
        return str(getattr(info, name))
    return ""
