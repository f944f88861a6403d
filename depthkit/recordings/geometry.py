"""From calibration messages to a rig: lenses, and where the cameras are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError

_BROWN = {
    "plumb_bob", "rational_polynomial", "brown conrady", "modified brown conrady", "brown_conrady",
    "radial-tangential", "radtan",
}  # fmt: skip
_FISHEYE = {"equidistant", "fisheye", "kannala brandt4", "kannala_brandt"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """A CameraInfo message of ROS or a CameraCalibration of Foxglove, and the frame of the pictures it is for."""

    frame: str
    width: int
    height: int
    model: str
    D: Sequence[float]
    K: F64
    R: F64
    P: F64
    """(3, 3), (3, 3) and (3, 4); zeros where they are not set."""

    def camera(self, rectified: bool) -> CameraModel:
        """The camera of the pictures as they are, or of rectified ones; CalibrationError for a lens not known."""
        if rectified and self.P[0, 0] > 0:
            return CameraModel(self.width, self.height, self.P[0, 0], self.P[1, 1], self.P[0, 2], self.P[1, 2])
        model, D = self._lens()
        K = self.K
        return CameraModel(self.width, self.height, K[0, 0], K[1, 1], K[0, 2], K[1, 2], D, model)

    def _lens(self) -> tuple[str, tuple[float, ...]]:
        D = tuple(map(float, self.D))
        name = self.model.lower()
        if not any(D):
            return "pinhole", ()
        if name in _FISHEYE:
            return "fisheye", D[:4]
        if name in _BROWN and not any(D[12:]):
            return "brown_conrady", D[:12]
        raise CalibrationError(f"the lens model {self.model!r} with {len(D)} coefficients is not known: give rig=")


@dataclass(frozen=True, slots=True)
class Tree:
    """Frames by name, each placed in its parent: `links` maps a child to its parent and T_parent_child."""

    links: Mapping[str, tuple[str, F64]]

    def T(self, target: str, source: str) -> F64 | None:
        """`T_target_source`; None if the two are not connected."""
        (root, T_root_target), (other, T_root_source) = self._from_root(target), self._from_root(source)
        return transforms.inverse(T_root_target) @ T_root_source if root == other else None

    def _from_root(self, frame: str) -> tuple[str, F64]:
        T = np.eye(4)
        for _ in range(len(self.links)):
            if frame not in self.links:
                break
            frame, T_parent_child = self.links[frame]
            T = T_parent_child @ T
        return frame, T


def transform(translation: ArrayLike, quaternion_wxyz: ArrayLike) -> F64:
    """A transform as messages write it."""
    return transforms.from_rotation_translation(transforms.rotation_from_quaternion(quaternion_wxyz), translation)


def build_rig(
    calibrations: Mapping[str, Calibration], rectified: Iterable[str], tree: Tree, reference: str, source: str
) -> Rig:
    """The rig whose common frame is the `reference` role's; CalibrationError if a camera's place cannot be told.

    rectified: roles whose pictures are. A right camera is placed by the P of its pair where it says so, the others by
    the tree; frames of equal names are one.
    """
    straight = set(rectified)
    cameras = {role: each.camera(role in straight) for role, each in calibrations.items()}
    poses = {reference: np.eye(4)}
    for role in sorted(calibrations, key=lambda role: role == "right"):  # the left one is placed first
        if role != reference:
            poses[role] = _place(role, calibrations, straight, tree, reference, poses)
    return Rig(cameras, poses, {"source": source})


def _place(
    role: str,
    calibrations: Mapping[str, Calibration],
    rectified: set[str],
    tree: Tree,
    reference: str,
    poses: Mapping[str, F64],
) -> F64:
    here = calibrations[role]
    if role == "right" and "left" in poses and here.P[0, 3] != 0:
        return _stereo_pose(calibrations["left"], here, role in rectified) @ poses["left"]
    there = calibrations[reference]
    T = np.eye(4) if here.frame == there.frame != "" else tree.T(here.frame, there.frame)
    if T is None:
        raise CalibrationError(
            f"the recording does not say where its {role} camera ({here.frame!r}) is from the {reference} camera "
            f"({there.frame!r}): give rig= (--rig FILE)"
        )
    return T


def _stereo_pose(left: Calibration, right: Calibration, rectified: bool) -> F64:
    """T_right_left from R and P, which is how ROS keeps a stereo calibration (REP 104 and image_pipeline)."""
    T_rectified = transforms.from_rotation_translation(np.eye(3), [right.P[0, 3] / right.P[0, 0], 0, 0])
    if rectified:
        return T_rectified
    turn_left, turn_right = (transforms.from_rotation_translation(each.R, np.zeros(3)) for each in (left, right))
    return transforms.inverse(turn_right) @ T_rectified @ turn_left
