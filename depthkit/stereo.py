"""Stereo matching: from a rectified pair of images to the disparities of the left one.

Semi-global matching (Hirschmüller 2008) of census bits and gradients, with checks of each winner, sub-pixel places,
and short gaps bridged. Every pixel without a disparity has its reason.
"""

from typing import Any

import numpy as np

from depthkit import block_matching, filling, kernels, regions, threads
from depthkit.aggregation import Aggregator, Edges, band_edges
from depthkit.arrays import F32, U8, U16, Image, Mask
from depthkit.block_matching import BlockSgm
from depthkit.halves import enlarged, halved, setting_of_halves
from depthkit.levels import Levels, in_levels, levels_of
from depthkit.matching import (
    MADE_UP_CONFIDENCE,
    Pair,
    check_pair,
    checked_valid,
    drop_speckles,
    median,
    reason_bits,
)
from depthkit.regions import Roi
from depthkit.sgm import DEFAULT, Sgm
from depthkit.types import Disparity

__all__ = ["BlockSgm", "Sgm", "StereoMatcher", "match"]

BRIDGED_DIFFERENCE = 1.0  # px, most between the ends of a gap that is bridged
LIGHT = 400  # rows a band of work that fewer of them finish before another thread is awake


def match(
    left: Image,
    right: Image,
    sgm: Sgm | BlockSgm = DEFAULT,
    *,
    valid_left: Mask | None = None,
    valid_right: Mask | None = None,
    roi: Roi | None = None,
) -> Disparity:
    """Disparities of the left image of a rectified pair.

    left, right: (H, W) grey, both uint8 or both uint16, whose census is of all 16 bits; sgm: how, or
    `Sgm.from_opencv(…)` to match as cv2.StereoSGBM does, which takes uint8 only and leaves columns without all of their
    candidates in the right image BORDER; valid_left, valid_right: (H, W) bool, pixels that show anything (see
    `rectify.Rectifier`): all others, and those matched with them, are BORDER.

    roi: (u, v, width, height), a rectangle of the left image: all outside is BORDER, and only what has a say in it is
    looked at. Inside, about one pixel in a hundred is not as in the whole image: paths along rows start nearer, which
    tells where there is little texture, and speckles and gaps may end outside.

    Reasons: BORDER, the right pixel would be outside its image; NOT_UNIQUE, or NO_TEXTURE where the left image shows
    too little contrast to expect else; LEFT_RIGHT, the right image's disparity is another; SPECKLE; INTERPOLATED, the
    value is the median of neighbours, bridges a gap or fills one. With `Sgm.fill`, every pixel of `valid_left` has a
    value, measured or not, unless none was measured at all.

    Confidence is the probability that a measured disparity is within 1 px of the truth, as calibrated on public pairs
    with the default checks (docs/stereo.md); 0.1 where INTERPOLATED and 0.05 where filled, to be told from it, though
    more of those are right. With a `BlockSgm` it only orders pixels: 1 - best / second best cost. Raises InputError.
    """
    return StereoMatcher(sgm).match(left, right, valid_left=valid_left, valid_right=valid_right, roi=roi)


class StereoMatcher:
    """Matches pair after pair with one setting, and keeps its work memory from one to the next of the same size.

    One thread at a time may use it; it uses several itself.
    """

    def __init__(self, sgm: Sgm | BlockSgm = DEFAULT) -> None:
        self.sgm = sgm
        self._setting = setting_of_halves(sgm) if isinstance(sgm, Sgm) and sgm.half else sgm
        self._aggregator: Aggregator | None = None
        self._memory: U8 = np.empty(0, np.uint8)  # features of both images

    def match(
        self,
        left: Image,
        right: Image,
        *,
        valid_left: Mask | None = None,
        valid_right: Mask | None = None,
        roi: Roi | None = None,
    ) -> Disparity:
        """As the function `match`; the result is the caller's own."""
        sgm = self.sgm
        window, step = (sgm.block_size, 1) if isinstance(sgm, BlockSgm) else (sgm.census, 1 + sgm.half)
        check_pair(left, right, step * window, deep=isinstance(sgm, Sgm))
        valid = checked_valid("valid_left", valid_left, left), checked_valid("valid_right", valid_right, right)
        pair = Pair(left.copy(), right.copy(), *valid)
        levels = levels_of(pair)
        if roi is None:
            return self._match(pair, levels, band_edges(len(left) // step))
        region = regions.around(roi, left.shape, sgm, window, step)
        return regions.placed(self._match(regions.cut(pair, region), levels, region.edges), region, left.shape)

    def _match(self, pair: Pair, levels: Levels, edges: Edges) -> Disparity:
        """In bands of rows between `edges`, filled if that is asked for."""
        found = self._found(pair, levels, edges)
        if isinstance(self.sgm, BlockSgm) or self.sgm.fill == "none":
            return found
        return filling.fill(found, in_levels(pair.left, levels), self.sgm.fill, valid_left=pair.valid_left)

    def _found(self, pair: Pair, levels: Levels, edges: Edges) -> Disparity:
        """At the resolution that is asked for."""
        if isinstance(self._setting, BlockSgm):
            return block_matching.match_pair(pair, self._setting, edges)
        if self._setting is self.sgm:
            return self._match_as_it_is(pair, levels, self._setting, edges)
        half = halved(pair)
        return enlarged(self._match_as_it_is(half, levels, self._setting, edges), half.left, pair)

    def _match_as_it_is(self, pair: Pair, levels: Levels, sgm: Sgm, edges: Edges) -> Disparity:
        left, right, valid = pair.left, pair.right, (pair.valid_left, pair.valid_right)
        if self._aggregator is None or not self._aggregator.fits(left.shape, edges):
            self._aggregator = _aggregator(left.shape, sgm, edges)
            self._memory = np.empty((2, len(left), _planes(sgm), left.shape[1]), np.uint8)
        grey = in_levels(left, levels), in_levels(right, levels)
        images = zip((left, right), grey, self._memory, strict=True)
        features = [_features(image, sgm, *rest) for image, *rest in images]
        views = kernels.matching.Views(*features, grey[0])
        found = self._aggregator(views)
        values = _values(views, found, sgm)
        reason, confidence = _judged(views, found, valid, sgm, values)
        cleaned = _cleaned(values, reason, sgm)
        settle, made_up = kernels.disparity.settle, MADE_UP_CONFIDENCE
        threads.for_rows(
            settle, len(left), values, cleaned, reason, confidence, reason_bits(), made_up, at_least=LIGHT
        )
        return Disparity(cleaned, reason, confidence)


def _planes(sgm: Sgm) -> int:
    return int(kernels.census.BITS if sgm.cost == "census" else kernels.census.PLANES)


def _features(image: Image, sgm: Sgm = DEFAULT, grey: Image | None = None, out: U8 | None = None) -> U8:
    """Features of an image whose grey levels are `grey`, its own if None; `out`: memory for them."""
    height, width = image.shape
    grey = image if grey is None else grey
    features = np.empty((height, _planes(sgm), width), np.uint8) if out is None else out
    threads.for_rows(kernels.census.features, height, image, grey, kernels.census.window(sgm.census), features)
    return features


def _aggregator(shape: tuple[int, ...], sgm: Sgm, edges: Edges | None = None) -> Aggregator:
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
    return Aggregator(height, width, setting, _planes(sgm), edges)


def _values(views: Any, found: Any, sgm: Sgm) -> F32:
    if not sgm.subpixel:
        return np.asarray(found.best + sgm.min_disparity, np.float32)
    values = np.empty(views.grey.shape, np.float32)
    if sgm.cost == "census":
        kernel = kernels.subpixel.subpixel_of_sums
        threads.for_rows(kernel, len(values), found, sgm.num_disparities, sgm.min_disparity, values)
        return values
    gradients = [features[:, kernels.census.GRADIENT] for features in (views.left, views.right)]
    candidates = sgm.num_disparities, sgm.min_disparity
    threads.for_rows(kernels.subpixel.subpixel, len(values), found, *gradients, *candidates, values)
    return values


def _judged(views: Any, found: Any, valid: tuple[Mask, Mask], sgm: Sgm, values: F32) -> tuple[U16, F32]:
    reason, confidence = np.empty(views.grey.shape, np.uint16), np.empty(views.grey.shape, np.float32)
    paths = np.float32(sgm.paths / 2 if sgm.paths in (5, 8) else sgm.paths)  # of 5 and 8, halves are summed
    limits = sgm.min_disparity, sgm.uniqueness, paths
    judge = kernels.disparity.judge
    threads.for_rows(judge, len(reason), found, views.grey, valid, *limits, reason_bits(), values, reason, confidence)
    return reason, confidence


def _cleaned(values: F32, reason: U16, sgm: Sgm) -> F32:
    if sgm.speckle:
        drop_speckles(values, reason, sgm.speckle, sgm.speckle_range)
    if sgm.median:
        values = median(values, sgm.median)
    if sgm.bridge:
        for kernel, lines in zip((kernels.gaps.bridge_rows, kernels.gaps.bridge_columns), values.shape, strict=True):
            threads.for_rows(kernel, lines, values, sgm.bridge, np.float32(BRIDGED_DIFFERENCE), at_least=LIGHT)
    return values
