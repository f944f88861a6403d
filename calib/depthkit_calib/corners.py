"""Corners to hundredths of a pixel: where a detector found one, the saddle point near it."""

from functools import cache

import numpy as np

from depthkit import kernels, threads
from depthkit.arrays import F64, I64, Image, Mask

LARGEST = 5  # px, radius of the disc; more gains nothing
SMALLEST = 2
_REACH = 0.45  # of the distance to the next corner, within which the disc and the cone around it must stay


def refine(image: Image, corners: F64, spacing: float) -> tuple[F64, Mask]:
    """(N, 2) corners moved to the saddle points of a grey image (H, W), and (N,) which of them have one.

    spacing: px between neighbouring corners at the least, or to whatever else must not be in the window. A corner
    without a saddle point stays where it is.
    """
    radius = int(np.clip(_REACH * spacing / 2, SMALLEST, LARGEST))
    moved, found = corners.astype(np.float64, order="C"), np.zeros(len(corners), bool)
    threads.for_rows(kernels.saddle.refine, len(moved), image, *_window(radius), moved, found)
    return moved, found


@cache
def _window(radius: int) -> tuple[F64, I64, F64]:
    """The cone, the offsets of a disc, and the matrix that fits a quadratic to values there."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    distance = np.hypot(x, y)
    cone = np.maximum(0.0, radius + 1 - distance)
    disc = distance <= radius + 0.5
    offsets = np.stack([x[disc], y[disc]], -1).astype(np.int64)
    a, b = offsets.T.astype(np.float64)
    fit = np.linalg.pinv(np.stack([a * a, a * b, b * b, a, b, np.ones_like(a)], -1))
    return cone / cone.sum(), offsets, fit
