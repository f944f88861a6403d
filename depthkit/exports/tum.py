"""TUM RGB-D folders (Sturm et al., IROS 2012): rgb/, depth/, their lists by stamp, and groundtruth.txt with poses."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import Rig
from depthkit.exports.clock import Clock
from depthkit.exports.layout import pose_of
from depthkit.exports.ledger import ConversionLedger
from depthkit.exports.one_camera import OneCamera
from depthkit.exports.picture_folder import PictureFolder
from depthkit.types import FrameSet

FORM = "TUM RGB-D folder"
LOST = (
    "reasons and confidence of depth",
    "numbers, host stamps and meta of frames, but for poses",
    "what an IMU felt",
    "the calibration: TUM's files hold none, rig.json beside them does",
)


def export(path: Path, rig: Rig, ledger: ConversionLedger) -> PictureFolder:
    """Begin the folder `path`."""
    return PictureFolder(path, rig, ledger, TumLayout(ledger))


class TumLayout:
    """rgb/STAMP.png and depth/STAMP.png, 5000 steps a metre; all stamps to the nanosecond."""

    depth_scale = 1 / 5000

    def __init__(self, ledger: ConversionLedger) -> None:
        self._one, self._clock = OneCamera(), Clock(ledger)
        self._stamps: list[str] = []
        self._poses: list[str] = []

    def place(self, frames: FrameSet) -> Mapping[str, str]:
        """The picture that depth is registered to, and depth."""
        role, pose = self._one.choose(frames), pose_of(frames)
        stamp = "{}.{:09d}".format(*divmod(self._clock.stamp(frames), 10**9))
        self._stamps.append(stamp)
        if pose is not None:
            self._poses.append(f"{stamp} {_pose(pose)}")
        return {role: f"rgb/{stamp}.png", "depth": f"depth/{stamp}.png"}

    def rig(self) -> Rig:
        """The camera of both."""
        return self._one.rig()

    def texts(self) -> Mapping[str, str]:
        """The lists, and the poses if there are any."""
        lists = {
            f"{name}.txt": _list(f"{words} images", "timestamp filename", (f"{s} {name}/{s}.png" for s in self._stamps))
            for name, words in (("rgb", "color"), ("depth", "depth"))
        }
        poses = _list("poses T_world_camera", "timestamp tx ty tz qx qy qz qw", self._poses)
        return lists | ({"groundtruth.txt": poses} if self._poses else {})


def _list(title: str, columns: str, lines: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "# converted by depthkit", f"# {columns}", *lines, ""])


def _pose(T: F64) -> str:
    w, x, y, z = transforms.quaternion_from_rotation(T[:3, :3])
    return " ".join(f"{value:.17g}" for value in (*T[:3, 3], x, y, z, w))
