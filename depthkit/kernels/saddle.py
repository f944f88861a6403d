"""Corners of a chessboard as saddle points of the brightness, to hundredths of a pixel.

A quadratic is fitted to the image, smoothed by a cone, in a disc around a corner, and the corner moved to its saddle
point, until it stays (after Placht et al., "ROCHADE", 2014, and Ha et al., "Deltille grids", 2017).
"""

import math

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import kernel

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

_ROUNDS = 12
_STILL = 1e-3  # px


@kernel
def refine(
    start: int, stop: int, image: NDArray[np.generic], cone: F64, offsets: I64, fit: F64, corners: F64, found: Bools
) -> None:
    """Move corners (N, 2), as (u, v), to the saddle points near them; found (N,) says which have one.

    image (H, W); cone (2r+1, 2r+1) weights that sum to 1; offsets (M, 2) whole pixels (x, y) of a disc of radius r;
    fit (6, M) gives the coefficients of x², xy, y², x, y, 1 from values there. A corner without a saddle point within
    r pixels, or too near the border, stays as it is.
    """
    r = cone.shape[0] // 2
    side = 2 * r + 2
    smooth, q = np.empty((side, side)), np.empty(6)
    for n in range(start, stop):
        u, v = corners[n, 0], corners[n, 1]
        left, top = -1, -1
        found[n] = False
        for _ in range(_ROUNDS):
            column, row = np.int64(math.floor(u)) - r, np.int64(math.floor(v)) - r
            if not _inside(column - r, row - r, side + 2 * r, image.shape):
                break
            if column != left or row != top:
                left, top = column, row
                _smoothed(image, cone, left, top, smooth)
            _fitted(smooth, u - left, v - top, offsets, fit, q)
            determinant = 4 * q[0] * q[2] - q[1] * q[1]
            if not determinant < 0:
                break
            du = (q[1] * q[4] - 2 * q[2] * q[3]) / determinant
            dv = (q[1] * q[3] - 2 * q[0] * q[4]) / determinant
            u, v = u + du, v + dv
            if not math.hypot(u - corners[n, 0], v - corners[n, 1]) < r:
                break
            if math.hypot(du, dv) < _STILL:
                found[n] = True
                break
        if found[n]:
            corners[n, 0], corners[n, 1] = u, v


@kernel
def _inside(column: int, row: int, side: int, shape: tuple[int, int]) -> bool:
    return column >= 0 and row >= 0 and column + side <= shape[1] and row + side <= shape[0]


@kernel
def _smoothed(image: NDArray[np.generic], cone: F64, left: int, top: int, out: F64) -> None:
    """The image under the cone, at the pixels from (left, top)."""
    r = cone.shape[0] // 2
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            for y in range(cone.shape[0]):
                for x in range(cone.shape[1]):
                    total += cone[y, x] * image[top + i + y - r, left + j + x - r]
            out[i, j] = total


@kernel
def _fitted(smooth: F64, x: float, y: float, offsets: I64, fit: F64, q: F64) -> None:
    """The quadratic around (x, y) of a patch, whose values between pixels are bilinear."""
    column, row = np.int64(math.floor(x)), np.int64(math.floor(y))
    a, b = x - column, y - row
    q[:] = 0.0
    for m in range(len(offsets)):
        i, j = row + offsets[m, 1], column + offsets[m, 0]
        upper = (1 - a) * smooth[i, j] + a * smooth[i, j + 1]
        lower = (1 - a) * smooth[i + 1, j] + a * smooth[i + 1, j + 1]
        value = (1 - b) * upper + b * lower
        for k in range(6):
            q[k] += fit[k, m] * value
