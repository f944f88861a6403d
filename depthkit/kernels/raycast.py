"""Rays against convex shapes: boxes, spheres and upright cylinders, tile by tile.

A ray leaves the camera's centre along (x, y, 1), so its parameter is the depth along the optical axis. Inside a
convex shape it spends one interval [near, far]; it hits at `near`, or at `far` when it starts inside (a room).
"""

import math

import numpy as np

from depthkit.kernels.jit import inline, kernel

BOX, SPHERE, CYLINDER = 0, 1, 2
TILE_ROWS, TILE_COLUMNS = 8, 32


@kernel
def cast(start, stop, rays, tiles, kinds, sizes, rotations, origins, bounds, depth, shape):
    """Nearest hit of each pixel in the tile rows [start, stop): its depth (NaN none) and shape (-1 none).

    rays (2, H, W) x/z and y/z; tiles (4, rows, columns) and bounds (N, 4): least x, most x, least y, most y of the
    rays of a tile and of a shape's outline; sizes (N, 3) half sizes; rotations (N, 3, 3) and origins (N, 3) take
    camera coordinates to the shape's own. All float32 but kinds, int32.
    """
    height, width = depth.shape
    for row in range(start, stop):
        top, bottom = row * TILE_ROWS, min((row + 1) * TILE_ROWS, height)
        for v in range(top, bottom):
            for u in range(width):
                depth[v, u] = np.inf
                shape[v, u] = -1
        for column in range(tiles.shape[2]):
            left, right = column * TILE_COLUMNS, min((column + 1) * TILE_COLUMNS, width)
            for k in range(len(kinds)):
                if _overlap(tiles, row, column, bounds, k):
                    cast_tile(top, bottom, left, right, rays, k, kinds, sizes, rotations, origins, depth, shape)
        for v in range(top, bottom):
            for u in range(width):
                depth[v, u] = depth[v, u] if shape[v, u] >= 0 else np.nan


@inline
def _overlap(tiles, row, column, bounds, k):
    return (
        tiles[0, row, column] <= bounds[k, 1]
        and tiles[1, row, column] >= bounds[k, 0]
        and tiles[2, row, column] <= bounds[k, 3]
        and tiles[3, row, column] >= bounds[k, 2]
    )


@kernel
def cast_tile(top, bottom, left, right, rays, k, kinds, sizes, rotations, origins, depth, shape):
    """Let shape k claim the pixels of a tile where it is nearer than what was found before.

    The loops over u hold no branch, so that they run as vector code.
    """
    kind, name = kinds[k], np.int32(k)
    hx, hy, hz = sizes[k, 0], sizes[k, 1], sizes[k, 2]
    ox, oy, oz = origins[k, 0], origins[k, 1], origins[k, 2]
    r00, r01, r02 = rotations[k, 0, 0], rotations[k, 0, 1], rotations[k, 0, 2]
    r10, r11, r12 = rotations[k, 1, 0], rotations[k, 1, 1], rotations[k, 1, 2]
    r20, r21, r22 = rotations[k, 2, 0], rotations[k, 2, 1], rotations[k, 2, 2]
    for v in range(top, bottom):
        if kind == BOX:
            for u in range(left, right):
                x, y = rays[0, v, u], rays[1, v, u]
                dx, dy, dz = r00 * x + r01 * y + r02, r10 * x + r11 * y + r12, r20 * x + r21 * y + r22
                near, far = box(ox, oy, oz, dx, dy, dz, hx, hy, hz)
                _claim(depth, shape, v, u, near, far, name)
        elif kind == SPHERE:
            for u in range(left, right):
                x, y = rays[0, v, u], rays[1, v, u]
                dx, dy, dz = r00 * x + r01 * y + r02, r10 * x + r11 * y + r12, r20 * x + r21 * y + r22
                near, far = sphere(ox, oy, oz, dx, dy, dz, hx)
                _claim(depth, shape, v, u, near, far, name)
        else:
            for u in range(left, right):
                x, y = rays[0, v, u], rays[1, v, u]
                dx, dy, dz = r00 * x + r01 * y + r02, r10 * x + r11 * y + r12, r20 * x + r21 * y + r22
                near, far = cylinder(ox, oy, oz, dx, dy, dz, hx, hy)
                _claim(depth, shape, v, u, near, far, name)


@inline
def _claim(depth, shape, v, u, near, far, name):
    t = near if near > np.float32(0) else far
    closer = (near <= far) & (t > np.float32(0)) & (t < depth[v, u])
    depth[v, u] = t if closer else depth[v, u]
    shape[v, u] = name if closer else shape[v, u]


@inline
def slab(o, d, h):
    """Interval of a ray between the planes -h and +h (Kay & Kajiya 1986)."""
    a, b = (-h - o) / d, (h - o) / d
    return min(a, b), max(a, b)


@inline
def box(ox, oy, oz, dx, dy, dz, hx, hy, hz):
    """Interval inside the box of half sizes hx, hy, hz."""
    ax, bx = slab(ox, dx, hx)
    ay, by = slab(oy, dy, hy)
    az, bz = slab(oz, dz, hz)
    return max(max(ax, ay), az), min(min(bx, by), bz)


@inline
def sphere(ox, oy, oz, dx, dy, dz, radius):
    """Interval inside a sphere, from the ray's nearest point to the centre, which keeps precision far away."""
    dd = dx * dx + dy * dy + dz * dz
    t = -(ox * dx + oy * dy + oz * dz) / dd
    px, py, pz = ox + t * dx, oy + t * dy, oz + t * dz
    half = math.sqrt((radius * radius - (px * px + py * py + pz * pz)) / dd)  # NaN for a miss
    return t - half, t + half


@inline
def cylinder(ox, oy, oz, dx, dy, dz, radius, height):
    """Interval inside the cylinder around the y axis of half height `height`."""
    dd = dx * dx + dz * dz
    t = -(ox * dx + oz * dz) / dd
    px, pz = ox + t * dx, oz + t * dz
    half = math.sqrt((radius * radius - (px * px + pz * pz)) / dd)  # NaN for a miss
    a, b = slab(oy, dy, height)
    return max(t - half, a), min(t + half, b)
