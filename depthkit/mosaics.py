"""Raw pictures of sensors: those of several that come pixel by pixel in turns, and colours that come in a mosaic."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit import kernels, threads
from depthkit.arrays import Image
from depthkit.errors import InputError

_RED = {"rggb": (0, 0), "grbg": (0, 1), "gbrg": (1, 0), "bggr": (1, 1)}
_LEAST = 4  # px, so that each window holds its colours


def deinterlace(raw: Image, sensors: int) -> list[NDArray[Any]]:
    """The pictures (H, W) of 2 or 3 sensors whose pixels come in turns, in the order of the sensors.

    raw: (H, sensors · W) uint8 or uint16, as Bumblebee2 (2) and Bumblebee XB3 (3) cameras send it. Raises InputError
    for other shapes.
    """
    if raw.ndim != 2 or sensors not in (2, 3) or raw.shape[1] % sensors:
        raise InputError(f"{raw.shape} is not (H, n · W) of 2 or 3 sensors: give the picture as the camera sends it")
    pictures = [np.empty((raw.shape[0], raw.shape[1] // sensors), raw.dtype) for _ in range(sensors)]
    part = kernels.mosaics.part2 if sensors == 2 else kernels.mosaics.part3
    threads.for_rows(part, raw.shape[0], raw, *pictures, at_least=256)
    return pictures


def demosaic(raw: Image, pattern: str) -> Image:
    """(H, W, 3) RGB of a Bayer mosaic, by gradient-corrected linear interpolation (Malvar, He & Cutler 2004).

    raw: (H, W) uint8 or uint16, 4 px wide and high at least; pattern: the colours of the first 2×2 pixels by rows,
    "rggb", "grbg", "gbrg" or "bggr". Raises InputError for others.
    """
    if pattern not in _RED:
        raise InputError(f"a Bayer pattern is one of {', '.join(_RED)}, not {pattern!r}")
    if raw.ndim != 2 or min(raw.shape) < _LEAST or raw.dtype not in (np.uint8, np.uint16):
        raise InputError(f"a mosaic is uint8 or uint16 of (H, W), {_LEAST} px at least, not {raw.dtype} {raw.shape}")
    rgb = np.empty((*raw.shape, 3), raw.dtype)
    most = int(np.iinfo(raw.dtype).max)
    threads.for_rows(kernels.mosaics.mosaic, len(raw), raw, *_RED[pattern], most, rgb, at_least=64)
    return rgb
