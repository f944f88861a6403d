"""Matching a part of the image: what of the pair has a say in it, and the result at its place."""

from typing import Any, NamedTuple

import numpy as np

from depthkit import kernels
from depthkit.aggregation import Edges, band_edges
from depthkit.errors import InputError
from depthkit.matching import Pair, reason_bits
from depthkit.types import Disparity

Roi = tuple[int, int, int, int]
"""u, v, width, height of a rectangle of pixels, (u, v) its top left one."""

_FILTERS = 8  # px around a pixel that filters mostly look at
_RUN = 64  # px along a row by when paths have mostly forgotten that they were cut


class Region(NamedTuple):
    """Rows and columns to be matched (`inner`), those looked at for it (`outer`), and the bands of these rows."""

    inner: tuple[slice, slice]
    outer: tuple[slice, slice]
    edges: Edges


def around(roi: Roi, shape: tuple[int, ...], sgm: Any, window: int, step: int = 1) -> Region:
    """What is needed to match a region of the left image; InputError if it is empty or not inside the image.

    sgm: the setting, of which paths and candidates matter; window: side of what is compared, in pixels that are
    matched, each of which is step × step of the image's.

    Rows: from where the paths of the region's first band start in the whole image, so that they are the same here; so
    at the end if paths come from there. Columns: to the left is where the matches are, to the right are the pixels that
    the left-right check may prefer for them (the other way round for negative disparities), and some for paths.
    """
    check_roi(roi, shape)
    u, v, width, height = roi
    margin = step * (kernels.block_sgm.WARM_UP + window)  # which is no less than kernels.sgm.WARM_UP
    edges = step * band_edges(shape[0] // step)
    start, stop = v - step * _FILTERS, v + height + step * _FILTERS
    start = edges[edges <= max(start, 0)][-1] - margin
    if sgm.paths in (4, 8):
        stop = edges[edges >= min(stop, edges[-1])][0] + margin
    rows = _even(int(start), int(stop), shape[0])
    last = sgm.min_disparity + sgm.num_disparities
    left, right = max(sgm.num_disparities, last), max(sgm.num_disparities, -sgm.min_disparity)
    columns = _even(u - left - step * _RUN, u + width + right + step * _RUN, shape[1])
    inside = edges[(edges > rows.start) & (edges < rows.stop)]
    edges = (np.array([rows.start, *inside, rows.stop]) - rows.start) // step
    return Region((slice(v, v + height), slice(u, u + width)), (rows, columns), edges)


def check_roi(roi: Roi, shape: tuple[int, ...]) -> None:
    """Raise InputError unless a region is of whole pixels, not empty, and inside the image."""
    whole = len(roi) == 4 and all(isinstance(n, int | np.integer) for n in roi)
    if not whole or min(roi) < 0 or min(roi[2:]) < 1 or roi[0] + roi[2] > shape[1] or roi[1] + roi[3] > shape[0]:
        raise InputError(
            f"roi is {roi} but must be (u, v, width, height) in whole pixels, at least 1×1 and inside the image "
            f"of {shape[1]}×{shape[0]}"
        )


def cut(pair: Pair, region: Region) -> Pair:
    """The part of a pair that a region needs."""
    parts: list[Any] = [np.ascontiguousarray(array[region.outer]) for array in pair]
    return Pair(*parts)


def placed(found: Disparity, region: Region, shape: tuple[int, ...]) -> Disparity:
    """What was found in a region, in an image that is BORDER outside it."""
    values, confidence = np.full(shape, np.nan, np.float32), np.zeros(shape, np.float32)
    reason = np.full(shape, reason_bits().border, np.uint16)
    inside: Any = tuple(
        slice(inner.start - outer.start, inner.stop - outer.start)
        for inner, outer in zip(region.inner, region.outer, strict=True)
    )
    values[region.inner], confidence[region.inner] = found.values[inside], found.confidence[inside]
    reason[region.inner] = found.reason[inside]
    return Disparity(values, reason, confidence)


def _even(start: int, stop: int, size: int) -> slice:
    """From and to even pixels, so that they are halved as those of the whole image are."""
    return slice(max(start - start % 2, 0), min(stop + stop % 2, size))
