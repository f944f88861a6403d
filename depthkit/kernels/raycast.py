"""Rays against convex shapes: boxes, ellipsoids and cylinders, tile by tile.

A ray leaves the camera's centre along (x, y, 1), so its parameter t is the depth along the optical axis. Inside a
convex shape it spends one interval [near, far]; it hits at `near`, or at `far` when it starts inside (a room).
"""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline, kernel

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Records = NDArray[np.void]
f32 = np.float32
i32 = np.int32
Vector = tuple[f32, f32, f32]

BOX, ELLIPSOID, CYLINDER = 0, 1, 2
TILE_ROWS, TILE_COLUMNS = 8, 32

SHAPE = np.dtype(
    [
        ("kind", np.int32),  # BOX, ELLIPSOID or CYLINDER
        ("half", np.float32, 3),  # half sizes, m
        ("rotation", np.float32, (3, 3)),  # from the camera's axes to the shape's
        ("origin", np.float32, 3),  # the camera's centre in the shape's frame, m
        ("outline", np.float32, 4),  # least x, most x, least y, most y of the rays that may meet it
        ("to_world", np.float32, (3, 4)),  # from the shape's frame
        ("faces", np.int32, 6),  # material of -x +x -y +y -z +z
    ]
)


@kernel
def cast(start: int, stop: int, rays: F32, tiles: F32, shapes: Records, depth: F32, surface: I32) -> None:
    """Nearest hit of each pixel of the tile rows [start, stop): its depth (NaN none) and surface (-1 none).

    rays (2, H, W) float32 x/z and y/z; tiles (4, rows, columns) float32 least x, most x, least y, most y of the rays
    of a tile; shapes (N,) SHAPE; depth (H, W) float32; surface (H, W) int32, 6·shape + face.
    """
    height, width = depth.shape
    for row in range(start, stop):
        top, bottom = row * TILE_ROWS, min((row + 1) * TILE_ROWS, height)
        depth[top:bottom] = np.inf
        surface[top:bottom] = -1
        for column in range(tiles.shape[2]):
            # Unsigned, since indices that might be negative would keep the loops from running as vector code.
            left, right = np.uint64(column * TILE_COLUMNS), np.uint64(min((column + 1) * TILE_COLUMNS, width))
            for k in range(len(shapes)):
                if meets(tiles[:, row, column], shapes[k]["outline"]):
                    cast_tile(top, bottom, left, right, rays, shapes[k], i32(6 * k), depth, surface)
        for v in range(top, bottom):
            for u in range(width):
                depth[v, u] = depth[v, u] if surface[v, u] >= 0 else np.nan


@inline
def meets(tile: F32, outline: F32) -> bool:
    """Whether any ray of a tile may meet a shape; both are least x, most x, least y, most y."""
    in_width = tile[0] <= outline[1] and tile[1] >= outline[0]
    return bool(in_width and tile[2] <= outline[3] and tile[3] >= outline[2])


@kernel
def cast_tile(
    top: int, bottom: int, left: np.uint64, right: np.uint64, rays: F32, shape: np.void, first: i32, depth: F32,
    surface: I32,
) -> None:  # fmt: skip
    """Let a shape, whose faces count from `first`, claim the pixels of a tile where it is nearer than any before.

    The loops over u hold no branch, so that they run as vector code; left and right are uint64.
    """
    kind = shape["kind"]
    for v in range(top, bottom):
        if kind == BOX:
            for u in range(left, right):
                dx, dy, dz = direction(shape, rays[0, v, u], rays[1, v, u])
                t, face = box(shape, dx, dy, dz)
                _claim(depth, surface, v, u, t, first + face)
        elif kind == ELLIPSOID:
            for u in range(left, right):
                dx, dy, dz = direction(shape, rays[0, v, u], rays[1, v, u])
                t, face = ellipsoid(shape, dx, dy, dz)
                _claim(depth, surface, v, u, t, first + face)
        else:
            for u in range(left, right):
                dx, dy, dz = direction(shape, rays[0, v, u], rays[1, v, u])
                t, face = cylinder(shape, dx, dy, dz)
                _claim(depth, surface, v, u, t, first + face)


@inline
def _claim(depth: F32, surface: I32, v: int, u: int, t: f32, name: int) -> None:
    closer = (t > f32(0)) & (t < depth[v, u])
    depth[v, u] = t if closer else depth[v, u]
    surface[v, u] = name if closer else surface[v, u]


@inline
def direction(shape: np.void, x: f32, y: f32) -> Vector:
    """The ray (x, y, 1) of the camera in the shape's axes."""
    R = shape["rotation"]
    return (
        R[0, 0] * x + R[0, 1] * y + R[0, 2],
        R[1, 0] * x + R[1, 1] * y + R[1, 2],
        R[2, 0] * x + R[2, 1] * y + R[2, 2],
    )


@inline
def box(shape: np.void, dx: f32, dy: f32, dz: f32) -> tuple[f32, i32]:
    """Depth at which a ray meets a box, not positive for a miss, and the face."""
    ax, bx = slab(shape["origin"][0], dx, shape["half"][0])
    ay, by = slab(shape["origin"][1], dy, shape["half"][1])
    az, bz = slab(shape["origin"][2], dz, shape["half"][2])
    near, far = most(most(ax, ay), az), least(least(bx, by), bz)
    within = near <= f32(0)
    t = hit(near, far)
    on_x, on_y = (t == bx, t == by) if within else (t == ax, t == ay)
    d = dx if on_x else (dy if on_y else dz)
    axis = i32(0) if on_x else (i32(2) if on_y else i32(4))
    return t, axis + (i32(1) if (d < f32(0)) != within else i32(0))


@inline
def ellipsoid(shape: np.void, dx: f32, dy: f32, dz: f32) -> tuple[f32, i32]:
    """Depth at which a ray meets an ellipsoid, not positive for a miss, and the face, 0.

    In units of the half sizes it is the unit sphere. The interval is measured from the ray's point nearest to the
    centre: no squares of large lengths are subtracted, which keeps precision far away.
    """
    hx, hy, hz = shape["half"][0], shape["half"][1], shape["half"][2]
    ox, oy, oz = shape["origin"][0] / hx, shape["origin"][1] / hy, shape["origin"][2] / hz
    dx, dy, dz = dx / hx, dy / hy, dz / hz
    dd = dx * dx + dy * dy + dz * dz
    t = -(ox * dx + oy * dy + oz * dz) / dd
    px, py, pz = ox + t * dx, oy + t * dy, oz + t * dz
    reach = np.sqrt((f32(1) - (px * px + py * py + pz * pz)) / dd)  # NaN for a miss
    return hit(t - reach, t + reach), i32(0)


@inline
def cylinder(shape: np.void, dx: f32, dy: f32, dz: f32) -> tuple[f32, i32]:
    """Depth at which a ray meets a cylinder, not positive for a miss, and the face: 0 its side, 2 and 3 its ends.

    The side is measured as an ellipsoid is; the ends cut it off at ±half[1].
    """
    hx, hz = shape["half"][0], shape["half"][2]
    ox, oz, ex, ez = shape["origin"][0] / hx, shape["origin"][2] / hz, dx / hx, dz / hz
    dd = ex * ex + ez * ez
    t = -(ox * ex + oz * ez) / dd
    px, pz = ox + t * ex, oz + t * ez
    reach = np.sqrt((f32(1) - (px * px + pz * pz)) / dd)  # NaN for a miss
    a, b = slab(shape["origin"][1], dy, shape["half"][1])
    near, far = most(a, t - reach), least(b, t + reach)
    within = near <= f32(0)
    depth = hit(near, far)
    at_end = depth == (b if within else a)
    end = i32(3) if (dy < f32(0)) != within else i32(2)
    return depth, (end if at_end else i32(0))


@inline
def slab(o: f32, d: f32, h: f32) -> tuple[f32, f32]:
    """Interval of a ray between the planes -h and +h (Kay & Kajiya 1986)."""
    a, b = (-h - o) / d, (h - o) / d
    return least(a, b), most(a, b)


@inline
def hit(near: f32, far: f32) -> f32:
    """Where a ray from 0 meets the surface of what it is inside of in [near, far]; not positive for a miss."""
    t = near if near > f32(0) else far
    return t if near <= far else f32(-1)


@inline
def least(a: f32, b: f32) -> f32:
    """The smaller one, or b if either is NaN: one instruction, where Numba's `min` keeps loops scalar."""
    return a if a < b else b


@inline
def most(a: f32, b: f32) -> f32:
    """The larger one, or b if either is NaN."""
    return a if a > b else b
