"""Point clouds as binary PLY files (Turk 1994), written in one piece from a packed record array."""

from pathlib import Path

import numpy as np

from depthkit.arrays import F32, U8
from depthkit.errors import InputError
from depthkit.files import read_bytes, replacing

_XYZ = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
_RGB = [("red", "u1"), ("green", "u1"), ("blue", "u1")]
_PLY_NAMES = {"<f4": "float", "u1": "uchar"}


def write(path: str | Path, points: F32, colors: U8 | None = None) -> None:
    """Write (N, 3) float32 points in metres and (N, 3) uint8 RGB colours."""
    fields = _XYZ + (_RGB if colors is not None else [])
    vertices = np.empty(len(points), fields)
    raw = vertices.view(np.uint8).reshape(len(points), vertices.itemsize)
    raw[:, :12] = np.ascontiguousarray(points, "<f4").view(np.uint8)
    if colors is not None:
        raw[:, 12:] = colors
    properties = "".join(f"property {_PLY_NAMES[kind]} {name}\n" for name, kind in fields)
    header = (
        "ply\nformat binary_little_endian 1.0\ncomment metres, x right, y down, z forward\n"
        f"element vertex {len(points)}\n{properties}end_header\n"
    )
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(header.encode())
        file.write(raw.data if len(points) else b"")


def read(path: str | Path) -> tuple[F32, U8 | None]:
    """Read what `write` wrote: points and, if present, colours."""
    head, found, body = read_bytes(path).partition(b"end_header\n")
    lines = head.decode("ascii", "replace").split("\n")
    if not found or lines[0] != "ply" or "format binary_little_endian 1.0" not in lines:
        raise InputError(f"{path} is not a binary little-endian PLY file")
    count = next(int(line.split()[2]) for line in lines if line.startswith("element vertex"))
    kinds = {name: kind for kind, name in _PLY_NAMES.items()}
    fields = [(words[2], kinds[words[1]]) for line in lines if (words := line.split())[:1] == ["property"]]
    vertices = np.frombuffer(body, fields, count)
    points = np.stack([vertices[axis] for axis in "xyz"], -1)
    colors = np.stack([vertices[name] for name, _ in _RGB], -1) if ("red", "u1") in fields else None
    return points, colors
