"""Stereo matching: from a rectified pair of images to the disparities of the left one.

Semi-global matching (Hirschmüller 2008) of census bits and gradients, with checks of each winner, sub-pixel places,
and short gaps bridged. Every pixel without a disparity has its reason.
"""

from typing import Any

import numpy as np

from depthkit import block_matching, kernels, threads
from depthkit.aggregation import Aggregator
from depthkit.arrays import F32, U8, U16, Mask
from depthkit.block_matching import BlockSgm
from depthkit.matching import (
    MADE_UP_CONFIDENCE,
    check_pair,
    checked_valid,
    drop_speckles,
    median,
    reason_bits,
)
from depthkit.sgm import DEFAULT, Sgm
from depthkit.types import Disparity

__all__ = ["BlockSgm", "Sgm", "StereoMatcher", "match"]

WINDOW = 5  # px, of the census
BRIDGED_DIFFERENCE = 1.0  # px, most between the ends of a gap that is bridged
LIGHT = 400  # rows a band of work that fewer of them finish before another thread is awake


def match(
    left: U8,
    right: U8,
    sgm: Sgm | BlockSgm = DEFAULT,
    *,
    valid_left: Mask | None = None,
    valid_right: Mask | None = None,
) -> Disparity:
    """Disparities of the left image of a rectified pair.

    left, right: (H, W) uint8 grey; sgm: how, or `Sgm.from_opencv(…)` to match as cv2.StereoSGBM does, which leaves
    columns without all of their candidates in the right image BORDER; valid_left, valid_right: (H, W) bool, pixels
    that show anything (see `rectify.Rectifier`): all others, and those matched with them, are BORDER.

    Reasons: BORDER, the right pixel would be outside its image; NOT_UNIQUE, or NO_TEXTURE where the left image shows
    too little contrast to expect else; LEFT_RIGHT, the right image's disparity is another; SPECKLE; INTERPOLATED, the
    value is the median of neighbours or bridges a gap. Confidence grows with the cost of the second best candidate
    above the best, and is 0.1 where INTERPOLATED. Raises InputError.
    """
    return StereoMatcher(sgm).match(left, right, valid_left=valid_left, valid_right=valid_right)


class StereoMatcher:
    """Matches pair after pair with one setting, and keeps its work memory from one to the next of the same size.

    One thread at a time may use it; it uses several itself.
    """

    def __init__(self, sgm: Sgm | BlockSgm = DEFAULT) -> None:
        self.sgm = sgm
        self._aggregator: Aggregator | None = None
        self._memory: U8 = np.empty(0, np.uint8)  # features of both images

    def match(
        self, left: U8, right: U8, *, valid_left: Mask | None = None, valid_right: Mask | None = None
    ) -> Disparity:
        """As the function `match`; the result is the caller's own."""
        sgm = self.sgm
        if isinstance(sgm, BlockSgm):
            return block_matching.match(left, right, sgm, valid_left=valid_left, valid_right=valid_right)
        check_pair(left, right, sgm.num_disparities, WINDOW)
        valid = checked_valid("valid_left", valid_left, left), checked_valid("valid_right", valid_right, right)
        if self._aggregator is None or self._aggregator.shape != left.shape:
            self._aggregator = _aggregator(left.shape, sgm)
            self._memory = np.empty((2, len(left), kernels.census.PLANES, left.shape[1]), np.uint8)
        features = [_features(image, out) for image, out in zip((left, right), self._memory, strict=True)]
        views = kernels.matching.Views(*features, left.copy())
        found = self._aggregator(views)
        values = _values(views, found, sgm)
        reason, confidence = _judged(views, found, valid, sgm, values)
        values = _cleaned(values, reason, sgm)
        settle, made_up = kernels.disparity.settle, MADE_UP_CONFIDENCE
        threads.for_rows(settle, len(left), values, reason, confidence, reason_bits(), made_up, at_least=LIGHT)
        return Disparity(values, reason, confidence)


def _features(image: U8, out: U8 | None = None) -> U8:
    """Features of an image, in `out` if there is one: fresh memory costs as much as they do."""
    height, width = image.shape
    features = np.empty((height, kernels.census.PLANES, width), np.uint8) if out is None else out
    threads.for_rows(kernels.census.features, height, image.copy(), features)
    return features


def _aggregator(shape: tuple[int, ...], sgm: Sgm) -> Aggregator:
    setting = kernels.matching.Setting(
        sgm.num_disparities,
        sgm.min_disparity,
        upwards=sgm.paths in (4, 8),
        diagonal=sgm.paths in (5, 8),
        P1=sgm.P1,
        P2=sgm.P2,
        P2_min=sgm.P2_min,
        lr_check=-1 if sgm.lr_check is None else sgm.lr_check,
    )
    height, width = shape
    return Aggregator(height, width, setting)


def _values(views: Any, found: Any, sgm: Sgm) -> F32:
    if not sgm.subpixel:
        return np.asarray(found.best + sgm.min_disparity, np.float32)
    values = np.empty(views.grey.shape, np.float32)
    gradients = [features[:, kernels.census.GRADIENT] for features in (views.left, views.right)]
    candidates = sgm.num_disparities, sgm.min_disparity
    threads.for_rows(kernels.subpixel.subpixel, len(values), found, *gradients, *candidates, values)
    return values


def _judged(views: Any, found: Any, valid: tuple[Mask, Mask], sgm: Sgm, values: F32) -> tuple[U16, F32]:
    reason, confidence = np.empty(views.grey.shape, np.uint16), np.empty(views.grey.shape, np.float32)
    limits = sgm.min_disparity, sgm.uniqueness
    judge = kernels.disparity.judge
    threads.for_rows(judge, len(reason), found, views.grey, valid, *limits, reason_bits(), values, reason, confidence)
    return reason, confidence


def _cleaned(values: F32, reason: U16, sgm: Sgm) -> F32:
    if sgm.speckle:
        drop_speckles(values, reason, sgm.speckle, sgm.speckle_range)
    if sgm.median:
        values = median(values, sgm.median)
    if sgm.fill:
        for kernel, lines in zip((kernels.gaps.bridge_rows, kernels.gaps.bridge_columns), values.shape, strict=True):
            threads.for_rows(kernel, lines, values, sgm.fill, np.float32(BRIDGED_DIFFERENCE), at_least=LIGHT)
    return values
