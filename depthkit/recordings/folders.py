"""Folders of paired images: left and right, or colour and depth, in two folders or told apart by a word in the name.

Pictures pair when their names are the same but for that word; numbers compare as numbers (7 and 0007 are one).
What Open3D and the Redwood data sets add is read: a JSON file with the `intrinsic_matrix` of registered colour and
depth, and trajectory.log with poses; and what depthkit adds, rig.json and frames.csv with numbers and stamps.
"""

import csv
import io
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError
from depthkit.recordings import poses
from depthkit.recordings.contents import DEPTH, Contents, Moment, Shot, Wishes, need_rig
from depthkit.recordings.pairs import by_name, check_stamps
from depthkit.recordings.pictures import MILLIMETRES, RIG_FILE, own_rig, picture_reader, registered_rig

_FORM = "folder of paired images"
_ROLES = {
    "left": "left", "right": "right", "color": "color", "colour": "color", "rgb": "color", "image": "color",
    "depth": DEPTH, "ir": "ir", "infrared": "ir",
}  # fmt: skip
FRAMES_FILE = "frames.csv"
FRAMES_COLUMNS = ("file", "sequence", "stamp_device_ns", "stamp_host_ns")
_SUFFIXES = {".png", ".jpg", ".jpeg", ".pgm", ".ppm", ".tif", ".tiff", ".bmp", ".webp"}


def matches(path: Path) -> bool:
    """A folder with pictures of more than one role, or of one beside a rig.json."""
    return path.is_dir() and len(files_by_role(path)) > (not (path / RIG_FILE).is_file())


def read(path: Path, wishes: Wishes) -> Contents:
    """Frames of equal names; depth in mm unless `depth_scale` or Open3D's `depth_scale` (steps a metre) says other."""
    keyed = files_by_role(path)
    moments, lost = by_name(keyed, sorted(next(iter(keyed.values())), key=natural))
    said = _open3d_camera(path)
    rig = registered_rig(wishes.rig) if wishes.rig is not None else own_rig(path) or said.pop("rig", None)
    if rig is None:
        raise need_rig(path, _FORM, sorted(keyed))
    scale = wishes.depth_scale or said.get("scale", MILLIMETRES)
    return Contents(_FORM, rig, _numbered(path, _posed(path, moments)), lost, picture_reader(scale))


def files_by_role(path: Path, suffixes: Collection[str] = _SUFFIXES) -> dict[str, dict[str, Shot]]:
    """The pictures of a folder, or its files of other suffixes, by role, then by what is left of their names."""
    found: dict[str, dict[str, Shot]] = {}
    for file in sorted(_files(path, suffixes)):
        role, key = role_of(file, path)
        if role is None:
            continue
        if key in found.setdefault(role, {}):
            raise BagError(f"{path} has two {role} pictures called {key!r}, one of them {file.name}: remove one")
        found[role][key] = Shot(0, str(file.relative_to(path)), file)
    return found


def natural(key: str) -> list[tuple[int, str]]:
    """A sorting key that puts 9 before 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", key)]


def role_of(file: Path, root: Path) -> tuple[str | None, str]:
    """The role of a file of pictures, from its folder or a word in its name, and its name without that word."""
    words = re.split(r"([^A-Za-z]+)", file.stem)
    in_name = [word for word in words if word.lower() in _ROLES]
    if file.parent != root:
        role = _ROLES[file.parent.name.lower()]
    elif in_name:
        role = _ROLES[in_name[-1].lower()]
    else:
        return None, file.stem
    rest = "".join(word for word in words if _ROLES.get(word.lower()) != role)
    return role, re.sub(r"\d+", lambda number: str(int(number[0])), rest.strip("._- "))


def _files(path: Path, suffixes: Collection[str]) -> list[Path]:
    folders = [path, *(each for each in path.iterdir() if each.is_dir() and each.name.lower() in _ROLES)]
    return [file for folder in folders for file in folder.iterdir() if file.suffix.lower() in suffixes]


def _open3d_camera(path: Path) -> dict[str, Any]:
    """The rig and the depth scale (m a step) of a JSON file in the folder that has an `intrinsic_matrix`, if any."""
    for file in sorted(path.glob("*.json")):
        values = json.loads(poses.read_text(file))
        if isinstance(values, Mapping) and "intrinsic_matrix" in values:
            fx, _, _, _, fy, _, cx, cy, _ = values["intrinsic_matrix"]  # by columns
            rig = registered_rig(
                Rig(
                    {"color": CameraModel(values["width"], values["height"], fx, fy, cx, cy)}, {}, {"source": file.name}
                )
            )
            return {"rig": rig} | ({"scale": 1 / values["depth_scale"]} if "depth_scale" in values else {})
    return {}


def _posed(path: Path, moments: list[Moment]) -> list[Moment]:
    log = path / "trajectory.log"
    known = poses.read_log(log) if log.is_file() else {}
    return [poses.with_pose(moment, known.get(moment.sequence)) for moment in moments]


def _numbered(path: Path, moments: list[Moment]) -> list[Moment]:
    """With the numbers and stamps of a list by file name, if there is one; without them for files that it misses."""
    if not (path / FRAMES_FILE).is_file():
        return moments
    known: dict[str, dict[str, Any]] = {}
    for row in csv.DictReader(io.StringIO(poses.read_text(path / FRAMES_FILE))):
        sequence, device, host = (int(row[column]) for column in FRAMES_COLUMNS[1:])
        known[row["file"]] = {"sequence": sequence, "stamp_ns": device, "host_ns": host}
    names = [Path(next(iter(moment.shots.values())).name).name for moment in moments]
    check_stamps(Shot(row["stamp_ns"], name, None, row["host_ns"]) for name, row in known.items())
    return [replace(moment, **known.get(name, {})) for moment, name in zip(moments, names, strict=True)]
