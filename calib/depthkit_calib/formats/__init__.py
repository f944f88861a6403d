"""Rig files, one module a format: `matches(source)` recognises a file, `read(source)` makes the rig."""

from pathlib import Path
from types import ModuleType

from depthkit.cameras import Rig
from depthkit.errors import CalibrationError, InputError
from depthkit.files import read_bytes
from depthkit_calib.formats import middlebury, opencv, rig_json, rig_toml, zed_conf, zed_json
from depthkit_calib.formats.rig_toml import save_rig
from depthkit_calib.formats.source import Source

__all__ = ["load_rig", "save_rig"]

_FORMATS: dict[str, ModuleType] = {
    "depthkit's own TOML (.toml)": rig_toml,
    "the rig.json beside pictures that depthkit wrote": rig_json,
    "Middlebury or ETH3D calib.txt": middlebury,
    "a ZED factory file (SN*.conf)": zed_conf,
    "a ZED camera_param.json": zed_json,
    "OpenCV YAML or XML, or a folder with intrinsics.yml and extrinsics.yml": opencv,
}


def load_rig(path: str | Path, size: tuple[int, int] | None = None, unit: float = 1.0) -> Rig:
    """Read a rig from a file of any known format.

    `size` is the (width, height) in pixels of the images it is for: it chooses the resolution in a ZED factory file,
    fills in an OpenCV file that states none, and is checked against all others. `unit` is metres per unit of the
    translation in an OpenCV file, which does not say its unit (0.001 for millimetres).

    Raises InputError if the file cannot be read or is of no known format, and CalibrationError, naming the key, for
    a missing, unusable or implausible value and for a rig of another size.
    """
    source = Source(Path(path), "" if Path(path).is_dir() else _text(path), size, unit)
    for form in _FORMATS.values():
        if form.matches(source):
            rig: Rig = form.read(source)
            _check_size(rig, source)
            return rig
    raise InputError(f"{path} is no known rig file; known are {'; '.join(_FORMATS)}")


def _text(path: str | Path) -> str:
    return read_bytes(path).decode("utf-8", "replace")


def _check_size(rig: Rig, source: Source) -> None:
    for role in {"left", "right"} & set(rig.cameras) or set(rig.cameras):
        camera = rig.camera(role)
        if source.size not in (None, camera.size):
            width, height = source.size or (0, 0)
            raise CalibrationError(
                f"{source.path}: the {role} camera is calibrated for {camera.width}×{camera.height} images, "
                f"not {width}×{height}: use images of that size, or the file for these"
            )
