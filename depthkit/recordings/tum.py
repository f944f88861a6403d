"""Folders of the TUM RGB-D benchmark (Sturm et al., IROS 2012), which many tools write too.

rgb.txt and depth.txt list stamps in s and files; depth is registered to the colour image, 5000 steps a metre, 0 none;
groundtruth.txt, if there, has poses.
"""

import re
from pathlib import Path

from depthkit.cameras import CameraModel, Rig
from depthkit.recordings import poses
from depthkit.recordings.contents import DEPTH, Contents, Shot, Wishes, need_rig
from depthkit.recordings.pairs import TOLERANCE_NS, by_stamp
from depthkit.recordings.pictures import own_rig, picture_reader, registered_rig, rig_of_one

_FORM = "TUM RGB-D folder"
_SCALE = 1 / 5000

_CAMERAS = {
    "freiburg1": CameraModel(
        640, 480, 517.3, 516.5, 318.6, 255.3, (0.2624, -0.9531, -0.0054, 0.0026, 1.1633), "brown_conrady"
    ),
    "freiburg2": CameraModel(
        640, 480, 520.9, 521.0, 325.1, 249.7, (0.2312, -0.7849, -0.0033, -0.0001, 0.9172), "brown_conrady"
    ),
    "freiburg3": CameraModel(640, 480, 535.4, 539.2, 320.1, 247.6),
}
"""The colour cameras as the benchmark's page on file formats documents them."""


def matches(path: Path) -> bool:
    """A folder with both lists."""
    return (path / "rgb.txt").is_file() and (path / "depth.txt").is_file()


def read(path: Path, wishes: Wishes) -> Contents:
    """Pairs of nearest stamps, at most 20 ms apart unless said otherwise; rig.json or a name tells the camera."""
    streams = {role: _shots(path, name) for role, name in ((DEPTH, "depth.txt"), ("color", "rgb.txt"))}
    tolerance = TOLERANCE_NS if wishes.tolerance_ns is None else wishes.tolerance_ns
    moments, lost = by_stamp(streams, tolerance, streams)
    if (path / "groundtruth.txt").is_file():
        trajectory = poses.read_trajectory(path / "groundtruth.txt")
        moments = [poses.with_pose(each, trajectory.nearest(each.stamp_ns, tolerance)) for each in moments]
    rig = registered_rig(wishes.rig) if wishes.rig is not None else own_rig(path) or _rig(path)
    return Contents(_FORM, rig, moments, lost, picture_reader(wishes.depth_scale or _SCALE))


def _shots(path: Path, name: str) -> list[Shot]:
    return [Shot(stamp, words[0], path / words[0]) for stamp, words in poses.read_stamped(path / name)]


def _rig(path: Path) -> Rig:
    """The documented camera of the sequence that the folder's name or its lists name."""
    text = path.resolve().name + poses.read_text(path / "rgb.txt")[:500]
    named = re.search("freiburg[123]", text)
    if named is None:
        raise need_rig(path, _FORM, ["color"])
    return rig_of_one(_CAMERAS[named[0]], f"TUM RGB-D benchmark's documentation, {named[0]}")
