"""Pictures of several sensors that a camera sends pixel by pixel in turns, and colours that it sends in a mosaic."""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline, kernel

Pixels = NDArray[np.generic]


@kernel
def part2(start: int, stop: int, raw: Pixels, first: Pixels, second: Pixels) -> None:
    """raw (H, 2 W): pixels of two pictures in turns; first, second (H, W)."""
    for v in range(start, stop):
        for u in range(first.shape[1]):
            first[v, u] = raw[v, 2 * u]
            second[v, u] = raw[v, 2 * u + 1]


@kernel
def part3(start: int, stop: int, raw: Pixels, first: Pixels, second: Pixels, third: Pixels) -> None:
    """raw (H, 3 W): pixels of three pictures in turns; first, second, third (H, W)."""
    for v in range(start, stop):
        for u in range(first.shape[1]):
            first[v, u] = raw[v, 3 * u]
            second[v, u] = raw[v, 3 * u + 1]
            third[v, u] = raw[v, 3 * u + 2]


@kernel
def mosaic(start: int, stop: int, raw: Pixels, red_row: int, red_column: int, most: int, rgb: Pixels) -> None:
    """Colours of a Bayer mosaic by gradient-corrected interpolation (Malvar, He & Cutler 2004), in integers.

    raw (H, W), H and W 4 or more; red_row, red_column: 0 or 1, where red is in each 2×2; most: the largest value;
    rgb (H, W, 3). Beyond the border the mosaic goes on mirrored about its outermost pixels, which keeps its colours.
    """
    height, width = raw.shape
    for v in range(start, stop):
        a, b = _mirrored(v - 2, height), _mirrored(v - 1, height)
        c, d = _mirrored(v + 1, height), _mirrored(v + 2, height)
        for u in range(width):
            e, f = _mirrored(u - 2, width), _mirrored(u - 1, width)
            g, h = _mirrored(u + 1, width), _mirrored(u + 2, width)
            here = np.int64(raw[v, u])
            near_rows = np.int64(raw[b, u]) + np.int64(raw[c, u])
            near_columns = np.int64(raw[v, f]) + np.int64(raw[v, g])
            far_rows = np.int64(raw[a, u]) + np.int64(raw[d, u])
            far_columns = np.int64(raw[v, e]) + np.int64(raw[v, h])
            corners = np.int64(raw[b, f]) + np.int64(raw[b, g]) + np.int64(raw[c, f]) + np.int64(raw[c, g])
            on_red_row, on_red_column = (v & 1) == red_row, (u & 1) == red_column
            if on_red_row == on_red_column:  # a red or a blue pixel
                green = _rounded(8 * here + 4 * (near_rows + near_columns) - 2 * (far_rows + far_columns), most)
                other = _rounded(12 * here + 4 * corners - 3 * (far_rows + far_columns), most)
                rgb[v, u, 1] = green
                rgb[v, u, 0] = here if on_red_row else other
                rgb[v, u, 2] = other if on_red_row else here
            else:  # a green one, with red beside it or above it
                beside = _rounded(10 * here + 8 * near_columns - 2 * (corners + far_columns) + far_rows, most)
                above = _rounded(10 * here + 8 * near_rows - 2 * (corners + far_rows) + far_columns, most)
                rgb[v, u, 1] = here
                rgb[v, u, 0] = beside if on_red_row else above
                rgb[v, u, 2] = above if on_red_row else beside


@inline
def _mirrored(at: int, length: int) -> int:
    return abs(at) if at < length else 2 * length - 2 - at


@inline
def _rounded(sixteenths: int, most: int) -> int:
    return min(max((sixteenths + 8) >> 4, 0), most)
