"""Opening a recording, whoever made it."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from depthkit.bag import Bag
from depthkit.cameras import Rig
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings import azure_kinect, euroc, folders, foxglove, ros_files, seven_scenes, svo, tum, video_files
from depthkit.recordings.contents import Contents, Wishes, explained
from depthkit.recordings.mcap_files import is_mcap
from depthkit.recordings.recording import Recording

_FORMATS: tuple[ModuleType, ...] = (
    ros_files, foxglove, azure_kinect, svo, euroc, tum, seven_scenes, folders, video_files,
)  # fmt: skip
"""Modules with `matches(path)` and `read(path, wishes)`, the first that matches reads."""


def open_recording(
    path: str | Path,
    *,
    rig: Rig | None = None,
    tolerance: float | None = None,
    depth_scale: float | None = None,
    topics: Mapping[str, str] | None = None,
) -> Bag | Recording:
    """Open a recording: depthkit's own as a `Bag`, others as a `Recording` with the same interface.

    rig: its calibration, for recordings that keep none, or to be used instead of theirs. tolerance: how far the stamps
    of the pictures of one frame may be apart, in s; the default depends on the format. depth_scale: metres a step of
    16-bit depth, where the format does not say. topics: by role, the topics to read instead of all pictures.

    Raises BagError for what is missing, damaged or unknown, CalibrationError where a rig is needed or does not fit.
    """
    file = Path(path)
    if not file.exists():
        raise BagError(f"cannot open the recording {path}: there is no such file or folder")
    wishes = Wishes(rig, None if tolerance is None else round(tolerance * 1e9), depth_scale, topics)
    for form in _FORMATS:
        with explained(file):
            if form.matches(file):
                contents = form.read(file, wishes)
                try:
                    _check(file, contents)
                except BaseException:
                    contents.close()
                    raise
                return Recording(file, contents)
    with explained(file):
        if is_mcap(file):
            return Bag(file)
    raise BagError(f"{path} holds no recording that depthkit can read: see docs/recordings.md for those it can")


def picture_sizes(path: str | Path) -> list[tuple[int, int]]:
    """(width, height) that the pictures of one camera may have, where a recording leaves its calibration to a file.

    For files that hold a calibration for each of several sizes. Empty for recordings that are not ZED's or videos.
    """
    file = Path(path)
    for form in _FORMATS:
        with explained(file):
            if form.matches(file):
                return list(form.sizes(file)) if form in (svo, video_files) else []
    return []


def _check(path: Path, contents: Contents) -> None:
    """Refuse a recording without a frame, or whose rig misses a camera."""
    if not contents.moments:
        lost = ", ".join(f"{len(names)} {role}" for role, names in contents.left_over.items()) or "no"
        raise BagError(f"{path}: {lost} pictures but no frame: none has its partner (a larger tolerance= may find it)")
    roles = {role for moment in contents.moments for role in moment.shots}
    if missing := roles - set(contents.rig.cameras):
        raise CalibrationError(f"{path}: the rig has no camera for its {', '.join(sorted(missing))} pictures")
