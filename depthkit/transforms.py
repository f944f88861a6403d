"""Rigid transforms as (4, 4) float64 matrices named `T_target_source`: `p_target = T_target_source @ p_source`.

Chains read by matching the inner names: `T_a_c = T_a_b @ T_b_c`.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from depthkit.arrays import F64
from depthkit.errors import CalibrationError, InputError


def from_rotation_translation(R: ArrayLike, t: ArrayLike) -> F64:
    """(4, 4) transform from a (3, 3) rotation and a (3,) translation in metres."""
    T = np.eye(4)
    T[:3, :3] = R
    T[:3, 3] = np.reshape(t, 3)
    return T


def inverse(T: F64) -> F64:
    """`T_source_target` from `T_target_source`, exactly rigid: (R, t) → (Rᵀ, −Rᵀt)."""
    R, t = T[:3, :3], T[:3, 3]
    return from_rotation_translation(R.T, -R.T @ t)


def apply(T: F64, points: ArrayLike) -> F64:
    """Transform (..., 3) points in metres."""
    return np.asarray(points, np.float64) @ T[:3, :3].T + T[:3, 3]


def check(name: str, T: ArrayLike) -> F64:
    """`T` as float64 if it is a rigid transform, else CalibrationError naming it."""
    try:
        array = np.array(T, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise CalibrationError(f"{name} must be a 4×4 matrix of numbers") from error
    if array.shape != (4, 4):
        raise CalibrationError(f"{name} must be a 4×4 matrix, not {'×'.join(map(str, array.shape))}")
    R = array[:3, :3]
    usual = np.abs(R).max() < 2 and np.isfinite(array).all()  # of larger ones, the next line would overflow
    rigid = usual and np.allclose(R @ R.T, np.eye(3), atol=1e-6) and np.linalg.det(R) > 0
    if not (rigid and np.allclose(array[3], (0, 0, 0, 1))):
        raise CalibrationError(f"{name} is not a rigid transform: its rotation must be orthonormal, last row 0 0 0 1")
    return array


def rotation_from_vector(vector: ArrayLike) -> F64:
    """(3, 3) rotation from an axis–angle vector in radians (Rodrigues' formula)."""
    v = np.asarray(vector, np.float64)
    angle = float(np.linalg.norm(v))
    if angle < 1e-12:
        return np.eye(3) + _skew(v)
    K = _skew(v / angle)
    return np.asarray(np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * K @ K)


def vector_from_rotation(R: ArrayLike) -> F64:
    """Axis–angle vector in radians of a (3, 3) rotation; the angle is in [0, π]."""
    w, *xyz = quaternion_from_rotation(R)
    axis = np.array(xyz)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-12:
        return 2 * axis
    return np.asarray(axis / sine * 2 * np.arctan2(sine, w))


def quaternion_from_rotation(R: ArrayLike) -> F64:
    """Unit quaternion (w, x, y, z) with w ≥ 0 of a (3, 3) rotation.

    Shepperd's method: start from the largest of the four components, which keeps full precision everywhere.
    """
    m = np.asarray(R, np.float64)
    squares = np.array([np.trace(m), m[0, 0], m[1, 1], m[2, 2]])
    i = int(np.argmax(squares))
    q = np.empty(4)
    if i == 0:
        q[:] = (1 + np.trace(m), m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1])
    else:
        a, b, c = i - 1, i % 3, (i + 1) % 3
        q[0] = m[c, b] - m[b, c]
        q[1 + a] = 1 + 2 * m[a, a] - np.trace(m)
        q[1 + b] = m[b, a] + m[a, b]
        q[1 + c] = m[c, a] + m[a, c]
    q /= np.linalg.norm(q)
    return np.asarray(q if q[0] >= 0 else -q)


def rotation_from_quaternion(q: ArrayLike) -> F64:
    """(3, 3) rotation from a quaternion (w, x, y, z), normalised first; InputError if its length is 0 or not finite."""
    length = math.hypot(*np.ravel(q))
    if not 0 < length < math.inf:
        raise InputError(f"a quaternion (w, x, y, z) of length {length} is no rotation: {q!r}")
    w, x, y, z = np.asarray(q, np.float64) / length
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def look_at(eye: ArrayLike, target: ArrayLike, down: ArrayLike = (0.0, 1.0, 0.0)) -> F64:
    """`T_world_camera` of a camera at `eye` that looks at `target` (axes x right, y down, z forward)."""
    position = np.asarray(eye, np.float64)
    z = np.asarray(target, np.float64) - position
    x = np.cross(np.asarray(down, np.float64), z)
    if min(np.linalg.norm(z), np.linalg.norm(x)) < 1e-12:
        raise InputError("look_at needs a target away from the eye and not straight along `down`")
    z, x = z / np.linalg.norm(z), x / np.linalg.norm(x)
    return from_rotation_translation(np.column_stack([x, np.cross(z, x), z]), position)


def _skew(v: F64) -> F64:
    x, y, z = v
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
