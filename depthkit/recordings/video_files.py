"""Video files: a stereo pair side by side in one, a file for each camera of a pair, or a single camera.

A video does not say what its pictures are of; the rig does. One that is as wide as the rig's left and right cameras
together has them side by side; any other is of the camera its name tells (left, right, ir), else the colour camera.
Stamps are the file's own, which count from its start.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from depthkit.cameras import Rig
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings.clip import Clip
from depthkit.recordings.contents import DEPTH, Contents, Shot, Wishes, closed_on_error, need_rig
from depthkit.recordings.folders import files_by_role, role_of
from depthkit.recordings.pairs import by_itself, by_stamp
from depthkit.recordings.video import half

_SUFFIXES = {".mp4", ".m4v", ".mov", ".mkv", ".avi"}
_PAIR = ("left", "right")


def matches(path: Path) -> bool:
    """A video file, or a folder with videos of a left and a right camera."""
    if path.is_dir():
        return {*_PAIR} <= files_by_role(path, _SUFFIXES).keys()
    return path.suffix.lower() in _SUFFIXES


def read(path: Path, wishes: Wishes) -> Contents:
    """Every picture of a file, or of two files those of the nearest stamps; opening reads each file once."""
    opened = ExitStack()
    with closed_on_error(opened.close):
        if path.is_dir():
            clips = {role: opened.enter_context(Clip(file)) for role, file in _pair_in(path).items()}
            return _of_pair(path, clips, wishes, opened.close)
        return _of_one(path, opened.enter_context(Clip(path)), wishes.rig, opened.close)


def sizes(path: Path) -> list[tuple[int, int]]:
    """(width, height) that the pictures of one camera may have: of half of a video's width, or of all of it."""
    with Clip(_pair_in(path)["left"] if path.is_dir() else path) as clip:
        width, height = clip.size
    return [(width, height)] if path.is_dir() else [(width // 2, height), (width, height)]


def _of_one(path: Path, clip: Clip, rig: Rig | None, close: Callable[[], None]) -> Contents:
    width, height = clip.size
    role = role_of(path, path.parent)[0] or "color"
    role = role if role != DEPTH else "color"
    if rig is None:
        raise CalibrationError(
            f"{path}: a video does not say what its cameras are: give their calibration (rig=, --rig FILE), with a "
            f"{role} camera of {width}×{height} or, if left and right are side by side, with two of half that width"
        )
    together = _are_side_by_side(rig, clip.size)
    if not together:
        _check_size(path, rig, role, clip.size)
    roles = _PAIR if together else (role,)
    moments = by_itself(roles, clip.shots("frame" if together else role))

    def read_shot(role: str, shot: Shot) -> NDArray[Any]:
        picture = clip.film.picture(shot.place)
        return half(picture, role) if together else picture

    form = "side-by-side video" if together else "video"
    return Contents(form, rig, moments, {}, read_shot, close, clip.ignored())


def _of_pair(path: Path, clips: Mapping[str, Clip], wishes: Wishes, close: Callable[[], None]) -> Contents:
    if wishes.rig is None:
        raise need_rig(path, "pair of videos", _PAIR)
    for role, clip in clips.items():
        _check_size(path, wishes.rig, role, clip.size)
    moments, lost = by_stamp({role: clip.shots(role) for role, clip in clips.items()}, wishes.tolerance_ns, _PAIR)
    ignored = {name: why for clip in clips.values() for name, why in clip.ignored().items()}

    def read_shot(role: str, shot: Shot) -> NDArray[Any]:
        return clips[role].film.picture(shot.place)

    return Contents("pair of videos", wishes.rig, moments, lost, read_shot, close, ignored)


def _pair_in(path: Path) -> dict[str, Path]:
    """The left and the right video of a folder, which have one name but for that word."""
    found = files_by_role(path, _SUFFIXES)
    keys = found["left"].keys() & found["right"].keys()
    if len(keys) != 1:
        names = ", ".join(sorted(shot.name for role in _PAIR for shot in found[role].values()))
        raise BagError(f"{path} must hold one left and one right video of one name, but holds {names}")
    return {role: found[role][next(iter(keys))].place for role in _PAIR}


def _are_side_by_side(rig: Rig, size: tuple[int, int]) -> bool:
    """Whether the left and the right camera each fill half of a picture."""
    cameras = [rig.cameras[role] for role in _PAIR if role in rig.cameras]
    return [(2 * camera.width, camera.height) for camera in cameras] == [size, size]


def _check_size(path: Path, rig: Rig, role: str, size: tuple[int, int]) -> None:
    if role not in rig.cameras or rig.cameras[role].size != size:
        cameras = ", ".join(f"{name} {camera.width}×{camera.height}" for name, camera in rig.cameras.items())
        raise CalibrationError(
            f"{path}: its {role} pictures are {size[0]}×{size[1]}, and the rig has {cameras}: give one with a {role} "
            "camera of that size, or, if they are left and right side by side, with two of half that width"
        )
