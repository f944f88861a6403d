"""Rectification: the images of a stereo rig as two pinhole cameras side by side would have taken them.

A point then lies on the same row of both images, and its depth is `z = fx · baseline / (u_left − u_right)`.
"""

import numpy as np
from numpy.typing import ArrayLike

from depthkit import transforms
from depthkit.arrays import F64, Image, readonly
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit.remap import Remap, check_size

_LEAST_FOCAL = 0.7  # of the cameras' own focal length: the resolution at the centre that is kept whatever the lens
_SHORTEST_BASELINE = 1e-6  # m
_ONE_RAY = 1e-6  # normalised coordinates: how far apart two computations of one ray may be


class Rectifier:
    """Resamples the two images of a rig, by tables that are made once.

    The view: all rows that have a source in both images, and the columns from the left edge of the right image
    to the right edge of the left one (outside them nothing can be matched), at the image's own shape; but never
    so wide that the focal length falls below 0.7 of the cameras' own. `size`: (width, height) of the result, the
    left camera's unless given; `zoom` multiplies the focal length (below 1: more of the scene, with borders).

    rig: the rectified rig, pinhole cameras with one camera matrix and `T_right_left` a shift along x; other
    cameras of the rig keep their place. T_rectified_left: rotation from the left camera to the rectified one.
    valid_left, valid_right: (H, W) masks of the pixels that have a source; the others are 0 in the images.
    A rig that is rectified already passes images through untouched.

    Raises CalibrationError for a rig without a left and a right camera, or whose cameras are swapped, in one
    place, one above the other, or without a common view.
    """

    def __init__(self, rig: Rig, size: tuple[int, int] | None = None, zoom: float = 1.0) -> None:
        R_left, R_right = rectifying_rotations(rig.T("right", "left"))
        self._sizes = rig.left.size, rig.right.size
        self._left = self._right = None
        if size in (None, rig.left.size) and zoom == 1 and is_rectified(rig):
            self.rig, self.T_rectified_left = rig, readonly(np.eye(4))
            self.valid_left = self.valid_right = readonly(np.ones((rig.left.height, rig.left.width), bool))
            return
        camera = _view(rig, R_left, R_right, size or rig.left.size, zoom)
        self.T_rectified_left = readonly(transforms.from_rotation_translation(R_left, (0, 0, 0)))
        self.rig = _rectified_rig(rig, camera, self.T_rectified_left)
        self._left = Remap(source_pixels(rig.left, R_left, camera), rig.left.size)
        self._right = Remap(source_pixels(rig.right, R_right, camera), rig.right.size)
        self.valid_left, self.valid_right = self._left.valid, self._right.valid

    def left(self, image: Image) -> Image:
        """The left image rectified: same dtype and channels, uint8 grey or RGB or uint16 grey.

        Raises CalibrationError for an image that is not of the rig's size.
        """
        check_size(image, self._sizes[0])
        return image if self._left is None else self._left(image)

    def right(self, image: Image) -> Image:
        """The right image rectified, as `left`."""
        check_size(image, self._sizes[1])
        return image if self._right is None else self._right(image)


def is_rectified(rig: Rig) -> bool:
    """Whether the pixel rows of both cameras match as they are: no distortion, no rotation; cx may differ."""
    left, right, T = rig.left, rig.right, rig.T("right", "left")
    ideal = all(camera.model != "fisheye" and not any(camera.distortion) for camera in (left, right))
    same_rows = np.allclose((left.fx, left.fy, left.cy), (right.fx, right.fy, right.cy), rtol=0, atol=1e-4)
    shift = transforms.from_rotation_translation(np.eye(3), (-rig.baseline, 0, 0))
    same_axes = np.allclose(T, shift, rtol=0, atol=1e-6 * min(1, rig.baseline))
    apart = rig.baseline >= _SHORTEST_BASELINE
    return ideal and apart and left.size == right.size and same_rows and same_axes


def rectifying_rotations(T_right_left: F64) -> tuple[F64, F64]:
    """Rotations (3, 3) from the left and from the right camera to the rectified frame.

    Both cameras turn half the way to each other, then together by the least angle that brings the x axis onto
    the baseline, which distorts the images least (Bouguet's method, as in OpenCV's stereoRectify).
    Raises CalibrationError unless the right camera is to the right of the left one.
    """
    half = transforms.vector_from_rotation(T_right_left[:3, :3]) / 2
    baseline = transforms.rotation_from_vector(-half) @ -T_right_left[:3, 3]
    _check_baseline(*baseline)
    axis = np.cross(baseline, (1, 0, 0))
    sine = np.linalg.norm(axis)
    angle = np.arctan2(sine, baseline[0])
    level = transforms.rotation_from_vector(axis * (angle / sine if sine > 0 else 0))
    return level @ transforms.rotation_from_vector(half), level @ transforms.rotation_from_vector(-half)


def source_pixels(camera: CameraModel, R_rectified_camera: F64, rectified: CameraModel) -> F64:
    """(H, W, 2) pixels of `camera` at which it sees the rays of the `rectified` camera, NaN where it sees none."""
    v, u = np.mgrid[: rectified.height, : rectified.width]
    rays = np.concatenate([rectified.unproject(np.stack([u, v], -1)), np.ones((*u.shape, 1))], -1)
    points = rays @ R_rectified_camera
    pixels = camera.project(points)
    # Beyond the ray where a lens model folds, rays come back to pixels that belong to others.
    with np.errstate(invalid="ignore"):
        own = np.abs(camera.unproject(pixels) - points[..., :2] / points[..., 2:]) < _ONE_RAY
    return np.where(own.all(-1, keepdims=True), pixels, np.nan)


def _check_baseline(x: float, y: float, z: float) -> None:
    """Raise CalibrationError unless the vector from the left to the right camera points mainly along x."""
    if np.linalg.norm((x, y, z)) < _SHORTEST_BASELINE:
        raise CalibrationError(
            "the left and right cameras are in one place: T_right_left needs a translation, in metres "
            "(a rig that was never calibrated has none)"
        )
    if abs(x) < np.hypot(y, z):
        raise CalibrationError(
            "the right camera is not beside the left one: the baseline must lie mainly along x "
            "(turn the images of an upright pair by 90° and calibrate those)"
        )
    if x < 0:
        raise CalibrationError("left and right are swapped: the right camera is to the left of the left one")


def _rectified_rig(rig: Rig, camera: CameraModel, T_rectified_left: F64) -> Rig:
    """The frame of the rectified left camera becomes the frame of the rig."""
    T_left_rectified = transforms.inverse(T_rectified_left)
    poses = {role: rig.T(role, "left") @ T_left_rectified for role in rig.cameras}
    poses["left"] = np.eye(4)
    poses["right"] = transforms.from_rotation_translation(np.eye(3), (-rig.baseline, 0, 0))
    imu = rig.T_imu_rig
    if imu is not None:
        imu = imu @ transforms.inverse(rig.T_camera_rig["left"]) @ T_left_rectified
    return Rig({**rig.cameras, "left": camera, "right": camera}, poses, rig.provenance, imu)


def _view(rig: Rig, R_left: F64, R_right: F64, size: tuple[int, int], zoom: float) -> CameraModel:
    """The pinhole camera of both rectified images; the rule is in the docstring of Rectifier."""
    left, right = _inner_rectangle(rig.left, R_left), _inner_rectangle(rig.right, R_right)
    focal = np.mean([rig.left.fx, rig.left.fy, rig.right.fx, rig.right.fy])
    reach = (np.array(rig.left.size) - 1) / (2 * _LEAST_FOCAL * focal)
    low = np.maximum((right[0], max(left[1], right[1])), -reach)
    high = np.minimum((left[2], min(left[3], right[3])), reach)
    if (high <= low).any():
        raise CalibrationError("the left and right cameras have no common view: check the rotation of T_right_left")
    last = np.array(size) - 1
    f = float(zoom * (last / (high - low)).max())
    cx, cy = last / 2 - f * (low + high) / 2
    return CameraModel(*size, f, f, float(cx), float(cy))


def _inner_rectangle(camera: CameraModel, R_rectified_camera: F64) -> tuple[float, float, float, float]:
    """Least x, least y, largest x, largest y (normalised) of a rectangle inside the rectified image.

    It touches the image's four edges from within; infinite where an edge has no ray.
    """
    w, h = camera.width - 1, camera.height - 1
    u, v = np.arange(camera.width), np.arange(camera.height)

    def edge(u: ArrayLike, v: ArrayLike) -> F64:
        xy = camera.unproject(np.stack(np.broadcast_arrays(u, v), -1))
        x, y, z = R_rectified_camera @ np.stack([*xy.T, np.ones(len(xy))])
        return np.asarray(np.where(z > 0, (x, y), np.nan) / z)

    return (
        float(np.fmax.reduce(edge(0, v)[0], initial=-np.inf)),
        float(np.fmax.reduce(edge(u, 0)[1], initial=-np.inf)),
        float(np.fmin.reduce(edge(w, v)[0], initial=np.inf)),
        float(np.fmin.reduce(edge(u, h)[1], initial=np.inf)),
    )
