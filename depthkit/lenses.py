"""Lens models on normalised image coordinates (x/z, y/z): how a lens bends rays, and the way back.

Coefficients keep OpenCV's order and meaning, so calibrations made elsewhere can be used as they are.
"""

import numpy as np

from depthkit.arrays import F64

COEFFICIENTS = {"pinhole": (0,), "brown_conrady": (4, 5, 8, 12), "fisheye": (4,)}
"""Allowed numbers of distortion coefficients for each model."""

_NEWTON_STEPS = 20
_DERIVATIVE_STEP = 1e-6


def distort(model: str, coefficients: tuple[float, ...], xy: F64) -> F64:
    """Bend ideal normalised coordinates (..., 2) as the lens does.

    `brown_conrady`: Brown 1971 with OpenCV's rational (k4–k6) and thin-prism (s1–s4) terms;
    `fisheye`: Kannala & Brandt 2006, the equidistant polynomial in the angle from the axis.
    """
    if model == "brown_conrady":
        return _brown_conrady(coefficients, xy)
    if model == "fisheye":
        return _fisheye(coefficients, xy)
    return xy


def undistort(model: str, coefficients: tuple[float, ...], xy: F64) -> F64:
    """The ideal coordinates (..., 2) that `distort` bends to `xy`; NaN where the lens has no such ray.

    Newton's method on the full 2-D map, so that a round trip closes to 1e-9 wherever the model is one-to-one.
    """
    if model == "pinhole" or not any(coefficients):
        return _fisheye_inverse_start(xy) if model == "fisheye" else xy
    ideal = _fisheye_inverse_start(xy) if model == "fisheye" else xy.copy()
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON_STEPS):
            error = distort(model, coefficients, ideal) - xy
            if not np.nanmax(np.abs(error), initial=0.0) > 1e-13:
                break
            ideal = ideal - _solve_2x2(_jacobian(model, coefficients, ideal), error)
        closed = np.abs(distort(model, coefficients, ideal) - xy).max(-1) < 1e-9
    return np.where(closed[..., None], ideal, np.nan)


def _brown_conrady(coefficients: tuple[float, ...], xy: F64) -> F64:
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = (*coefficients, *(0.0,) * (12 - len(coefficients)))
    x, y = xy[..., 0], xy[..., 1]
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    dx = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + r2 * (s1 + r2 * s2)
    dy = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + r2 * (s3 + r2 * s4)
    return np.stack([dx, dy], -1)


def _fisheye(coefficients: tuple[float, ...], xy: F64) -> F64:
    k1, k2, k3, k4 = coefficients
    r = np.linalg.norm(xy, axis=-1, keepdims=True)
    theta = np.arctan(r)
    t2 = theta * theta
    bent = theta * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))
    scale: F64 = np.divide(bent, r, out=np.ones_like(r), where=r > 1e-12)
    return xy * scale


def _fisheye_inverse_start(xy: F64) -> F64:
    """Undistorted coordinates of the pure equidistant lens: exact for zero coefficients, a close start otherwise."""
    theta = np.linalg.norm(xy, axis=-1, keepdims=True)
    # A ray at 90° or more from the axis has no normalised coordinates.
    scale = np.divide(np.tan(theta), theta, out=np.ones_like(theta), where=theta > 1e-12)
    return np.where(theta < np.pi / 2, xy * scale, np.nan)


def _jacobian(model: str, coefficients: tuple[float, ...], xy: F64) -> F64:
    """(..., 2, 2) derivative of `distort` by central differences."""
    columns = []
    for axis in (0, 1):
        step = np.zeros(2)
        step[axis] = _DERIVATIVE_STEP
        ahead, behind = distort(model, coefficients, xy + step), distort(model, coefficients, xy - step)
        columns.append((ahead - behind) / (2 * _DERIVATIVE_STEP))
    return np.stack(columns, -1)


def _solve_2x2(J: F64, b: F64) -> F64:
    det = J[..., 0, 0] * J[..., 1, 1] - J[..., 0, 1] * J[..., 1, 0]
    x = (J[..., 1, 1] * b[..., 0] - J[..., 0, 1] * b[..., 1]) / det
    y = (J[..., 0, 0] * b[..., 1] - J[..., 1, 0] * b[..., 0]) / det
    return np.stack([x, y], -1)
