"""Stereo pairs with their truth, found in a folder and read."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depthkit import images, truth
from depthkit.arrays import F32, U8, Mask
from depthkit.errors import InputError
from depthkit.files import read_bytes
from depthkit_tools.bench.layouts import SceneFiles, scenes_in

INDEX = "scenes.json"
_MULTIPLE = 16  # of the disparities searched, as OpenCV asks for
_IMAGES = {".png", ".jpg", ".jpeg", ".ppm", ".pgm", ".pfm", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A rectified pair and its truth.

    left, right: (H, W) grey; truth: (H, W) px of the left image, NaN unknown; seen: (H, W) bool, both cameras see the
    point; num_disparities: searched, a multiple of 16; range_from, seen_from: where these two are from, in words.
    """

    name: str
    layout: str
    left: U8
    right: U8
    truth: F32
    seen: Mask
    num_disparities: int
    range_from: str
    seen_from: str

    @property
    def counted(self) -> Mask:
        """(H, W) bool: pixels to compare, those with a truth, seen by both, with all candidates in the right image."""
        all_candidates = np.arange(self.truth.shape[1]) >= self.num_disparities
        return np.asarray(self.seen & np.isfinite(self.truth) & all_candidates, np.bool_)

    @property
    def facts(self) -> dict[str, Any]:
        """All but the pixels, as plain values for JSON."""
        height, width = self.truth.shape
        return {
            "scene": self.name,
            "layout": self.layout,
            "width": width,
            "height": height,
            "num_disparities": self.num_disparities,
            "range_from": self.range_from,
            "seen_from": self.seen_from,
            "pixels": int(self.counted.sum()),
        }


def find(folder: Path) -> tuple[list[SceneFiles], list[str]]:
    """All scenes of a folder, and a line on each of its folders that holds images but no scene.

    The folder's scenes.json lists them, or else it and all folders below are searched for the layouts of public data
    sets (see `layouts`). Raises InputError if there is no such folder or no scene in it.
    """
    if not folder.is_dir():
        raise InputError(f"no such folder: {folder}")
    index = folder / INDEX
    scenes, passed_over = (_listed(index), []) if index.is_file() else _searched(folder)
    if not scenes:
        why = f": {few(passed_over)}" if passed_over else ""
        raise InputError(
            f"no scene with a truth in {folder}, laid out as Middlebury, ETH3D or KITTI or in a {INDEX}{why}"
        )
    return scenes, passed_over


def few(lines: Sequence[str], most: int = 3) -> str:
    """The first of many lines on one, and how many more there are."""
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "; ".join([*lines[:most], *more])


def load(files: SceneFiles) -> Scene:
    """Read a scene. Raises InputError for files that are missing, unreadable or of different sizes."""
    left, right = (images.to_u8(images.to_grey(images.read(path))) for path in (files.left, files.right))
    disparities = truth.read_disparity(files.truth, files.scale)
    seen, seen_from = _seen(files, disparities)
    _same_size(files.name, {"left image": left, "right image": right, "truth": disparities, "mask": seen})
    num_disparities, range_from = _range(files, disparities)
    scene = Scene(files.name, files.layout, left, right, disparities, seen, num_disparities, range_from, seen_from)
    if not scene.counted.any():
        raise InputError(f"{files.name} has no pixel to compare: none with a truth right of column {num_disparities}")
    return scene


def _listed(index: Path) -> list[SceneFiles]:
    try:
        entries = json.loads(read_bytes(index))
        return [_entry(index.parent, entry) for entry in entries]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"{index} must be a list of scenes with scene, dir, left, right, disp_left and scale ({error})"
        ) from error


def _entry(root: Path, entry: Mapping[str, Any]) -> SceneFiles:
    """`dir` counts from the folder of the list or from the one above it."""
    folder = next((base / entry["dir"] for base in (root, root.parent) if (base / entry["dir"]).is_dir()), root)
    optional = {key: folder / entry[key] if entry.get(key) else None for key in ("disp_right", "nocc_mask")}
    return SceneFiles(
        entry["scene"],
        INDEX,
        folder / entry["left"],
        folder / entry["right"],
        folder / entry["disp_left"],
        scale=float(entry.get("scale", 1)),
        right_truth=optional["disp_right"],
        mask=optional["nocc_mask"],
        num_disparities=entry.get("suggested_num_disparities"),
    )


def _searched(root: Path) -> tuple[list[SceneFiles], list[str]]:
    scenes: list[SceneFiles] = []
    passed_over: list[str] = []
    for path, below, names in os.walk(root):
        below.sort()
        folder = Path(path)
        name = root.resolve().name if folder == root else str(folder.relative_to(root))
        try:
            found = scenes_in(folder, name)
        except InputError as error:
            passed_over.append(str(error))
            below.clear()
            continue
        if found:
            scenes += found
            below.clear()
        elif any(Path(file).suffix.lower() in _IMAGES for file in names):
            passed_over.append(f"{name} has images but is not laid out as a known data set")
    return scenes, passed_over


def _seen(files: SceneFiles, disparities: F32) -> tuple[Mask, str]:
    if files.mask:
        return truth.read_mask(files.mask), "the mask that is given"
    if files.seen_truth:
        return np.isfinite(truth.read_disparity(files.seen_truth, files.scale)), "the non-occluded truth that is given"
    if files.right_truth:
        right_truth = truth.read_disparity(files.right_truth, files.scale)
        _same_size(files.name, {"truth": disparities, "right truth": right_truth})
        return truth.cross_checked(disparities, right_truth), "the right image's truth, which agrees"
    return truth.not_hidden(disparities), "the left truth moved into the right image"


def _range(files: SceneFiles, disparities: F32) -> tuple[int, str]:
    """Disparities to search; a range as wide as the image, as in ETH3D's files, says nothing."""
    named = files.num_disparities
    if named and _rounded_up(named) < disparities.shape[1]:
        return _rounded_up(named), "the data set"
    largest = int(np.nanmax(np.where(np.isfinite(disparities), disparities, 0)))
    return _rounded_up(largest + 1), "the largest true disparity"


def _rounded_up(disparities: int) -> int:
    return -(-disparities // _MULTIPLE) * _MULTIPLE


def _same_size(name: str, arrays: Mapping[str, U8 | F32 | Mask]) -> None:
    sizes = {what: f"{array.shape[1]}×{array.shape[0]}" for what, array in arrays.items()}
    if len(set(sizes.values())) > 1:
        raise InputError(f"{name}: sizes differ: " + ", ".join(f"{what} {size}" for what, size in sizes.items()))
