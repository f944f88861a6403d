"""What a depth camera with a projector makes of exact depth: noise, holes and shadows of the projector."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.noise import gauss
from depthkit.kernels.raycast import F32, I32, Records, direction, f32
from depthkit.kernels.shade import normal as surface_normal

U16 = NDArray[np.uint16]


class Limits(NamedTuple):
    """What can be measured, and the bits that say what could not."""

    nearest: np.float32  # m
    farthest: np.float32  # m
    least_cosine: np.float32  # between the ray and the surface's normal
    jump: np.float32  # least step of depth at an edge, as a share of the depth
    jitter: np.float32  # σ of the sideways error, px
    shift: np.float32  # focal length × distance of the projector to the right, px m
    unit: np.float32  # step of the depths given out, m
    no_data: np.uint16
    too_near: np.uint16
    too_far: np.uint16
    flying: np.uint16
    hidden: np.uint16


@kernel
def measure(
    start: int, stop: int, rays: F32, exact: F32, surface: I32, lit: F32, shapes: Records, limits: Limits,
    seed: tuple[int, int], normal: F32, depth: F32, reason: U16, confidence: F32,
) -> None:  # fmt: skip
    """Depth (H, W) float32 m, reason (H, W) uint16 and confidence (H, W) float32 of the rows [start, stop).

    rays, exact (depth), surface and shapes as in `raycast.cast`; `lit` (H, W) float32 m is the exact depth seen from
    the projector; seed and normal as in `noise.gauss`.
    """
    height, width = exact.shape
    for row in range(start, stop):
        for column in range(width):
            place = 3 * (row * width + column)
            u = _near(column, limits.jitter * gauss(place, seed, normal), width)
            v = _near(row, limits.jitter * gauss(place + 1, seed, normal), height)
            z, steps = exact[v, u], f32(0)
            why = limits.no_data
            sigma = f32(0)
            if surface[v, u] >= 0:
                cosine = _cosine(shapes[surface[v, u] // 6], surface[v, u] % 6, rays[0, v, u], rays[1, v, u], z)
                why = _why_not(exact, lit, u, v, z, cosine, limits)
                sigma = axial_sigma(z, math.acos(min(cosine, f32(1))))
            if why == 0:
                steps = f32(np.rint((z + sigma * gauss(place + 2, seed, normal)) / limits.unit))
            reason[row, column] = why
            depth[row, column] = steps * limits.unit if why == 0 else f32(np.nan)
            confidence[row, column] = axial_sigma(f32(0.4), f32(0)) / sigma if why == 0 else f32(0)


@inline
def axial_sigma(z: f32, angle: f32) -> f32:
    """σ of the depth (m) at depth z and at that angle between ray and normal (Nguyen, Izadi & Lovell 2012, eq. 3)."""
    steep = angle / (f32(math.pi / 2) - angle)
    past = z - f32(0.4)
    return f32(0.0012) + f32(0.0019) * past * past + f32(0.0001) / math.sqrt(z) * steep * steep


@inline
def _why_not(exact: F32, lit: F32, u: int, v: int, z: f32, cosine: f32, limits: Limits) -> np.uint16:
    """0 if a surface at depth z can be measured, else the bit that says why not."""
    why = np.uint16(0)
    if z < limits.nearest:
        why = limits.too_near
    elif z > limits.farthest:
        why = limits.too_far
    elif cosine < limits.least_cosine:
        why = limits.no_data
    elif _at_edge(exact, u, v, z, limits.jump * z):
        why = limits.flying
    elif _hidden(lit, u, v, z, limits):
        why = limits.hidden
    return why


@inline
def _at_edge(exact: F32, u: int, v: int, z: f32, step: f32) -> bool:
    """Whether the depth of one of the four neighbours is further from z than `step`."""
    height, width = exact.shape
    left, right = exact[v, max(u - 1, 0)], exact[v, min(u + 1, width - 1)]
    above, below = exact[max(v - 1, 0), u], exact[min(v + 1, height - 1), u]
    beside = abs(left - z) > step or abs(right - z) > step
    return bool(beside or abs(above - z) > step or abs(below - z) > step)


@inline
def _hidden(lit: F32, u: int, v: int, z: f32, limits: Limits) -> bool:
    """Whether the projector's light meets something else before a surface at depth z."""
    column = int(np.rint(f32(u) - limits.shift / z))
    return bool(column >= 0 and lit[v, column] < z - limits.jump * z)


@inline
def _cosine(shape: np.void, face: int, x: f32, y: f32, z: f32) -> f32:
    """Cosine of the angle between a ray and the normal of the face that it meets at depth z."""
    dx, dy, dz = direction(shape, x, y)
    o = shape["origin"]
    nx, ny, nz = surface_normal(shape, face, o[0] + z * dx, o[1] + z * dy, o[2] + z * dz)
    return f32(abs(nx * dx + ny * dy + nz * dz) / math.sqrt(dx * dx + dy * dy + dz * dz))


@inline
def _near(place: int, offset: f32, count: int) -> int:
    """The whole place nearest to place + offset, within 0 … count - 1."""
    return min(max(place + int(np.rint(offset)), 0), count - 1)
