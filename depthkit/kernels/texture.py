"""Sampling tileable patterns without aliasing (mip maps, Williams 1983)."""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline

U8 = NDArray[np.uint8]
f32 = np.float32

SIZE = 512
LEVELS = 10
STRIDE = (4**LEVELS - 1) // 3  # entries of one pattern with all its halvings


@inline
def sample(atlas: U8, pattern: int, u: f32, v: f32, footprint: f32) -> f32:
    """Value 0…1 of a pattern at (u, v), in periods, averaged over about `footprint` periods: trilinear."""
    texels = footprint * f32(SIZE)
    texels = f32(texels if texels > f32(1) else 1)  # also for NaN
    # Between two powers of two: the exponent of the float is the level, its fraction the way to the next.
    bits = texels.view(np.int32)
    lower = min(int(bits >> 23) - 127, LEVELS - 2)
    f = f32(bits & 0x7FFFFF) * f32(2**-23)
    a = bilinear(atlas, pattern, lower, u, v)
    b = bilinear(atlas, pattern, lower + 1, u, v)
    return f32(lerp(a, b, f) * f32(1 / 255))


@inline
def bilinear(atlas: U8, pattern: int, level: int, u: f32, v: f32) -> f32:
    """Value 0…255 of one level of a pattern, which wraps around."""
    n = SIZE >> level
    # The levels before this one hold SIZE² + … + (2n)² entries.
    base = pattern * STRIDE + (4 * SIZE * SIZE - 4 * n * n) // 3
    x, y = u * f32(n) - f32(0.5), v * f32(n) - f32(0.5)
    i, j = int(x) - (x < 0), int(y) - (y < 0)
    fx, fy = x - f32(i), y - f32(j)
    i0, i1 = i & (n - 1), (i + 1) & (n - 1)
    j0, j1 = base + (j & (n - 1)) * n, base + ((j + 1) & (n - 1)) * n
    upper = lerp(f32(atlas[np.uint64(j0 + i0)]), f32(atlas[np.uint64(j0 + i1)]), fx)
    lower = lerp(f32(atlas[np.uint64(j1 + i0)]), f32(atlas[np.uint64(j1 + i1)]), fx)
    return f32(lerp(upper, lower, fy))


@inline
def lerp(a: f32, b: f32, f: f32) -> f32:
    """From a (f = 0) to b (f = 1)."""
    return a + f * (b - a)
