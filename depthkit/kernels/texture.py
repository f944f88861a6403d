"""Sampling tileable patterns without aliasing (mip maps, Williams 1983)."""

import math

import numpy as np

from depthkit.kernels.jit import inline

SIZE = 512
LEVELS = 10
STRIDE = (4**LEVELS - 1) // 3  # entries of one pattern with all its halvings


@inline
def sample(atlas, pattern, u, v, footprint):
    """Value 0…1 of a pattern at (u, v), in periods, averaged over about `footprint` periods: trilinear."""
    level = max(np.float32(0), np.float32(math.log2(max(footprint * np.float32(SIZE), np.float32(1)))))
    lower = min(int(level), LEVELS - 2)
    f = min(level - np.float32(lower), np.float32(1))
    a = bilinear(atlas, pattern, lower, u, v)
    b = bilinear(atlas, pattern, lower + 1, u, v)
    return (a + f * (b - a)) * np.float32(1 / 255)


@inline
def bilinear(atlas, pattern, level, u, v):
    """Value 0…255 of one level of a pattern, which wraps around."""
    n = SIZE >> level
    # The levels before this one hold SIZE² + … + (2n)² entries.
    base = pattern * STRIDE + (4 * SIZE * SIZE - 4 * n * n) // 3
    x, y = u * np.float32(n) - np.float32(0.5), v * np.float32(n) - np.float32(0.5)
    i, j = math.floor(x), math.floor(y)
    fx, fy = x - np.float32(i), y - np.float32(j)
    i0, i1 = i & (n - 1), (i + 1) & (n - 1)
    j0, j1 = base + (j & (n - 1)) * n, base + ((j + 1) & (n - 1)) * n
    upper = atlas[j0 + i0] + fx * (np.float32(atlas[j0 + i1]) - np.float32(atlas[j0 + i0]))
    lower = atlas[j1 + i0] + fx * (np.float32(atlas[j1 + i1]) - np.float32(atlas[j1 + i0]))
    return upper + fy * (lower - upper)
