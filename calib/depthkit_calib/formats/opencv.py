"""OpenCV FileStorage (YAML or XML): camera matrices, distortion, R and T with p_right = R p_left + T.

Either one file, or the two of OpenCV's stereo calibration sample, intrinsics.yml and extrinsics.yml.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit.files import read_bytes
from depthkit_calib.formats.source import Source, Values, stereo_rig

_SUFFIXES = (".yml", ".yaml", ".xml")
_DEEPEST = 100
_HALVES = ("intrinsics", "extrinsics")
_CAMERA_MATRIX = ("M{n}", "K{n}", "cameraMatrix{n}", "camera_matrix_{n}", "K_{side}", "camera_matrix_{side}")
_DISTORTION = ("D{n}", "distCoeffs{n}", "dist_coeffs_{n}", "D_{side}", "dist_coeffs_{side}")


def matches(source: Source) -> bool:
    """A folder, or a file whose name or beginning is FileStorage's."""
    named = source.path.is_dir() or source.path.suffix.lower() in _SUFFIXES
    return named or source.text.startswith("%YAML") or "<opencv_storage>" in source.text[:200]


def read(source: Source) -> Rig:
    """The two cameras and their pose, taken as `source.unit` metres a unit of T."""
    values = _values(source.path)
    T = transforms.from_rotation_translation(_rotation(values), _vector(values, "T", 3) * source.unit)
    size = _size(values, source)
    left, right = (_camera(values, n, side, size) for n, side in ((1, "left"), (2, "right")))
    remedy = "T has the unit of the board squares: say how many metres that is, as unit=0.001 for millimetres"
    return stereo_rig(source, f"OpenCV FileStorage, T × {source.unit} m", left, right, T, "T", remedy)


def _values(path: Path) -> Values:
    files = _files(path)
    absent = " and ".join(file.name for file in files if not file.exists())
    entries = {key: value for file in files if file.exists() for key, value in _entries(file)}
    return Values(f"{path}{f' (there is no {absent})' if absent else ''}", entries)


def _files(path: Path) -> list[Path]:
    """The file itself, or the two that a folder, or one of the two, stands for."""
    if path.is_dir():
        return [_named(path / half) for half in _HALVES]
    for mine, other in (_HALVES, _HALVES[::-1]):
        if mine in path.name:
            return [path, path.with_name(path.name.replace(mine, other))]
    return [path]


def _named(path: Path) -> Path:
    candidates = [path.with_suffix(suffix) for suffix in _SUFFIXES]
    return next((file for file in candidates if file.exists()), candidates[0])


def _entries(path: Path) -> Iterator[tuple[str, Any]]:
    text = read_bytes(path).decode("utf-8", "replace")
    if _depth(text) > _DEEPEST:
        raise CalibrationError(f"{path}: not a readable OpenCV file: it is nested too deep")
    try:
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        root = storage.root()
        yield from [(key, _plain(root.getNode(key))) for key in root.keys()]  # noqa: SIM118  # not a mapping
    except (cv2.error, SystemError, ValueError, TypeError, OverflowError) as error:
        raise CalibrationError(f"{path}: not a readable OpenCV file") from error


def _plain(node: cv2.FileNode) -> Any:
    """A node as numbers, text, a list or an array; None for other structures."""
    if node.isSeq():
        return [_plain(node.at(i)) for i in range(node.size())]
    if node.isMap():
        return _matrix(node) if {"dt", "data"} <= set(node.keys()) else None
    return node.string() if node.isString() else node.real()


def _matrix(node: cv2.FileNode) -> Any:
    """A matrix of one channel; ValueError if it does not hold what it says: `node.mat()` would end the process."""
    sizes = ("sizes",) if "sizes" in node.keys() else ("rows", "cols")  # noqa: SIM118  # not a mapping
    shape = [int(size) for key in sizes for size in np.ravel(_plain(node.getNode(key)))]
    return np.reshape(_plain(node.getNode("data")), shape)


def _depth(text: str) -> int:
    """How deep brackets and tags are nested: OpenCV's parser calls itself for each, until its stack overflows."""
    marks = re.findall(r"[\[\]{}]|</?\w", text)
    return max(itertools.accumulate(-1 if mark in "]}" or mark[:2] == "</" else 1 for mark in marks), default=0)


def _camera(values: Values, n: int, side: str, size: tuple[float, float]) -> CameraModel:
    K, D = (values.first(*(name.format(n=n, side=side) for name in names)) for names in (_CAMERA_MATRIX, _DISTORTION))
    model = "fisheye" if _is_fisheye(values) else "brown_conrady"
    return values.camera_of_matrix(K, size, _distortion(values, D), model)


def _is_fisheye(values: Values) -> bool:
    named = "distortion_model" in values and values.text("distortion_model").lower() in ("fisheye", "equidistant")
    return named or ("fisheye" in values and values.number("fisheye") != 0)


def _distortion(values: Values, key: str) -> F64:
    D = values.numbers(key).ravel()
    if len(D) == 14 and D[12:].any():
        raise CalibrationError(f"{values.where}: {key} tilts the sensor (tau_x, tau_y), which is not supported")
    return D[:12] if len(D) == 14 else D


def _rotation(values: Values) -> F64:
    """R as a 3×3 matrix; an axis–angle vector is understood too."""
    R = values.numbers("R")
    if R.size == 3:
        return transforms.rotation_from_vector(R.ravel())
    return values.numbers("R", 3, 3)


def _vector(values: Values, key: str, length: int) -> F64:
    """A row, a column or a list of that many numbers."""
    vector = values.numbers(key).ravel()
    if len(vector) != length:
        raise CalibrationError(f"{values.where}: {key} must have {length} entries, not {len(vector)}")
    return vector


def _size(values: Values, source: Source) -> tuple[float, float]:
    """(width, height) as the file states it, else as the caller does."""
    for key in ("image_size", "imageSize", "size"):
        if key in values:
            width, height = _vector(values, key, 2).tolist()
            return width, height
    for prefix in ("image_", "image", ""):
        if f"{prefix}width" in values:
            return values.number(f"{prefix}width"), values.number(f"{prefix}height")
    if source.size is None:
        raise CalibrationError(f"{values.where}: states no image_size: say it, as size=(640, 480)")
    return source.size
