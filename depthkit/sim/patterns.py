"""Procedural patterns of unit period, as one flat array of images with all their halvings (mip maps).

Each is drawn once a scene, so that a pixel costs a few look-ups whatever the pattern, and looks right at any distance.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from depthkit import kernels
from depthkit.arrays import F64, U8, readonly
from depthkit.errors import InputError


@lru_cache(maxsize=4)
def atlas(seed: int) -> U8:
    """All patterns, one after the other, each with all its halvings as `kernels.texture` reads them; uint8."""
    images = [PATTERNS[name](np.random.default_rng((seed, i))) for i, name in enumerate(PATTERNS)]
    return readonly(np.concatenate([level.ravel() for image in images for level in _halvings(image)]))


def index(name: str) -> int:
    """Place of a pattern in the atlas; InputError says which there are."""
    if name not in PATTERNS:
        raise InputError(f"there is no pattern {name!r}; use one of {', '.join(PATTERNS)}")
    return list(PATTERNS).index(name)


def _halvings(image: F64) -> list[U8]:
    levels = [np.clip(image, 0, 1)]
    while len(levels) < kernels.texture.LEVELS:
        n = len(levels[-1]) // 2
        levels.append(levels[-1].reshape(n, 2, n, 2).mean((1, 3)))
    return [np.rint(level * 255).astype(np.uint8) for level in levels]


def fractal(rng: np.random.Generator, slope: float, stretch: float = 1.0) -> F64:
    """Tileable noise with amplitude falling as frequency^-slope (fractional Brownian motion), 0.5 ± 0.16."""
    size = kernels.texture.SIZE
    fy, fx = np.meshgrid(np.fft.fftfreq(size, 1 / size), np.fft.rfftfreq(size, 1 / size), indexing="ij")
    f = np.hypot(fx * stretch, fy)
    f[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) / f**slope
    noise = np.fft.irfft2(spectrum)
    return np.asarray(0.5 + 0.16 * noise / noise.std())


def _grid() -> tuple[F64, F64]:
    size = kernels.texture.SIZE
    v, u = (np.mgrid[:size, :size] + 0.5) / size
    return u, v


def _plaster(rng: np.random.Generator) -> F64:
    return 0.5 * fractal(rng, 1.6) + 0.5 * fractal(rng, 0.6)


def _grain(rng: np.random.Generator) -> F64:
    return 1.5 * (fractal(rng, 1.0) - 0.5) + 0.5


def _carpet(rng: np.random.Generator) -> F64:
    u, v = _grid()
    weave = 0.12 * np.sin(2 * np.pi * 64 * u) * np.sin(2 * np.pi * 64 * v)
    rings = np.sin(2 * np.pi * (4 * np.abs(u - 0.5) + 4 * np.abs(v - 0.5)))
    return np.asarray(0.5 + 0.22 * np.sign(rings) + weave + 0.8 * (fractal(rng, 0.5) - 0.5))


def _checker(rng: np.random.Generator) -> F64:
    u, v = _grid()
    i, j = (u * 8).astype(int), (v * 8).astype(int)
    shade = rng.uniform(-0.15, 0.15, (8, 8))
    return np.asarray(0.3 + 0.4 * ((i + j) % 2) + shade[j, i] + 0.5 * (fractal(rng, 1.2) - 0.5))


def _bricks(rng: np.random.Generator) -> F64:
    u, v = _grid()
    j = (v * 16).astype(int)
    across = (u * 6 + 0.5 * (j % 2)) % 6
    i = across.astype(int)
    inside = (np.abs(across % 1 - 0.5) < 0.47) & (np.abs((v * 16) % 1 - 0.5) < 0.42)
    brick = 0.6 + rng.uniform(-0.25, 0.25, (16, 6))[j, i]
    return np.where(inside, brick, 0.08) + 0.5 * (fractal(rng, 0.8) - 0.5)


def _planks(rng: np.random.Generator) -> F64:
    u, v = _grid()
    j = (v * 8).astype(int)
    along = (u * 2 + rng.random(8)[j]) % 2
    shade = rng.uniform(-0.15, 0.15, (8, 2))[j, along.astype(int)]
    gap = (np.abs((v * 8) % 1 - 0.5) > 0.485) | (np.abs(along % 1 - 0.5) > 0.496)
    grain = 1.3 * (fractal(rng, 1.1, 14.0) - 0.5)
    return np.where(gap, 0.05, 0.55 + shade + grain)


def _cells(rng: np.random.Generator) -> F64:
    """Worley 1996: the cell of the nearest of scattered points, dark along the borders."""
    n = 12
    u, v = _grid()
    points = rng.random((n, n, 2))
    shade = rng.uniform(0.25, 1.0, (n, n))
    first, second = np.full_like(u, 9.0), np.full_like(u, 9.0)
    value = np.zeros_like(u)
    for dj in (-1, 0, 1):
        for di in (-1, 0, 1):
            j, i = (v * n).astype(int) + dj, (u * n).astype(int) + di
            point = points[j % n, i % n]
            distance = np.hypot(i + point[..., 0] - u * n, j + point[..., 1] - v * n)
            value = np.where(distance < first, shade[j % n, i % n], value)
            second = np.minimum(second, np.maximum(first, distance))
            first = np.minimum(first, distance)
    stone = np.where(second - first < 0.06, 0.05, value)
    return stone + 0.5 * (fractal(rng, 0.9) - 0.5)


def _stripes(rng: np.random.Generator) -> F64:
    u, _ = _grid()
    edges = np.sort(rng.random(23))
    shade = rng.random(24)
    return shade[np.searchsorted(edges, u)] + 0.3 * (fractal(rng, 1.0) - 0.5)


def _speckle(rng: np.random.Generator) -> F64:
    return 3 * (fractal(rng, 0.7) - 0.5) + 0.45


def _painting(rng: np.random.Generator) -> F64:
    steps = np.floor(6 * fractal(rng, 2.2)) / 5
    return 1.6 * (steps - 0.5) + 0.5 + 0.4 * (fractal(rng, 0.8) - 0.5)


PATTERNS: dict[str, Callable[[np.random.Generator], F64]] = {
    "plaster": _plaster,
    "grain": _grain,
    "carpet": _carpet,
    "checker": _checker,
    "bricks": _bricks,
    "planks": _planks,
    "cells": _cells,
    "stripes": _stripes,
    "speckle": _speckle,
    "painting": _painting,
}
