"""Normal equations of a bundle adjustment: what each sighting of a board says of lenses, camera, board and its pose.

A sighting is what one camera saw of the board in one view. Its unknowns are LOCAL columns of a small matrix: 16 of the
lens (fx fy cx cy and 12 coefficients), 6 of the camera's pose, 2 of the board's warp, 6 of the board's pose. A pose
moves by a small turn ω and a shift τ: R ← exp(ω) R, t ← t + τ.
"""

import math

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import kernel

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

LENS, CAMERA, WARP, VIEW, LOCAL = 0, 16, 22, 24, 30


@kernel
def sightings(
    start: int,
    stop: int,
    bounds: I64,
    views: I64,
    cameras: I64,
    points: F64,
    bends: F64,
    pixels: F64,
    weights: F64,
    lenses: F64,
    fisheye: Bools,
    T_camera_rig: F64,
    T_rig_board: F64,
    warp: F64,
    slopes: bool,
    residuals: F64,
    normals: F64,
    gradients: F64,
) -> None:
    """Residuals and, with `slopes`, JᵀWJ and JᵀWr of each sighting.

    bounds (S+1,): the points of sighting s are bounds[s]:bounds[s+1]; views, cameras (S,): which it is of.
    points (N, 3) m, on a flat board; bends (N, 2): how far a point rises with each unit of `warp` (2,); pixels (N, 2);
    weights (N,); lenses (C, 16); fisheye (C,); T_camera_rig (C, 4, 4); T_rig_board (V, 4, 4).
    Out: residuals (N, 2) px; normals (S, 30, 30), upper triangle; gradients (S, 30).
    """
    row_u, row_v = np.zeros(LOCAL), np.zeros(LOCAL)
    bent = np.zeros(2)
    by_point, by_lens = np.zeros((2, 2)), np.zeros((2, 12))
    for s in range(start, stop):
        lens, T, T_board = lenses[cameras[s]], T_camera_rig[cameras[s]], T_rig_board[views[s]]
        if slopes:
            normals[s] = 0.0
            gradients[s] = 0.0
        for n in range(bounds[s], bounds[s + 1]):
            rise = bends[n, 0] * warp[0] + bends[n, 1] * warp[1]
            a, b, c = points[n, 0], points[n, 1], points[n, 2] + rise
            turned_x = T_board[0, 0] * a + T_board[0, 1] * b + T_board[0, 2] * c
            turned_y = T_board[1, 0] * a + T_board[1, 1] * b + T_board[1, 2] * c
            turned_z = T_board[2, 0] * a + T_board[2, 1] * b + T_board[2, 2] * c
            rig_x, rig_y, rig_z = turned_x + T_board[0, 3], turned_y + T_board[1, 3], turned_z + T_board[2, 3]
            far_x = T[0, 0] * rig_x + T[0, 1] * rig_y + T[0, 2] * rig_z
            far_y = T[1, 0] * rig_x + T[1, 1] * rig_y + T[1, 2] * rig_z
            far_z = T[2, 0] * rig_x + T[2, 1] * rig_y + T[2, 2] * rig_z
            z = far_z + T[2, 3]
            if z <= 1e-9:
                residuals[n, 0] = residuals[n, 1] = math.nan
                continue
            x, y = (far_x + T[0, 3]) / z, (far_y + T[1, 3]) / z
            if fisheye[cameras[s]]:
                _equidistant(lens, x, y, bent, by_point, by_lens)
            else:
                _brown_conrady(lens, x, y, bent, by_point, by_lens)
            residuals[n, 0] = lens[0] * bent[0] + lens[2] - pixels[n, 0]
            residuals[n, 1] = lens[1] * bent[1] + lens[3] - pixels[n, 1]
            if not slopes:
                continue

            row_u[0], row_u[2], row_v[1], row_v[3] = bent[0], 1.0, bent[1], 1.0
            for k in range(12):
                row_u[4 + k], row_v[4 + k] = lens[0] * by_lens[0, k], lens[1] * by_lens[1, k]
            for axis in range(2):
                row = row_u if axis == 0 else row_v
                focal = lens[axis]
                px, py = focal * by_point[axis, 0] / z, focal * by_point[axis, 1] / z
                pz = -(px * x + py * y)
                _move(row, CAMERA, px, py, pz, far_x, far_y, far_z)
                gx = px * T[0, 0] + py * T[1, 0] + pz * T[2, 0]
                gy = px * T[0, 1] + py * T[1, 1] + pz * T[2, 1]
                gz = px * T[0, 2] + py * T[1, 2] + pz * T[2, 2]
                _move(row, VIEW, gx, gy, gz, turned_x, turned_y, turned_z)
                up = gx * T_board[0, 2] + gy * T_board[1, 2] + gz * T_board[2, 2]
                row[WARP], row[WARP + 1] = up * bends[n, 0], up * bends[n, 1]

            w = weights[n]
            for i in range(LOCAL):
                wu, wv = w * row_u[i], w * row_v[i]
                gradients[s, i] += wu * residuals[n, 0] + wv * residuals[n, 1]
                for j in range(i, LOCAL):
                    normals[s, i, j] += wu * row_u[j] + wv * row_v[j]


@kernel
def gather(
    views: I64,
    cameras: I64,
    columns: I64,
    normals: F64,
    gradients: F64,
    A: F64,
    B: F64,
    C: F64,
    g: F64,
    h: F64,
) -> None:
    """Add the sightings up: A (G, G) and g (G,) of what is common to all views, C (V, 6, 6) and h (V, 6) of the views.

    columns (cameras, 24): the place of each local column in G, -1 for what is held fixed. B (V, G, 6) joins both.
    All outputs are added to; A is filled as a whole.
    """
    for s in range(len(views)):
        v, own = views[s], columns[cameras[s]]
        for i in range(VIEW):
            p = own[i]
            if p < 0:
                continue
            g[p] += gradients[s, i]
            for j in range(i, VIEW):
                q = own[j]
                if q < 0:
                    continue
                A[p, q] += normals[s, i, j]
                if p != q:
                    A[q, p] += normals[s, i, j]
            for j in range(6):
                B[v, p, j] += normals[s, i, VIEW + j]
        for i in range(6):
            h[v, i] += gradients[s, VIEW + i]
            for j in range(i, 6):
                C[v, i, j] += normals[s, VIEW + i, VIEW + j]
                if i != j:
                    C[v, j, i] += normals[s, VIEW + i, VIEW + j]


@kernel
def _move(row: F64, at: int, px: float, py: float, pz: float, x: float, y: float, z: float) -> None:
    """The six columns of a pose: p is the slope of a pixel coordinate by the point, (x, y, z) what of it turns."""
    row[at] = pz * y - py * z
    row[at + 1] = px * z - pz * x
    row[at + 2] = py * x - px * y
    row[at + 3], row[at + 4], row[at + 5] = px, py, pz


@kernel
def _brown_conrady(lens: F64, x: float, y: float, bent: F64, by_point: F64, by_lens: F64) -> None:
    """Brown 1971 with OpenCV's rational and thin-prism terms, coefficients lens[4:16] = k1 k2 p1 p2 k3…k6 s1…s4."""
    k1, k2, p1, p2, k3, k4 = lens[4], lens[5], lens[6], lens[7], lens[8], lens[9]
    k5, k6, s1, s2, s3, s4 = lens[10], lens[11], lens[12], lens[13], lens[14], lens[15]
    r2 = x * x + y * y
    r4, r6 = r2 * r2, r2 * r2 * r2
    below = 1 / (1 + k4 * r2 + k5 * r4 + k6 * r6)
    scale = (1 + k1 * r2 + k2 * r4 + k3 * r6) * below
    slope = (k1 + 2 * k2 * r2 + 3 * k3 * r4 - scale * (k4 + 2 * k5 * r2 + 3 * k6 * r4)) * below
    bent[0] = x * scale + 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + s1 * r2 + s2 * r4
    bent[1] = y * scale + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + s3 * r2 + s4 * r4
    cross = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
    by_point[0, 0] = scale + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x + 2 * x * (s1 + 2 * s2 * r2)
    by_point[0, 1] = cross + 2 * y * (s1 + 2 * s2 * r2)
    by_point[1, 0] = cross + 2 * x * (s3 + 2 * s4 * r2)
    by_point[1, 1] = scale + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x + 2 * y * (s3 + 2 * s4 * r2)
    for axis in range(2):
        along = x if axis == 0 else y
        by_lens[axis, 0], by_lens[axis, 1] = along * r2 * below, along * r4 * below
        by_lens[axis, 4] = along * r6 * below
        by_lens[axis, 5], by_lens[axis, 6] = -along * scale * r2 * below, -along * scale * r4 * below
        by_lens[axis, 7] = -along * scale * r6 * below
        by_lens[axis, 8 + 2 * axis], by_lens[axis, 9 + 2 * axis] = r2, r4
        by_lens[axis, 10 - 2 * axis], by_lens[axis, 11 - 2 * axis] = 0.0, 0.0
    by_lens[0, 2], by_lens[0, 3] = 2 * x * y, r2 + 2 * x * x
    by_lens[1, 2], by_lens[1, 3] = r2 + 2 * y * y, 2 * x * y


@kernel
def _equidistant(lens: F64, x: float, y: float, bent: F64, by_point: F64, by_lens: F64) -> None:
    """Kannala & Brandt 2006, coefficients lens[4:8]: a polynomial in the angle from the axis."""
    r = max(math.sqrt(x * x + y * y), 1e-12)
    theta = math.atan(r)
    t2 = theta * theta
    poly = 1 + t2 * (lens[4] + t2 * (lens[5] + t2 * (lens[6] + t2 * lens[7])))
    slope = 1 + t2 * (3 * lens[4] + t2 * (5 * lens[5] + t2 * (7 * lens[6] + t2 * 9 * lens[7])))
    ratio = theta * poly / r
    bent[0], bent[1] = x * ratio, y * ratio
    by_radius = (slope / (1 + r * r) - ratio) / r  # of the ratio
    ex, ey = x / r, y / r
    by_point[0, 0], by_point[0, 1] = ratio + x * ex * by_radius, x * ey * by_radius
    by_point[1, 0], by_point[1, 1] = y * ex * by_radius, ratio + y * ey * by_radius
    by_lens[:] = 0.0
    power = theta * t2 / r
    for k in range(4):
        by_lens[0, k], by_lens[1, k] = x * power, y * power
        power *= t2
