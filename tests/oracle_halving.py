"""Naive twins of the kernels of half resolution, pixel by pixel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def halve(image: Array) -> Array:
    """Mean of 2×2 pixels, rounded half up; what is odd is left out."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    blocks = image[: 2 * height, : 2 * width].astype(np.int64).reshape(height, 2, width, 2)
    return np.asarray((blocks.sum((1, 3)) + 2) // 4, image.dtype)


def around(v: int, size: int) -> tuple[int, int]:
    """Half-size pixel that covers pixel v, and the next nearest one; the last one beyond the border."""
    centre = (v - 0.5) / 2
    covering = v // 2
    other = covering + 1 if centre > covering else covering - 1
    return min(covering, size - 1), min(max(other, 0), size - 1)


def enlarge(half: tuple[Array, Array, Array, Array], image: Array) -> tuple[Array, Array, Array]:
    """Values, reason and confidence of `image` from (image, values, reason, confidence) of half its size."""
    small, measured, why, sure = half
    values, confidence = np.full(image.shape, np.nan, np.float32), np.zeros(image.shape, np.float32)
    reason = np.zeros(image.shape, np.uint16)
    for y, x in np.ndindex(*image.shape):
        rows, columns = around(y, small.shape[0]), around(x, small.shape[1])
        corners = [(v, u) for v in rows for u in columns]
        reason[y, x] = why[corners[0]]
        if np.isnan(measured[corners[0]]):
            continue
        known = [corner for corner in corners if not np.isnan(measured[corner])]
        best = min(known, key=lambda corner: abs(int(small[corner]) - int(image[y, x])))
        reason[y, x], confidence[y, x] = why[best], sure[best]
        total = weights = np.float32(0)
        for corner, weight in zip(corners, (9, 3, 3, 1), strict=True):
            if abs(measured[corner] - measured[best]) <= 1 and why[corner] == why[best]:
                total, weights = total + np.float32(weight) * measured[corner], weights + np.float32(weight)
        values[y, x] = 2 * (total / weights)
    return values, reason, confidence
