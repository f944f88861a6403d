"""Sequences of Microsoft's 7-Scenes (Shotton et al., CVPR 2013): frame-000000.color.png, .depth.png and .pose.txt.

Depth is in mm, 0 and 65535 unknown; there are no stamps. The data set says 585, 585, 320, 240 of its depth camera and
nothing of the colour camera; as everyone does, colour is taken to be seen by the depth camera: fit to look at.
"""

from pathlib import Path

import numpy as np

from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit.recordings import poses
from depthkit.recordings.contents import DEPTH, Contents, Wishes, need_rig
from depthkit.recordings.folders import files_by_role, natural
from depthkit.recordings.pairs import by_name
from depthkit.recordings.pictures import MILLIMETRES, picture_reader, registered_rig, rig_of_one, size

_FORM = "7-Scenes sequence"
_DOCUMENTED = CameraModel(640, 480, 585, 585, 320, 240)


def matches(path: Path) -> bool:
    """A folder with the first files of a sequence."""
    return any(path.glob("frame-??????.color.*")) and any(path.glob("frame-??????.depth.*"))


def read(path: Path, wishes: Wishes) -> Contents:
    """Frames of equal numbers; poses where the tracker had one."""
    keyed = {role: shots for role, shots in files_by_role(path).items() if role in (DEPTH, "color")}
    moments, lost = by_name(keyed, sorted(keyed[DEPTH], key=natural))
    moments = [
        poses.with_pose(moment, poses.read_matrix(path / moment.shots[DEPTH].name.replace(".depth.png", ".pose.txt")))
        for moment in moments
    ]
    rig = _rig(path, size(keyed[DEPTH].values())) if wishes.rig is None else registered_rig(wishes.rig)
    return Contents(_FORM, rig, moments, lost, picture_reader(wishes.depth_scale or MILLIMETRES, (0, 65535)))


def _rig(path: Path, image_size: tuple[int, int]) -> Rig:
    """From camera-intrinsics.txt, a 3×3 matrix that some copies hold, else as documented."""
    file = path / "camera-intrinsics.txt"
    if file.is_file():
        K = np.array(poses.read_text(file).split(), np.float64)
        if K.size != 9:
            raise CalibrationError(f"{file} must hold the 9 numbers of a camera matrix, not {K.size}")
        return rig_of_one(CameraModel(*image_size, K[0], K[4], K[2], K[5]), file.name)
    if image_size != _DOCUMENTED.size:
        raise need_rig(path, _FORM, [DEPTH])
    return rig_of_one(_DOCUMENTED, "7-Scenes' documentation, of the depth camera; none is known of the colour camera")
