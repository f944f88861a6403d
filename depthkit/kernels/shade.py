"""The light that comes back from what rays hit: patterned matt surfaces under lamps and light from all around."""

import math

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.lamps import light
from depthkit.kernels.raycast import (
    BOX,
    ELLIPSOID,
    F32,
    I32,
    Records,
    Vector,
    box,
    cylinder,
    direction,
    ellipsoid,
    f32,
    i32,
)
from depthkit.kernels.texture import U8, lerp, sample

U32 = NDArray[np.uint32]

MATERIAL = np.dtype(
    [
        ("pattern", np.int32),  # its place in the atlas
        ("period", np.float32),  # m
        ("colors", np.float32, (3, 3)),  # RGB at 0, 1/2 and 1 of the pattern
    ]
)
EDGE_RAYS = 4


@kernel
def shade(
    start: int, stop: int, rays: F32, depth: F32, surface: I32, shapes: Records, materials: Records, atlas: U8,
    lamps: Records, shadows: F32, ambient: F32, radiance: F32,
) -> None:  # fmt: skip
    """Radiance (H, W, 3) float32 linear RGB of the rows [start, stop); 0 where nothing is hit.

    rays (2, H, W), depth and surface (H, W) and shapes (N,) as in `raycast.cast`; materials (M,) MATERIAL; atlas
    uint8, see `texture`; lamps, shadows and ambient as in `lamps.light`. A pixel whose neighbours show other surfaces
    is the mean of EDGE_RAYS rays to the shapes that it and they show.
    """
    most_points = EDGE_RAYS * depth.shape[1]
    points, normals = np.empty((3, most_points), np.float32), np.empty((3, most_points), np.float32)
    places, lights = np.empty((3, most_points), np.float32), np.empty((3, most_points), np.float32)
    labels = np.empty((3, most_points), np.uint32)
    for v in range(start, stop):
        n = look(v, rays, depth, surface, shapes, points, normals, places, labels)
        light(np.uint64(n), points, normals, lamps, shadows, ambient, lights)
        paint(n, places, labels, materials, atlas, lights)
        radiance[v] = 0
        for i in range(n):
            share = f32(1) / f32(labels[2, i])
            u = labels[0, i]
            radiance[v, u, 0] += share * lights[0, i]
            radiance[v, u, 1] += share * lights[1, i]
            radiance[v, u, 2] += share * lights[2, i]


@kernel
def look(
    v: int, rays: F32, depth: F32, surface: I32, shapes: Records, points: F32, normals: F32, places: F32, labels: U32
) -> int:
    """What row v sees, as n points; returns n.

    points, normals: (3, n) float32 in the world; places: (3, n) float32 coordinates on the surface and width of the
    pixel there, m; labels: (3, n) uint32 pixel, material and number of points of that pixel.
    """
    height, width = depth.shape
    n = 0
    for u in range(width):
        here, left, right = surface[v, u], surface[v, max(u - 1, 0)], surface[v, min(u + 1, width - 1)]
        above, below = surface[max(v - 1, 0), u], surface[min(v + 1, height - 1), u]
        inner = here == left and here == right and here == above and here == below
        size = pixel_size(rays, v, u)
        count = 1 if inner else EDGE_RAYS
        for i in range(count):
            x, y, t, name = rays[0, v, u], rays[1, v, u], depth[v, u], here
            if not inner:
                # A turned square of rays: no two share a row or a column.
                x += size * f32(0.25 * i - 0.375)
                y += size * f32(0.25 * ((2 * i + 1) % 5) - 0.375)
                t, name = nearest(x, y, (here, left, right, above, below), shapes)
            if name >= 0:
                shape, face = shapes[name // 6], name % 6
                enter(x, y, t, shape, face, size, n, points, normals, places)
                labels[0, n], labels[1, n], labels[2, n] = u, shape["faces"][face], count
                n += 1
    return n


@inline
def pixel_size(rays: F32, v: int, u: int) -> f32:
    """Width of a pixel at depth 1, from the ray of its neighbour."""
    right = min(u + 1, rays.shape[2] - 1)
    return abs(rays[0, v, right] - rays[0, v, max(right - 1, 0)])


@kernel
def nearest(x: f32, y: f32, surfaces: tuple[i32, ...], shapes: Records) -> tuple[f32, i32]:
    """Depth and surface where a ray first meets one of the shapes with these surfaces; surface -1 if none."""
    depth, surface, last = f32(np.inf), i32(-1), i32(-1)
    for name in surfaces:
        if name >= 0 and name // 6 != last:
            last = i32(name // 6)
            shape = shapes[last]
            dx, dy, dz = direction(shape, x, y)
            if shape["kind"] == BOX:
                t, face = box(shape, dx, dy, dz)
            elif shape["kind"] == ELLIPSOID:
                t, face = ellipsoid(shape, dx, dy, dz)
            else:
                t, face = cylinder(shape, dx, dy, dz)
            if t > f32(0) and t < depth:
                depth, surface = t, i32(last * 6 + face)
    return depth, surface


@inline
def enter(
    x: f32, y: f32, t: f32, shape: np.void, face: int, size: f32, n: int, points: F32, normals: F32, places: F32
) -> None:
    """Enter as point n what the ray (x, y, 1) meets at depth t; `size` is that of a pixel at depth 1."""
    dx, dy, dz = direction(shape, x, y)
    px, py, pz = shape["origin"][0] + t * dx, shape["origin"][1] + t * dy, shape["origin"][2] + t * dz
    nx, ny, nz = normal(shape, face, px, py, pz)
    facing = nx * dx + ny * dy + nz * dz
    cosine = abs(facing) / math.sqrt(dx * dx + dy * dy + dz * dz)
    places[0, n], places[1, n] = unrolled(shape, face, px, py, pz)
    # A slanted surface is sampled between its short and its long footprint.
    places[2, n] = t * size / math.sqrt(max(cosine, f32(0.05)))
    if facing > f32(0):  # seen from inside
        nx, ny, nz = -nx, -ny, -nz
    T = shape["to_world"]
    normals[0, n], normals[1, n], normals[2, n] = turned(T, nx, ny, nz)
    wx, wy, wz = turned(T, px, py, pz)
    points[0, n], points[1, n], points[2, n] = wx + T[0, 3], wy + T[1, 3], wz + T[2, 3]


@inline
def normal(shape: np.void, face: int, px: f32, py: f32, pz: f32) -> Vector:
    """Outward unit normal of a face at a point, in the shape's axes."""
    nx, ny, nz = f32(0), f32(0), f32(0)
    if shape["kind"] == BOX or face != 0:
        outward = f32(2 * (face & 1) - 1)
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
        scale = f32(1) / math.sqrt(nx * nx + ny * ny + nz * nz)
        nx, ny, nz = nx * scale, ny * scale, nz * scale
    return nx, ny, nz


@inline
def unrolled(shape: np.void, face: int, px: f32, py: f32, pz: f32) -> tuple[f32, f32]:
    """Coordinates on a face, m: the sides of boxes and the ends of cylinders are flat, round sides wrap around."""
    a, b = px, py
    if shape["kind"] == BOX or face != 0:
        if face < 2:
            a = pz
        elif face < 4:
            b = pz
    else:
        a = math.atan2(pz / shape["half"][2], px / shape["half"][0]) * shape["half"][0]
    return a, b


@kernel
def paint(n: int, places: F32, labels: U32, materials: Records, atlas: U8, lights: F32) -> None:
    """Multiply the light on n points by the colours of their materials there; see `look`."""
    for i in range(n):
        material = materials[labels[1, i]]
        scale = f32(1) / material["period"]
        a, b, footprint = places[0, i] * scale, places[1, i] * scale, places[2, i] * scale
        value = f32(1.999) * sample(atlas, material["pattern"], a, b, footprint)
        k = int(value)
        f = value - f32(k)
        colors = material["colors"]
        lights[0, i] *= lerp(colors[k, 0], colors[k + 1, 0], f)
        lights[1, i] *= lerp(colors[k, 1], colors[k + 1, 1], f)
        lights[2, i] *= lerp(colors[k, 2], colors[k + 1, 2], f)


@inline
def turned(T: F32, x: f32, y: f32, z: f32) -> Vector:
    """(x, y, z) turned by the rotation in T."""
    return (
        T[0, 0] * x + T[0, 1] * y + T[0, 2] * z,
        T[1, 0] * x + T[1, 1] * y + T[1, 2] * z,
        T[2, 0] * x + T[2, 1] * y + T[2, 2] * z,
    )
