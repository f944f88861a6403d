"""The light that comes back from what rays hit: patterned matt surfaces under lamps and light from all around."""

import math

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.lamps import lit
from depthkit.kernels.raycast import BOX, ELLIPSOID, box, cylinder, direction, ellipsoid
from depthkit.kernels.texture import lerp, sample

MATERIAL = np.dtype(
    [
        ("pattern", np.int32),  # its place in the atlas
        ("period", np.float32),  # m
        ("colors", np.float32, (3, 3)),  # RGB at 0, 1/2 and 1 of the pattern
    ]
)
EDGE_RAYS = 4


@kernel
def shade(start, stop, rays, depth, surface, shapes, materials, atlas, lamps, shadows, ambient, radiance):
    """Radiance (H, W, 3) float32 linear RGB of the rows [start, stop); 0 where nothing is hit.

    rays (2, H, W), depth and surface (H, W) and shapes (N,) as in `raycast.cast`; materials (M,) MATERIAL; atlas
    uint8, see `texture`; lamps (L,) LAMP; shadows (L, S, S) see `lamps.lit`; ambient (3,) float32 RGB. A pixel
    whose neighbours show other surfaces is the mean of EDGE_RAYS rays to the shapes that it and they show.
    """
    height, width = depth.shape
    for v in range(start, stop):
        for u in range(width):
            here, left, right = surface[v, u], surface[v, max(u - 1, 0)], surface[v, min(u + 1, width - 1)]
            above, below = surface[max(v - 1, 0), u], surface[min(v + 1, height - 1), u]
            inner = here == left and here == right and here == above and here == below
            size = pixel_size(rays, v, u)
            red, green, blue = np.float32(0), np.float32(0), np.float32(0)
            count = 1 if inner else EDGE_RAYS
            for i in range(count):
                x, y, t, name = rays[0, v, u], rays[1, v, u], depth[v, u], here
                if not inner:
                    # A turned square of rays: no two share a row or a column.
                    x += size * np.float32(0.25 * i - 0.375)
                    y += size * np.float32(0.25 * ((2 * i + 1) % 5) - 0.375)
                    t, name = nearest(x, y, (here, left, right, above, below), shapes)
                if name >= 0:
                    shape = shapes[name // 6]
                    r, g, b = look(x, y, t, name % 6, t * size, shape, materials, atlas, lamps, shadows, ambient)
                    red, green, blue = red + r, green + g, blue + b
            share = np.float32(1) / np.float32(count)
            radiance[v, u, 0], radiance[v, u, 1], radiance[v, u, 2] = red * share, green * share, blue * share


@inline
def pixel_size(rays, v, u):
    """Width of a pixel at depth 1, from the ray of its neighbour."""
    right = min(u + 1, rays.shape[2] - 1)
    return abs(rays[0, v, right] - rays[0, v, max(right - 1, 0)])


@kernel
def nearest(x, y, surfaces, shapes):
    """Depth and surface where a ray first meets one of the shapes with these surfaces; surface -1 if none."""
    depth, surface, last = np.float32(np.inf), np.int32(-1), -1
    for name in surfaces:
        if name >= 0 and name // 6 != last:
            last = name // 6
            shape = shapes[last]
            dx, dy, dz = direction(shape, x, y)
            if shape["kind"] == BOX:
                t, face = box(shape, dx, dy, dz)
            elif shape["kind"] == ELLIPSOID:
                t, face = ellipsoid(shape, dx, dy, dz)
            else:
                t, face = cylinder(shape, dx, dy, dz)
            if t > np.float32(0) and t < depth:
                depth, surface = t, np.int32(last * 6 + face)
    return depth, surface


@inline
def look(x, y, t, face, footprint, shape, materials, atlas, lamps, shadows, ambient):
    """RGB of a face where the ray (x, y, 1) meets it at depth t; `footprint` is the width of the pixel there."""
    dx, dy, dz = direction(shape, x, y)
    px, py, pz = shape["origin"][0] + t * dx, shape["origin"][1] + t * dy, shape["origin"][2] + t * dz
    nx, ny, nz = normal(shape, face, px, py, pz)
    facing = nx * dx + ny * dy + nz * dz
    cosine = abs(facing) / math.sqrt(dx * dx + dy * dy + dz * dz)
    # A slanted surface is sampled between its short and its long footprint.
    footprint /= math.sqrt(max(cosine, np.float32(0.05)))
    red, green, blue = paint(shape, face, px, py, pz, footprint, materials, atlas)
    if facing > np.float32(0):  # seen from inside
        nx, ny, nz = -nx, -ny, -nz
    T = shape["to_world"]
    wx, wy, wz = turned(T, px, py, pz)
    wx, wy, wz = wx + T[0, 3], wy + T[1, 3], wz + T[2, 3]
    mx, my, mz = turned(T, nx, ny, nz)
    # Light from all around comes more from above.
    around = np.float32(0.8) - np.float32(0.2) * my
    lr, lg, lb = around * ambient[0], around * ambient[1], around * ambient[2]
    for i in range(len(lamps)):
        share = lit(wx, wy, wz, mx, my, mz, lamps[i], shadows[i])
        power = lamps[i]["power"]
        lr, lg, lb = lr + share * power[0], lg + share * power[1], lb + share * power[2]
    return red * lr, green * lg, blue * lb


@inline
def normal(shape, face, px, py, pz):
    """Outward unit normal of a face at a point, in the shape's axes."""
    nx, ny, nz = np.float32(0), np.float32(0), np.float32(0)
    if shape["kind"] == BOX or face != 0:
        outward = np.float32(2 * (face & 1) - 1)
        if face < 2:
            nx = outward
        elif face < 4:
            ny = outward
        else:
            nz = outward
    else:
        hx, hy, hz = shape["half"][0], shape["half"][1], shape["half"][2]
        nx, nz = px / (hx * hx), pz / (hz * hz)
        if shape["kind"] == ELLIPSOID:
            ny = py / (hy * hy)
        scale = np.float32(1) / math.sqrt(nx * nx + ny * ny + nz * nz)
        nx, ny, nz = nx * scale, ny * scale, nz * scale
    return nx, ny, nz


@inline
def paint(shape, face, px, py, pz, footprint, materials, atlas):
    """Colour (RGB) of a face at a point: boxes are wallpapered side by side, round sides all around."""
    a, b = px, py
    if shape["kind"] == BOX or face != 0:
        if face < 2:
            a = pz
        elif face < 4:
            b = pz
    else:
        a = math.atan2(pz / shape["half"][2], px / shape["half"][0]) * shape["half"][0]
    material = materials[shape["faces"][face]]
    scale = np.float32(1) / material["period"]
    value = np.float32(1.999) * sample(atlas, material["pattern"], a * scale, b * scale, footprint * scale)
    i = int(value)
    f = value - np.float32(i)
    colors = material["colors"]
    return (
        lerp(colors[i, 0], colors[i + 1, 0], f),
        lerp(colors[i, 1], colors[i + 1, 1], f),
        lerp(colors[i, 2], colors[i + 1, 2], f),
    )


@inline
def turned(T, x, y, z):
    """(x, y, z) turned by the rotation in T."""
    return (
        T[0, 0] * x + T[0, 1] * y + T[0, 2] * z,
        T[1, 0] * x + T[1, 1] * y + T[1, 2] * z,
        T[2, 0] * x + T[2, 1] * y + T[2, 2] * z,
    )
