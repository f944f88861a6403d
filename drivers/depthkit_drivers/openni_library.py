"""OpenNI's library, found where Debian or OPENNI2_REDIST has it, and loaded once a process."""

import atexit
import os
from ctypes.util import find_library
from functools import cache
from pathlib import Path
from typing import Any

from openni import openni2

from depthkit.errors import DriverNotInstalled, reason

_NAME = "libOpenNI2.so"
_PLACES = "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib/arm-linux-gnueabihf", "/usr/lib"


@cache
def loaded() -> Any:
    """The module, ready to use; DriverNotInstalled without the library."""
    folder = os.environ.get("OPENNI2_REDIST") or _prepared()
    try:
        openni2.initialize(folder)
    except Exception as error:  # it has errors of its own, and others, for what it cannot load
        raise DriverNotInstalled(
            f"OpenNI cannot be loaded from {folder} ({reason(error)}): set OPENNI2_REDIST to the folder with "
            f"{_NAME} and OpenNI2/Drivers"
        ) from error
    atexit.unregister(openni2.unload)  # which crashes after a camera was used; ending the process frees all
    return openni2


def _prepared() -> str:
    """A folder with the names that the package looks for, of links to Debian's files."""
    name = find_library("OpenNI2")
    place = next((Path(each) for each in _PLACES if name and (Path(each) / name).exists()), None)
    if name is None or place is None:
        raise DriverNotInstalled(
            "the openni driver needs the library of OpenNI 2: run 'sudo apt install libopenni2-0', or set "
            f"OPENNI2_REDIST to the folder with {_NAME} and OpenNI2/Drivers"
        )
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "depthkit" / "openni2"
    folder.mkdir(parents=True, exist_ok=True)
    for target, link in ((place / name, folder / _NAME), (place / "OpenNI2", folder / "OpenNI2")):
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    return str(folder)
