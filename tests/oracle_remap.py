"""Obviously right twins of depthkit.kernels.remap: whole-number arithmetic pixel by pixel, and the ideal in float64."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit.arrays import F64, Image


def blend(image: Any, offsets: NDArray[np.uint32], weights: NDArray[np.uint32]) -> Any:
    """(N,) or (N, 3) values at flat offsets: the weighted mean of the 2×2 window there, rounded to the nearest."""
    width = image.shape[1]
    out = np.zeros((len(offsets), *image.shape[2:]), image.dtype)
    for i, (offset, packed) in enumerate(zip(offsets, weights, strict=True)):
        v, u = divmod(int(offset), width)
        corners = [image[v, u], image[v, u + 1], image[v + 1, u], image[v + 1, u + 1]]
        shares = [int(packed) >> shift & 255 for shift in (0, 8, 16, 24)]
        total = sum(share * corner.astype(int) for share, corner in zip(shares, corners, strict=True))
        out[i] = (2 * total + 255) // 510
    return out


def bilinear(image: Image, pixels: F64) -> F64:
    """(H, W) or (H, W, 3) float64 values of the image at (H, W, 2) places (u, v) inside it."""
    height, width = image.shape[:2]
    u, v = pixels[..., 0], pixels[..., 1]
    u0 = np.clip(np.floor(u), 0, width - 2).astype(int)
    v0 = np.clip(np.floor(v), 0, height - 2).astype(int)
    x, y = u - u0, v - v0
    if image.ndim == 3:
        x, y = x[..., None], y[..., None]
    f = image.astype(np.float64)
    top = f[v0, u0] * (1 - x) + f[v0, u0 + 1] * x
    bottom = f[v0 + 1, u0] * (1 - x) + f[v0 + 1, u0 + 1] * x
    result: F64 = top * (1 - y) + bottom * y
    return result
