"""True disparities as the public stereo data sets give them, and which of their pixels both cameras see."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthkit import images
from depthkit.arrays import F32, Mask, require
from depthkit.errors import InputError

KITTI_SCALE = 256.0
"""Steps of KITTI's 16-bit disparities a px."""
AGREEING = 1.0  # px, most between true disparities of one point, which are rounded and may slant


def read_disparity(path: str | Path, scale: float = 1.0) -> F32:
    """True disparities (H, W) float32 px, NaN unknown.

    A .pfm file (Middlebury 2014, ETH3D) holds px, infinite where unknown, and `scale` does not matter. Any other image
    holds whole steps, `scale` of them a px, 0 where unknown: KITTI_SCALE for KITTI, 1 to 16 for older Middlebury sets.
    Raises InputError for a file that is neither.
    """
    if Path(path).suffix.lower() == ".pfm":
        return images.read_pfm(path)
    if not scale > 0:
        raise InputError(f"the scale of {path} is {scale}: it must be the number of steps a px")
    return images.dequantize(images.to_grey(images.read(path)).astype(np.uint16), 1 / scale)


def read_mask(path: str | Path) -> Mask:
    """(H, W) bool: what both cameras see by a Middlebury or ETH3D mask (255; 128: one of them, 0: unknown)."""
    return np.equal(images.to_grey(images.read(path)), 255)


def cross_checked(truth: F32, right_truth: F32) -> Mask:
    """(H, W) bool: pixels of the left image whose right pixel has about the same disparity, so both see the point.

    truth, right_truth: (H, W) float32 px, of the left and of the right image, NaN unknown. Raises InputError.
    """
    require("truth", truth, np.float32, (None, None))
    require("right_truth", right_truth, np.float32, truth.shape)
    columns = _right_columns(truth)
    there = np.take_along_axis(right_truth, np.maximum(columns, 0), axis=1)
    return np.asarray((columns >= 0) & (np.abs(there - truth) <= AGREEING), np.bool_)


def not_hidden(truth: F32) -> Mask:
    """(H, W) bool: pixels of the left image that fall into the right one and that no nearer pixel covers there.

    This is what there is when only the left truth (H, W) float32 px, NaN unknown, is given: it is moved into the right
    image, and what has no truth itself covers nothing. Raises InputError.
    """
    require("truth", truth, np.float32, (None, None))
    columns = _right_columns(truth)
    shown = columns >= 0
    rows = np.broadcast_to(np.arange(len(truth))[:, None], truth.shape)
    nearest = np.full_like(truth, -np.inf)
    np.maximum.at(nearest, (rows[shown], columns[shown]), truth[shown])
    return np.asarray(shown & (nearest[rows, columns] - truth <= AGREEING), np.bool_)


def _right_columns(truth: F32) -> NDArray[np.int64]:
    """Column of each pixel's point in the right image, -1 where it is outside or unknown."""
    width = truth.shape[1]
    columns = np.rint(np.arange(width) - np.nan_to_num(truth, nan=np.inf))
    return np.where((columns >= 0) & (columns < width), columns, -1).astype(np.int64)
