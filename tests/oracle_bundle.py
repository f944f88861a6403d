"""Naive twins of the kernels of bundle adjustment and corners."""

import numpy as np

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel


def turned(T: F64, step: F64) -> F64:
    return transforms.from_rotation_translation(
        transforms.rotation_from_vector(step[:3]) @ T[:3, :3], T[:3, 3] + step[3:]
    )


def predicted(camera: CameraModel, T_camera_rig: F64, T_rig_board: F64, board: F64) -> F64:
    return camera.project(transforms.apply(T_camera_rig @ T_rig_board, board))


def slopes(function: object, at: F64, step: float = 1e-6) -> F64:
    """(N, 2, P): the central differences of (N, 2) pixels by the parameters around `at`."""
    columns = []
    for k in range(len(at)):
        ahead, behind = at.copy(), at.copy()
        ahead[k], behind[k] = at[k] + step, at[k] - step
        columns.append((function(ahead) - function(behind)) / (2 * step))  # type: ignore[operator]
    return np.stack(columns, -1)


def saddle(image: F64, radius: int, corner: F64) -> F64:
    """The saddle point of a quadratic fitted by least squares to the image under a cone, in a disc."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    cone = np.maximum(0, radius + 1 - np.hypot(x, y))
    smooth = {}
    for v in range(radius, image.shape[0] - radius):
        for u in range(radius, image.shape[1] - radius):
            smooth[v, u] = (image[v - radius : v + radius + 1, u - radius : u + radius + 1] * cone).sum() / cone.sum()
    place = corner.copy()
    for _ in range(12):
        rows, values = [], []
        for b, a in zip(*np.nonzero(np.hypot(x, y) <= radius + 0.5), strict=True):
            dx, dy = a - radius, b - radius
            rows.append((dx * dx, dx * dy, dy * dy, dx, dy, 1))
            u, v = place[0] + dx, place[1] + dy
            u0, v0 = int(np.floor(u)), int(np.floor(v))
            p, q = u - u0, v - v0
            upper = (1 - p) * smooth[v0, u0] + p * smooth[v0, u0 + 1]
            lower = (1 - p) * smooth[v0 + 1, u0] + p * smooth[v0 + 1, u0 + 1]
            values.append((1 - q) * upper + q * lower)
        xx, xy, yy, gx, gy, _ = np.linalg.lstsq(np.array(rows, float), np.array(values), rcond=None)[0]
        place = place - np.linalg.solve([[2 * xx, xy], [xy, 2 * yy]], [gx, gy])
    return place
