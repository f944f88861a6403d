"""The error that spoils stereo: how far the two pictures of a point are from lying on one row, once rectified."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit.rectify import rectifying_rotations
from depthkit_calib.sightings import View, shared

FOLDS = 13  # at most, into which views are parted to be held out in turn


def row_errors(rig: Rig, left: F64, right: F64) -> F64:
    """(n,) px by which the right pixel of a point lies below the left one after rectification.

    left, right: (n, 2) pixels of the same points; NaN where a lens has no ray. In px of the mean focal length.
    """
    rotations = rectifying_rotations(rig.T("right", "left"))
    focal = (rig.left.fy + rig.right.fy) / 2
    rows = [_slope(camera, R, p) for camera, R, p in zip((rig.left, rig.right), rotations, (left, right), strict=True)]
    return np.asarray(focal * (rows[1] - rows[0]))


def held_out(views: Sequence[View], fit: Callable[[Sequence[View]], Rig], folds: int = FOLDS) -> list[F64]:
    """Row errors of each view under a rig that was fitted without it; a view is left out with those of its fold.

    A fold that cannot be fitted leaves its views with errors of infinity.
    """
    errors: list[F64] = [np.empty(0)] * len(views)
    for out in _folds(len(views), folds):
        kept = [view for v, view in enumerate(views) if v not in out]
        try:
            rig: Rig | None = fit(kept)
        except CalibrationError:
            rig = None
        for v in out:
            left, right = shared(views[v], "left", "right")
            errors[v] = np.full(len(left), np.inf) if rig is None else row_errors(rig, left.pixels, right.pixels)
    return errors


def _folds(count: int, folds: int) -> Iterator[set[int]]:
    folds = min(folds, count)
    for fold in range(folds):
        yield set(range(fold, count, folds))


def _slope(camera: CameraModel, R_rectified_camera: F64, pixels: F64) -> F64:
    """(n,) y/z of the rays of pixels, in the rectified frame."""
    rays = np.column_stack([camera.unproject(pixels), np.ones(len(pixels))]) @ R_rectified_camera.T
    return np.asarray(rays[:, 1] / rays[:, 2])
