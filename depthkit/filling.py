"""A full disparity image: what was not measured is made up, and stays marked so.

For uses that need a value everywhere, such as rendering views or blurring a background; a cloud needs none of it.
"""

from functools import cache
from typing import Any, Literal

import numpy as np

from depthkit import kernels, threads
from depthkit.arrays import F32, U8, Mask, require
from depthkit.errors import InputError
from depthkit.matching import checked_valid
from depthkit.types import Disparity, Reason

Filling = Literal["background", "edges"]

CONFIDENCE = 0.05  # in what is made up here
ALIKE = 10.0  # grey levels, and px below, at which a vote counts for 1/e
NEAR = 12.0
_WEIGHT = 64  # of a vote from the pixel itself, in either measure


def fill(disparity: Disparity, left: U8, how: Filling = "background", *, valid_left: Mask | None = None) -> Disparity:
    """The disparities with a value in every pixel, from any matcher.

    left: (H, W) uint8, the left image; valid_left: (H, W) bool, its pixels that show anything: no others are filled.

    "background": a gap gets the smaller of the disparities at its two ends in the row, as what is hidden from the right
    camera lies behind what hides it; a row without any, the nearest row that has some. "edges": and then the median
    around each pixel of the gaps, weighted by nearness and likeness (Hosni et al. 2013), so that edges follow those of
    the image. What was made up is INTERPOLATED, with a confidence of 0.05. Without any disparity to start from, all
    stays as it is. Raises InputError.
    """
    require("left", left, np.uint8, disparity.values.shape)
    if how not in ("background", "edges"):
        raise InputError(f"gaps are filled by 'background' or 'edges', not {how!r}")
    known = np.isfinite(disparity.values)
    gaps = checked_valid("valid_left", valid_left, left) & ~known
    if not known.any() or not gaps.any():
        return disparity
    values = _from_background(disparity.values)
    if how == "edges":
        values = _voted(values, gaps, left)
    return Disparity(
        np.where(gaps | known, values, np.float32(np.nan)),
        np.where(gaps, np.uint16(Reason.INTERPOLATED), disparity.reason),
        np.where(gaps, np.float32(CONFIDENCE), disparity.confidence),
    )


def _from_background(values: F32) -> F32:
    """All gaps filled along rows, and rows without a value from the nearest one."""
    values = values.copy()
    threads.for_rows(kernels.filling.fill_rows, len(values), values)
    some = np.flatnonzero(np.isfinite(values[:, 0]))
    if len(some) == len(values):
        return values
    nearest = some[np.abs(np.arange(len(values))[:, None] - some).argmin(1)]
    return np.asarray(values[nearest])


def _voted(values: F32, gaps: Mask, left: U8) -> F32:
    voted = values.copy()
    threads.for_rows(kernels.filling.vote, len(values), values, gaps, left, *weights(), voted)
    return voted


@cache
def weights() -> tuple[Any, Any]:
    """Weights of votes for `kernels.filling.vote`: by difference in grey levels, and by place."""
    steps = kernels.filling.SPACING * np.arange(-kernels.filling.REACH, kernels.filling.REACH + 1)
    distances = np.hypot(steps[:, None], steps).ravel()
    alike, near = np.exp(-np.arange(256) / ALIKE), np.exp(-distances / NEAR)
    return np.rint(_WEIGHT * alike).astype(np.int32), np.rint(_WEIGHT * near).astype(np.int32)
