"""For formats that know one camera: the picture of a frame that it is, and depth registered to it."""

from collections.abc import Mapping

import numpy as np

from depthkit.cameras import CameraModel, Rig
from depthkit.exports.layout import Unfit
from depthkit.types import FrameSet

_PICTURES = ("color", "left", "ir")


class OneCamera:
    """Chooses the picture of each frame, of the same role and camera for all.

    It is the first of color, left and ir whose camera depth was measured by or registered to, or that is there where
    a frame needs no depth.
    """

    def __init__(self, with_depth: bool = True) -> None:
        self._with_depth = with_depth
        self._chosen: tuple[str, CameraModel] | None = None
        self._provenance: Mapping[str, str] = {}

    @property
    def camera(self) -> CameraModel:
        """The camera of the pictures chosen so far."""
        assert self._chosen is not None, "no picture was chosen"
        return self._chosen[1]

    def rig(self, with_depth: bool = True) -> Rig:
        """That camera, as color and as depth."""
        roles = ("color", "depth") if with_depth else ("color",)
        return Rig(dict.fromkeys(roles, self.camera), provenance=self._provenance)

    def choose(self, frames: FrameSet) -> str:
        """The role of the frame's picture; raises Unfit if it has none, or not the one of the frames before."""
        role = self._role(frames)
        chosen = role, frames.rig.camera(role)
        if self._chosen is None:
            self._chosen, self._provenance = chosen, frames.rig.provenance
        if chosen != self._chosen:
            raise Unfit(f"the picture of another camera than {self._chosen[0]!r}, which the frames before have")
        return role

    def _role(self, frames: FrameSet) -> str:
        there = [role for role in _PICTURES if role in frames.images]
        if frames.depth is None and self._with_depth:
            raise Unfit("no depth", "compute it first, or convert to folders, which need none")
        if not there:
            raise Unfit("no color, left or ir picture")
        fitting = there if frames.depth is None else [role for role in there if _is_registered(frames, role)]
        if not fitting:
            raise Unfit("depth of another camera than the picture", "folders keep each with its own camera")
        return fitting[0]


def _is_registered(frames: FrameSet, role: str) -> bool:
    """Whether depth is seen by the camera of that role, or as if it were."""
    rig, depth = frames.rig, frames.depth
    same_lens = depth is not None and depth.camera == rig.camera(role)
    return same_lens and ("depth" not in rig.cameras or np.allclose(rig.T("depth", role), np.eye(4), atol=1e-6))
