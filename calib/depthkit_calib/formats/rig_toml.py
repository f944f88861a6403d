"""Our own rig files: TOML with a table a camera, in the units and conventions of `depthkit.Rig`."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from depthkit.cameras import Rig
from depthkit.errors import CalibrationError
from depthkit.files import replacing
from depthkit_calib.formats.source import Source, check_baseline

_HEADER = """\
# A depthkit rig. Pixels for width, height, fx, fy, cx, cy, with (0, 0) the centre of the top-left pixel; metres for
# T_camera_rig, which maps rig coordinates to the camera's (x right, y down, z forward). Distortion in OpenCV's order.
"""


def matches(source: Source) -> bool:
    """Any TOML file."""
    return source.path.suffix.lower() == ".toml"


def read(source: Source) -> Rig:
    """The rig exactly as `save_rig` was given it, of any number of cameras."""
    try:
        values = tomllib.loads(source.text)
    except (ValueError, RecursionError) as error:
        raise CalibrationError(f"{source.path}: not valid TOML: {error}") from error
    rig = Rig.from_dict(values, str(source.path))
    if {"left", "right"} <= set(rig.cameras):
        check_baseline(rig, f"{source.path}: T_camera_rig of left and right", "it must be in metres")
    return rig


def save_rig(path: str | Path, rig: Rig) -> None:
    """Write a rig as TOML for people to read: all of it or, on an error, nothing under that name.

    `load_rig` gives back the same numbers to the last bit. Raises InputError if the file cannot be written.
    """
    values = rig.to_dict()
    tables = [f"T_imu_rig = {_value(values['T_imu_rig'])}\n"] if "T_imu_rig" in values else []
    tables += [_table(f"cameras.{_key(role)}", camera) for role, camera in values["cameras"].items()]
    tables.append(_table("provenance", values["provenance"]))
    with replacing(path) as temporary:
        temporary.write_text("\n".join([_HEADER, *tables]), "utf-8")


def _table(name: str, values: dict[str, Any]) -> str:
    return f"[{name}]\n" + "".join(f"{_key(key)} = {_value(value)}\n" for key, value in values.items())


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _string(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list) and any(isinstance(row, list) for row in value):
        return "[\n" + "".join(f"    {row!r},\n" for row in value) + "]"
    return repr(value)


def _string(text: str) -> str:
    """A TOML basic string: JSON's escapes are a subset of TOML's, but for DEL, which TOML wants escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
