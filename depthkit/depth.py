"""Disparity ↔ depth of a rectified pair, `z = fx · baseline / (d + cx_right − cx_left)`, and depth of devices."""

import numpy as np

from depthkit import kernels, threads
from depthkit.arrays import F32, U16, require
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError, InputError
from depthkit.rectify import is_rectified
from depthkit.recycling import Recycler
from depthkit.types import DepthImage, Disparity, Reason

_memory = Recycler()


def from_disparity(disparity: Disparity, rig: Rig, *, stamp_ns: int = 0) -> DepthImage:
    """Depth seen by the left camera of a rectified rig.

    Unknown pixels stay unknown and keep their reason; disparities of a point at infinity or beyond become unknown
    as TOO_FAR. Raises CalibrationError for a rig that is not rectified, InputError for one of another size.
    """
    _check(rig)
    height, width = disparity.values.shape
    if rig.left.size != (width, height):
        raise InputError(
            f"the disparities are {width}×{height} but the rig's images {rig.left.width}×{rig.left.height}: "
            "use the rectified rig of this pair"
        )
    parallax = disparity.values + np.float32(rig.right.cx - rig.left.cx)
    with np.errstate(divide="ignore", over="ignore"):
        depth = np.float32(rig.left.fx * rig.baseline) / parallax
    too_far = (parallax <= 0) | np.isinf(depth)
    depth[too_far] = np.nan
    reason = disparity.reason | too_far * np.uint16(Reason.TOO_FAR)
    confidence = disparity.confidence * ~too_far
    return DepthImage(depth, reason, confidence, rig.left, stamp_ns)


def from_device(metres: F32, camera: CameraModel, stamp_ns: int = 0) -> DepthImage:
    """Depth that a device measured itself: (H, W) float32 m, trusted wherever it is finite.

    NaN is unknown, −∞ too near and ∞ too far, as in ROS's REP 117.
    """
    known = np.isfinite(metres)
    reason = np.where(known, 0, Reason.NO_DATA).astype(np.uint16)
    if np.isinf(metres).any():
        reason[metres == -np.inf], reason[metres == np.inf] = Reason.TOO_NEAR, Reason.TOO_FAR
        metres = np.where(known, metres, np.float32(np.nan))
    return DepthImage(metres, reason, known.astype(np.float32), camera, stamp_ns)


def from_steps(steps: U16, scale: float, camera: CameraModel, stamp_ns: int = 0) -> DepthImage:
    """Depth as a device sends it: (H, W) uint16 steps of `scale` m, 0 unknown; else as `from_device`."""
    require("depth in steps", steps, np.uint16, (None, None))
    metres, reason, confidence = (_memory.empty(steps.shape, kind) for kind in (np.float32, np.uint16, np.float32))
    no_data = np.uint16(Reason.NO_DATA)
    out = metres, reason, confidence
    threads.for_rows(kernels.metres.from_steps, len(steps), steps, np.float32(scale), no_data, *out, at_least=256)
    return DepthImage(metres, reason, confidence, camera, stamp_ns)


def to_disparity(depth: DepthImage, rig: Rig) -> Disparity:
    """Disparities of the left image of a rectified rig that give this depth: the inverse of `from_disparity`.

    Raises CalibrationError for a rig that is not rectified or whose left camera is not the one of the depth.
    """
    _check(rig)
    if depth.camera != rig.left:
        raise CalibrationError("the depth was not seen by the left camera of this rig: use the rig it was made with")
    parallax = np.float32(rig.left.fx * rig.baseline) / depth.depth
    return Disparity(parallax - np.float32(rig.right.cx - rig.left.cx), depth.reason, depth.confidence)


def _check(rig: Rig) -> None:
    if not is_rectified(rig):
        raise CalibrationError("disparities need a rectified rig, and this one is not: use the `rig` of its Rectifier")
