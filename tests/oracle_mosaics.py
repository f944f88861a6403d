"""Naive twins of the kernels of mosaics, and mosaics of pictures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit.arrays import I64, Image

# Malvar, He & Cutler 2004, figure 2, in sixteenths.
GREEN = np.array([[0, 0, -2, 0, 0], [0, 0, 4, 0, 0], [-2, 4, 8, 4, -2], [0, 0, 4, 0, 0], [0, 0, -2, 0, 0]])
BESIDE = np.array([[0, 0, 1, 0, 0], [0, -2, 0, -2, 0], [-2, 8, 10, 8, -2], [0, -2, 0, -2, 0], [0, 0, 1, 0, 0]])
ACROSS = np.array([[0, 0, -3, 0, 0], [0, 4, 0, 4, 0], [-3, 0, 12, 0, -3], [0, 4, 0, 4, 0], [0, 0, -3, 0, 0]])
PLACES = {"r": 0, "g": 1, "b": 2}


def mosaic(rgb: Image, pattern: str) -> Image:
    """What a sensor behind a Bayer filter keeps."""
    raw = np.empty(rgb.shape[:2], rgb.dtype)
    for n, letter in enumerate(pattern):
        raw[n // 2 :: 2, n % 2 :: 2] = rgb[n // 2 :: 2, n % 2 :: 2, PLACES[letter]]
    return raw


def demosaic(raw: Image, pattern: str) -> NDArray[Any]:
    wide = np.pad(raw.astype(np.int64), 2, mode="reflect")
    out = np.empty((*raw.shape, 3), np.int64)
    for v in range(raw.shape[0]):
        for u in range(raw.shape[1]):
            window, colour = wide[v : v + 5, u : u + 5], pattern[2 * (v % 2) + u % 2]
            beside = pattern[2 * (v % 2) + (u + 1) % 2]
            for letter, at in PLACES.items():
                if letter == colour:
                    out[v, u, at] = raw[v, u]
                elif colour == "g":
                    out[v, u, at] = (_sum(window, BESIDE if letter == beside else BESIDE.T) + 8) // 16
                else:
                    out[v, u, at] = (_sum(window, GREEN if letter == "g" else ACROSS) + 8) // 16
    return np.asarray(np.clip(out, 0, np.iinfo(raw.dtype).max), raw.dtype)


def _sum(window: I64, weights: I64) -> int:
    return int((window * weights).sum())
