"""How much light of a lamp reaches a point: cosine, distance and soft-edged shadows."""

import math

import numpy as np

from depthkit.kernels.jit import inline
from depthkit.kernels.texture import lerp

LAMP = np.dtype(
    [
        ("position", np.float32, 3),  # in the world, m
        ("power", np.float32, 3),  # RGB
        ("rotation", np.float32, (3, 3)),  # from the world's axes to the lamp's
    ]
)


@inline
def lit(x, y, z, nx, ny, nz, lamp, shadows):
    """Share of a lamp's power that a surface at (x, y, z) with that normal, in the world, sends on.

    shadows: (S, S) float32 distance to what the lamp sees, see `visible`.
    """
    x, y, z = x - lamp["position"][0], y - lamp["position"][1], z - lamp["position"][2]
    dd = x * x + y * y + z * z
    cosine = -(nx * x + ny * y + nz * z) / math.sqrt(dd)
    share = np.float32(0)
    if cosine > np.float32(0):
        # Off the surface a little, so that it casts no shadow on itself; and no lamp is a point.
        off, extent = np.float32(0.015), np.float32(0.3)
        x, y, z = x + off * nx, y + off * ny, z + off * nz
        share = visible(x, y, z, lamp["rotation"], shadows) * cosine / (dd + extent)
    return share


@inline
def visible(x, y, z, R, shadows):
    """Share 0…1 of the four entries around a point, given from the lamp, of the lamp's map that lie beyond it.

    The map is the stereographic image of the half space in front of the lamp, x and y over (distance + z).
    Percentage-closer filtering (Reeves, Salesin & Cook 1987).
    """
    r = math.sqrt(x * x + y * y + z * z)
    ahead = R[2, 0] * x + R[2, 1] * y + R[2, 2] * z
    share = np.float32(0)
    if ahead > np.float32(0):
        last = np.float32(shadows.shape[0] - 1)
        half = np.float32(0.5) * (last + np.float32(1))
        scale = half / (r + ahead)
        u = scale * (R[0, 0] * x + R[0, 1] * y + R[0, 2] * z) + half - np.float32(0.5)
        v = scale * (R[1, 0] * x + R[1, 1] * y + R[1, 2] * z) + half - np.float32(0.5)
        u, v = clipped(u, last), clipped(v, last)
        i, j = np.uint32(u), np.uint32(v)
        upper = lerp(beyond(shadows[j, i], r), beyond(shadows[j, i + 1], r), u - np.float32(i))
        lower = lerp(beyond(shadows[j + 1, i], r), beyond(shadows[j + 1, i + 1], r), u - np.float32(i))
        share = lerp(upper, lower, v - np.float32(j))
    return share


@inline
def beyond(seen, r):
    """1 if the lamp sees at least as far as r, else 0."""
    return np.float32(1) if seen >= r else np.float32(0)


@inline
def clipped(u, last):
    """A place that has a whole number on both sides between 0 and `last`."""
    highest = last - np.float32(0.01)
    u = u if u > np.float32(0) else np.float32(0)
    return u if u < highest else highest
