"""How much light of each lamp reaches a row of points: cosine, distance and soft-edged shadows.

What needs no table is computed for the whole row in loops that run as vector code; tables are read after that.
"""

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.raycast import F32, Records, f32, least, most
from depthkit.kernels.texture import lerp

LAMP = np.dtype(
    [
        ("position", np.float32, 3),  # in the world, m
        ("power", np.float32, 3),  # RGB
        ("rotation", np.float32, (3, 3)),  # from the world's axes to the lamp's
    ]
)
OFF = f32(0.015)  # m off its surface at which a point is looked for in the map, not to cast a shadow on itself
EXTENT = f32(0.3)  # m² added to the squared distance: no lamp is a point


@kernel
def light(n: np.uint64, points: F32, normals: F32, lamps: Records, shadows: F32, ambient: F32, out: F32) -> None:
    """Light (3, n) RGB on n points (3, n) with these normals (3, n) in the world, all float32.

    n: uint64; lamps (L,) LAMP; shadows (L, S, S) float32, see `project`; ambient (3,) float32, of which more comes
    from above.
    """
    for c in range(3):
        for i in range(n):
            out[c, i] = ambient[c] * (f32(0.8) - f32(0.2) * normals[1, i])
    places = np.empty((4, points.shape[1]), np.float32)
    for k in range(len(lamps)):
        project(n, points, normals, lamps[k], f32(shadows.shape[1]), places)
        for i in range(n):
            if places[3, i] > f32(0):
                share = places[3, i] * visible(shadows[k], places[0, i], places[1, i], places[2, i])
                for c in range(3):
                    out[c, i] += share * lamps[k]["power"][c]


@kernel
def project(n: np.uint64, points: F32, normals: F32, lamp: np.void, size: f32, places: F32) -> None:
    """Where n points lie in a lamp's map, how far they are, and the share of its power that they would send on.

    places (4, n) float32: column and row in the map, distance in m, share (not positive: none). The map, `size`
    entries wide, is the stereographic image of the half space in front of the lamp: x and y over (distance + z).
    """
    px, py, pz = lamp["position"][0], lamp["position"][1], lamp["position"][2]
    R = lamp["rotation"]
    xx, xy, xz, yx, yy, yz = R[0, 0], R[0, 1], R[0, 2], R[1, 0], R[1, 1], R[1, 2]
    zx, zy, zz = R[2, 0], R[2, 1], R[2, 2]
    half, last = f32(0.5) * size, size - f32(1.01)
    for i in range(n):
        nx, ny, nz = normals[0, i], normals[1, i], normals[2, i]
        x, y, z = points[0, i] - px, points[1, i] - py, points[2, i] - pz
        dd = x * x + y * y + z * z
        cosine = -(nx * x + ny * y + nz * z) / np.sqrt(dd)
        x, y, z = x + OFF * nx, y + OFF * ny, z + OFF * nz
        r = np.sqrt(x * x + y * y + z * z)
        ahead = zx * x + zy * y + zz * z
        scale = half / (r + ahead)
        u = scale * (xx * x + xy * y + xz * z) + half - f32(0.5)
        v = scale * (yx * x + yy * y + yz * z) + half - f32(0.5)
        places[0, i], places[1, i] = most(least(u, last), f32(0)), most(least(v, last), f32(0))
        places[2, i] = r
        places[3, i] = cosine / (dd + EXTENT) if ahead > f32(0) else f32(0)


@inline
def visible(shadows: F32, u: f32, v: f32, r: f32) -> f32:
    """Share 0…1 of the four entries around (u, v) of a lamp's map, (S, S) float32 m, that lie beyond r.

    Percentage-closer filtering (Reeves, Salesin & Cook 1987).
    """
    i, j = np.uint32(u), np.uint32(v)
    fu, fv = u - f32(i), v - f32(j)
    upper = lerp(beyond(shadows[j, i], r), beyond(shadows[j, i + 1], r), fu)
    lower = lerp(beyond(shadows[j + 1, i], r), beyond(shadows[j + 1, i + 1], r), fu)
    return f32(lerp(upper, lower, fv))


@inline
def beyond(seen: f32, r: f32) -> f32:
    """1 if the lamp sees at least as far as r, else 0."""
    return f32(1) if seen >= r else f32(0)
