"""Lens models on normalised image coordinates (x/z, y/z): how a lens bends rays, and the way back.

Coefficients keep OpenCV's order and meaning, so calibrations made elsewhere can be used as they are.
"""

from collections.abc import Callable

import numpy as np

from depthkit.arrays import F64

COEFFICIENTS = {"pinhole": (0,), "brown_conrady": (4, 5, 8, 12), "fisheye": (4,)}
"""Allowed numbers of distortion coefficients for each model."""

Coefficients = tuple[float, ...]
Radial = tuple[F64, F64, F64]
Inverse = Callable[[F64, F64], F64]

_NEWTON_STEPS = 20
_CLOSED = 1e-12  # where Newton's method stops; a solution counts up to _ACCEPTED
_ACCEPTED = 1e-9
_NODES = 1025  # of the table that gives each solution its start
_WIDEST = 8.0  # radius up to which that table looks for a fold: 83° from the axis
_BLOCK = 8192  # points worked on at once: their temporaries stay in the cache


def distort(model: str, coefficients: Coefficients, xy: F64) -> F64:
    """Bend ideal normalised coordinates (..., 2) as the lens does.

    `brown_conrady`: Brown 1971 with OpenCV's rational (k4–k6) and thin-prism (s1–s4) terms;
    `fisheye`: Kannala & Brandt 2006, the equidistant polynomial in the angle from the axis.
    """
    if model == "brown_conrady":
        x, y = xy[..., 0], xy[..., 1]
        return np.stack(_brown_conrady(coefficients, x, y, _radial(coefficients, x, y)), -1)
    if model == "fisheye":
        r = np.linalg.norm(xy, axis=-1, keepdims=True)
        return xy * _ratio(_fisheye(coefficients, np.arctan(r))[0], r)
    return xy


def undistort(model: str, coefficients: Coefficients, xy: F64) -> F64:
    """The ideal coordinates (..., 2) that `distort` bends to `xy`; NaN where the lens has no such ray.

    Newton's method, so that a round trip closes to 1e-9 wherever the model is one-to-one. Where its polynomial
    turns back on itself (folds), only the solution that connects to the image centre counts.
    """
    if model == "pinhole":
        return xy
    invert = _fisheye_inverse(coefficients) if model == "fisheye" else _brown_inverse(coefficients)
    bent = np.ascontiguousarray(xy.reshape(-1, 2).T)
    ideal = np.empty_like(bent)
    with np.errstate(all="ignore"):
        for start in range(0, bent.shape[1], _BLOCK):
            block = slice(start, start + _BLOCK)
            x, y = bent[:, block]
            ideal[:, block] = invert(x, y)
    return np.ascontiguousarray(ideal.T).reshape(xy.shape)


def _radial(coefficients: Coefficients, x: F64, y: F64) -> Radial:
    """r² = x² + y², the factor that pushes a point along its radius, and the factor's derivative by r²."""
    k1, k2, _, _, k3, k4, k5, k6, *_ = _padded(coefficients)
    r2 = x * x + y * y
    below = 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
    scale = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / below
    slope = (k1 + r2 * (2 * k2 + r2 * (3 * k3)) - scale * (k4 + r2 * (2 * k5 + r2 * (3 * k6)))) / below
    return r2, scale, slope


def _brown_conrady(coefficients: Coefficients, x: F64, y: F64, radial: Radial) -> tuple[F64, F64]:
    _, _, p1, p2, _, _, _, _, s1, s2, s3, s4 = _padded(coefficients)
    r2, scale, _ = radial
    shift = 2 * (p1 * y + p2 * x)
    bent_x = x * (scale + shift) + r2 * (p2 + s1 + r2 * s2)
    bent_y = y * (scale + shift) + r2 * (p1 + s3 + r2 * s4)
    return bent_x, bent_y


def _brown_jacobian(coefficients: Coefficients, x: F64, y: F64, radial: Radial) -> tuple[F64, F64, F64, F64]:
    """∂bent_x/∂x, ∂bent_x/∂y, ∂bent_y/∂x, ∂bent_y/∂y."""
    _, _, p1, p2, _, _, _, _, s1, s2, s3, s4 = _padded(coefficients)
    r2, scale, slope = radial
    shift = scale + 2 * (p1 * y + p2 * x)
    dx, dy = 2 * (x * slope + p2), 2 * (y * slope + p1)  # of the factor of x and y in `_brown_conrady`
    push_x, push_y = 2 * (p2 + s1) + r2 * (4 * s2), 2 * (p1 + s3) + r2 * (4 * s4)
    return shift + x * (dx + push_x), x * dy + y * push_x, y * dx + x * push_y, shift + y * (dy + push_y)


def _brown_inverse(coefficients: Coefficients) -> Inverse:
    radii = np.linspace(0, _WIDEST, _NODES)
    with np.errstate(all="ignore"):
        bent_radii = radii * _radial(coefficients, radii, 0 * radii)[1]
    radii, bent_radii, limit = _until_fold(radii, bent_radii)

    def invert(bent_x: F64, bent_y: F64) -> F64:
        bent = np.hypot(bent_x, bent_y)
        stretch = _ratio(np.interp(bent, bent_radii, radii), bent)
        x, y = bent_x * stretch, bent_y * stretch
        for _ in range(_NEWTON_STEPS):
            radial = _radial(coefficients, x, y)
            at_x, at_y = _brown_conrady(coefficients, x, y, radial)
            xx, xy, yx, yy = _brown_jacobian(coefficients, x, y, radial)
            error_x, error_y, determinant = at_x - bent_x, at_y - bent_y, xx * yy - xy * yx
            error = np.maximum(np.abs(error_x), np.abs(error_y))
            if not np.nanmax(error, initial=0.0) > _CLOSED:
                break
            x = x - (yy * error_x - xy * error_y) / determinant
            y = y - (xx * error_y - yx * error_x) / determinant
        found = (error < _ACCEPTED) & (determinant > 0) & (np.hypot(x, y) < limit)
        return np.where(found, (x, y), np.nan)

    return invert


def _padded(coefficients: Coefficients) -> Coefficients:
    return *coefficients, *(0.0,) * (12 - len(coefficients))


def _fisheye(coefficients: Coefficients, theta: F64) -> tuple[F64, F64]:
    """The bent angle of an angle from the axis, and its derivative."""
    k1, k2, k3, k4 = coefficients
    t2 = theta * theta
    bent = theta * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))
    return bent, 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * (9 * k4))))


def _fisheye_inverse(coefficients: Coefficients) -> Inverse:
    angles = np.linspace(0, np.pi / 2, _NODES)
    angles, bent_angles, limit = _until_fold(angles, _fisheye(coefficients, angles)[0])
    limit = min(limit, np.pi / 2)  # from 90° on, x/z has no meaning

    def invert(bent_x: F64, bent_y: F64) -> F64:
        bent = np.hypot(bent_x, bent_y)
        theta = np.interp(bent, bent_angles, angles)
        for _ in range(_NEWTON_STEPS):
            at, slope = _fisheye(coefficients, theta)
            error = np.abs(at - bent)
            if not np.nanmax(error, initial=0.0) > _CLOSED:
                break
            theta = theta - (at - bent) / slope
        found = (error < _ACCEPTED) & (slope > 0) & (theta < limit)
        scale = np.where(found, _ratio(np.tan(theta), bent), np.nan)
        return np.stack([bent_x * scale, bent_y * scale])

    return invert


def _until_fold(nodes: F64, bent: F64) -> tuple[F64, F64, float]:
    """The part of a table over which `bent` grows, and the node where it has begun to fall (infinity if nowhere)."""
    falls = np.flatnonzero(~(np.diff(bent) > 0))
    if len(falls) == 0:
        return nodes, bent, np.inf
    last = int(falls[0])
    growing = slice(max(last, 1))  # without the peak itself, where Newton's method has no slope to go by
    return nodes[growing], bent[growing], float(nodes[last + 1])


def _ratio(a: F64, b: F64) -> F64:
    """a / b, and its limit 1 where both vanish."""
    ratio: F64 = np.divide(a, b, out=np.ones_like(b), where=b > 1e-12)
    return ratio
