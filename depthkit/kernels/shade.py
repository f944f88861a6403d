"""The light that comes back from what rays hit: pattern, lamp with soft-edged shadows, light from all around."""

import math

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.raycast import BOX, SPHERE
from depthkit.kernels.texture import sample


@kernel
def shade(
    start, stop, rays, depth, shape, pixel, kinds, sizes, rotations, origins, T_world_shape, faces,
    pattern, period, colors, atlas, lamp, shadows, radiance,
):  # fmt: skip
    """Linear RGB radiance (H, W, 3) of the rows [start, stop); 0 where nothing was hit.

    `pixel` is the size of a pixel at depth 1; `lamp` (3, 3) float32 its position, power and the ambient light;
    `shadows` (N, N) the distance to what the lamp sees; the rest as in `raycast.cast` and `sim.scene.Scene`.
    """
    for v in range(start, stop):
        for u in range(depth.shape[1]):
            k = shape[v, u]
            if k < 0:
                radiance[v, u, 0] = radiance[v, u, 1] = radiance[v, u, 2] = np.float32(0)
                continue
            x, y, t = rays[0, v, u], rays[1, v, u], depth[v, u]
            R = rotations[k]
            dx = R[0, 0] * x + R[0, 1] * y + R[0, 2]
            dy = R[1, 0] * x + R[1, 1] * y + R[1, 2]
            dz = R[2, 0] * x + R[2, 1] * y + R[2, 2]
            px, py, pz = origins[k, 0] + t * dx, origins[k, 1] + t * dy, origins[k, 2] + t * dz
            face, nx, ny, nz, a, b = surface(kinds[k], sizes[k, 0], sizes[k, 1], sizes[k, 2], px, py, pz)
            facing = nx * dx + ny * dy + nz * dz
            if facing > np.float32(0):  # seen from inside
                nx, ny, nz = -nx, -ny, -nz
            cosine = abs(facing) / math.sqrt(dx * dx + dy * dy + dz * dz)
            m = faces[k, face]
            # A slanted surface is sampled between its long and its short footprint.
            footprint = t * pixel / math.sqrt(max(cosine, np.float32(0.05)))
            value = sample(atlas, pattern[m], a / period[m], b / period[m], footprint / period[m])
            T = T_world_shape[k]
            wx = T[0, 0] * px + T[0, 1] * py + T[0, 2] * pz + T[0, 3]
            wy = T[1, 0] * px + T[1, 1] * py + T[1, 2] * pz + T[1, 3]
            wz = T[2, 0] * px + T[2, 1] * py + T[2, 2] * pz + T[2, 3]
            mx = T[0, 0] * nx + T[0, 1] * ny + T[0, 2] * nz
            my = T[1, 0] * nx + T[1, 1] * ny + T[1, 2] * nz
            mz = T[2, 0] * nx + T[2, 1] * ny + T[2, 2] * nz
            direct = lit(wx, wy, wz, mx, my, mz, lamp, shadows)
            # Light from all around: most from above, and some from the bright floor.
            around = np.float32(0.8) - np.float32(0.2) * my + np.float32(0.12) * mx
            for c in range(3):
                low, high = (colors[m, 0, c], colors[m, 1, c]) if value < 0.5 else (colors[m, 1, c], colors[m, 2, c])
                f = value * np.float32(2) if value < 0.5 else value * np.float32(2) - np.float32(1)
                albedo = low + f * (high - low)
                radiance[v, u, c] = albedo * (lamp[1, c] * direct + lamp[2, c] * around)


@inline
def surface(kind, hx, hy, hz, px, py, pz):
    """Face, outward normal and pattern coordinates (m) of a point on a shape, in the shape's coordinates."""
    face, nx, ny, nz = 0, np.float32(0), np.float32(0), np.float32(0)
    a, b = px, py
    if kind == BOX:
        fx, fy, fz = abs(px) / hx, abs(py) / hy, abs(pz) / hz
        if fx >= fy and fx >= fz:
            face, nx, a, b = (1 if px > 0 else 0), math.copysign(np.float32(1), px), pz, py
        elif fy >= fz:
            face, ny, a, b = (3 if py > 0 else 2), math.copysign(np.float32(1), py), px, pz
        else:
            face, nz, a, b = (5 if pz > 0 else 4), math.copysign(np.float32(1), pz), px, py
    elif kind == SPHERE:
        nx, ny, nz = px / hx, py / hx, pz / hx
        a, b = math.atan2(pz, px) * hx, py
    else:
        rho = math.sqrt(px * px + pz * pz)
        if abs(py) * hx > rho * hy:
            face, ny, a, b = (3 if py > 0 else 2), math.copysign(np.float32(1), py), px, pz
        else:
            nx, nz = px / rho, pz / rho
            a, b = math.atan2(pz, px) * hx, py
    return face, nx, ny, nz, a, b


@inline
def lit(wx, wy, wz, nx, ny, nz, lamp, shadows):
    """Share of the lamp's power that reaches a point with that normal: cosine, distance, shadow."""
    lx, ly, lz = lamp[0, 0] - wx, lamp[0, 1] - wy, lamp[0, 2] - wz
    dd = lx * lx + ly * ly + lz * lz
    distance = math.sqrt(dd)
    cosine = (nx * lx + ny * ly + nz * lz) / distance
    if cosine <= np.float32(0):
        return np.float32(0)
    # Off the surface a little, so that it casts no shadow on itself.
    off = np.float32(0.02)
    seen = visible(off * nx - lx, off * ny - ly, lz - off * nz, shadows)
    return seen * cosine / (dd + np.float32(0.3))


@inline
def visible(x, y, z, shadows):
    """Share 0…1 of the four nearest entries of the lamp's map that the lamp sees beyond a point.

    The point is given from the lamp: x, y as the world's and z against it (the lamp looks down). The map is the
    stereographic image of the half space below, (x, z) / (r + y). Percentage-closer filtering (Reeves 1987).
    """
    r = math.sqrt(x * x + y * y + z * z)
    if y <= np.float32(0):
        return np.float32(1)
    n = shadows.shape[0]
    half = np.float32(0.5) * np.float32(n)
    u = half * (x / (r + y)) + half - np.float32(0.5)
    v = half * (z / (r + y)) + half - np.float32(0.5)
    i, j = min(max(int(u), 0), n - 2), min(max(int(v), 0), n - 2)
    fu, fv = u - np.float32(i), v - np.float32(j)
    one = np.float32(1)
    upper = (one - fu) * (shadows[j, i] >= r) + fu * (shadows[j, i + 1] >= r)
    lower = (one - fu) * (shadows[j + 1, i] >= r) + fu * (shadows[j + 1, i + 1] >= r)
    return (one - fv) * upper + fv * lower
