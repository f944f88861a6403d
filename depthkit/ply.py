"""Point clouds as binary PLY files (Turk 1994), written in one piece from a packed record array."""

from pathlib import Path

import numpy as np

from depthkit.arrays import F32, U8, require
from depthkit.errors import InputError
from depthkit.files import read_bytes, replacing

_XYZ = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
_RGB = [("red", "u1"), ("green", "u1"), ("blue", "u1")]
_PLY_NAMES = {"<f4": "float", "u1": "uchar"}
# One point and one colour as opaque bytes: copied whole, several times as fast as number by number.
_POINT, _COLOR = "V12", "V3"


def write(path: str | Path, points: F32, colors: U8 | None = None) -> None:
    """Write (N, 3) float32 points in metres and (N, 3) uint8 RGB colours.

    Raises InputError for arrays of another kind or when the file cannot be written.
    """
    require("points", points, np.float32, (None, 3))
    records = [("point", _POINT)]
    if colors is not None:
        require("colors", colors, np.uint8, points.shape)
        records.append(("color", _COLOR))
    vertices = np.empty((len(points), 1), records)
    vertices["point"] = np.ascontiguousarray(points, "<f4").view(_POINT)
    if colors is not None:
        vertices["color"] = np.ascontiguousarray(colors).view(_COLOR)
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(_header(len(points), _XYZ if colors is None else _XYZ + _RGB))
        if len(points):  # an empty array has no buffer to write
            file.write(vertices.data)


def read(path: str | Path) -> tuple[F32, U8 | None]:
    """Read what `write` wrote: points and, if present, colours. InputError for anything else."""
    head, found, body = read_bytes(path).partition(b"end_header\n")
    lines = [line.split() for line in head.decode("ascii", "replace").splitlines()]
    if not found or lines[:1] != [["ply"]] or ["format", "binary_little_endian", "1.0"] not in lines:
        raise InputError(f"{path} is not a binary little-endian PLY file")
    kinds = {name: kind for kind, name in _PLY_NAMES.items()}
    try:
        count = next(int(words[2]) for words in lines if words[:2] == ["element", "vertex"])
        fields = [(name, kinds[kind]) for word, kind, name in (w for w in lines if w[:1] == ["property"])]
        vertices = np.frombuffer(body, fields, count)
    except (StopIteration, ValueError, KeyError, IndexError) as error:
        raise InputError(f"{path} is damaged or holds more than the points and colours depthkit writes") from error
    points = np.stack([vertices[axis] for axis in "xyz"], -1)
    colors = np.stack([vertices[name] for name, _ in _RGB], -1) if ("red", "u1") in fields else None
    return points, colors


def _header(count: int, fields: list[tuple[str, str]]) -> bytes:
    properties = "".join(f"property {_PLY_NAMES[kind]} {name}\n" for name, kind in fields)
    return (
        "ply\nformat binary_little_endian 1.0\ncomment metres, x right, y down, z forward\n"
        f"element vertex {count}\n{properties}end_header\n"
    ).encode()
