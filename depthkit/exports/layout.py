"""How a format lays pictures out in a folder: what every layout says, and what they share."""

from collections.abc import Mapping
from typing import Protocol

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import Rig
from depthkit.recordings.poses import KEY
from depthkit.types import FrameSet


class Unfit(Exception):
    """A frame has no place in a format: the reason in few words, and what would help."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


class Layout(Protocol):
    """The files of a format. It only decides: `PictureFolder` writes.

    depth_scale: metres a step of its 16-bit depth.
    """

    depth_scale: float

    def place(self, frames: FrameSet) -> Mapping[str, str]:
        """The file, a PNG in a folder, for each role that has a place; raises Unfit for a frame that has none."""

    def rig(self) -> Rig:
        """The cameras of the pictures placed so far."""

    def texts(self) -> Mapping[str, str]:
        """The other files, by name, once all pictures are placed."""


def pose_of(frames: FrameSet) -> F64 | None:
    """`T_world_camera` of a frame, from its meta; None if it has none. CalibrationError for one that is not rigid."""
    pose = frames.meta.get(KEY)
    return None if pose is None else transforms.check(f"frame {frames.sequence}: meta[{KEY!r}]", pose)


def log_entry(number: int, T_world_camera: F64) -> str:
    """A frame's lines of a .log trajectory, as Redwood and Open3D write it."""
    rows = (" ".join(f"{value:.17g}" for value in row) for row in T_world_camera)
    return "\n".join([f"{number} {number} {number + 1}", *rows, ""])
