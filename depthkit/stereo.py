"""Stereo matching: from a rectified pair of images to the disparities of the left one.

Semi-global matching (Hirschmüller 2008) of census bits and gradients, with checks of each winner, sub-pixel places,
and short gaps bridged. Every pixel without a disparity has its reason.
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from depthkit import block_matching, filling, regions
from depthkit.aggregation import Edges, band_edges
from depthkit.arrays import Image, Mask
from depthkit.block_matching import BlockSgm
from depthkit.halves import enlarged, halved, setting_of_halves
from depthkit.levels import Levels, in_levels, levels_of
from depthkit.matching import Pair, check_pair, checked_valid
from depthkit.pair_matcher import PairMatcher
from depthkit.recycling import Recycler
from depthkit.regions import Roi
from depthkit.sgm import DEFAULT, Sgm
from depthkit.types import Disparity

__all__ = ["BlockSgm", "Sgm", "StereoMatcher", "match"]

_Array = TypeVar("_Array", bound=NDArray[Any])


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

    Confidence is the probability that a measured disparity is within 1 px of the truth (2 px with `Sgm.half`), as
    calibrated on public pairs with the default checks, see docs/stereo.md. It is 0.1 where INTERPOLATED and 0.05 where
    filled: marks, and no probabilities, as more of these are right. With a `BlockSgm` it only orders pixels: 1 - best /
    second best cost. Raises InputError.
    """
    return StereoMatcher(sgm).match(left, right, valid_left=valid_left, valid_right=valid_right, roi=roi)


class StereoMatcher:
    """Matches pair after pair with one setting, and keeps its work memory from one to the next of the same size.

    One thread at a time may use it; it uses several itself.
    """

    def __init__(self, sgm: Sgm | BlockSgm = DEFAULT) -> None:
        self.sgm = sgm
        self._setting = setting_of_halves(sgm) if isinstance(sgm, Sgm) and sgm.half else sgm
        self._matcher: PairMatcher | None = None
        self._memory = Recycler()
        self._everything: Mask = np.ones((0, 0), np.bool_)

    @property
    def work_bytes(self) -> int:
        """Bytes of memory kept for aggregation, of all threads so far; 0 before the first pair and for a BlockSgm."""
        return 0 if self._matcher is None else self._matcher.work_bytes

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
        pair = self._pair(left, right, valid_left, valid_right)
        levels = levels_of(pair)
        if roi is None:
            return self._match(pair, levels, band_edges(len(left) // step))
        region = regions.around(roi, left.shape, sgm, window, step)
        return regions.placed(self._match(regions.cut(pair, region), levels, region.edges), region, left.shape)

    def _pair(self, left: Image, right: Image, valid_left: Mask | None, valid_right: Mask | None) -> Pair:
        """Contiguous and writable arrays, copies if need be, so that there is one kernel for all kinds of them."""
        valid = self._shown("valid_left", valid_left, left), self._shown("valid_right", valid_right, right)
        return Pair(self._behaved(left), self._behaved(right), *valid)

    def _shown(self, name: str, valid: Mask | None, image: Image) -> Mask:
        if valid is not None:
            return self._behaved(checked_valid(name, valid, image))
        if self._everything.shape != image.shape:
            self._everything = np.ones(image.shape, np.bool_)
        return self._everything

    def _behaved(self, array: _Array) -> _Array:
        if array.flags.carray:
            return array
        copy: _Array = self._memory.empty(array.shape, array.dtype)
        np.copyto(copy, array)
        return copy

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
        if self._matcher is None or not self._matcher.fits(pair.left.shape, edges):
            self._matcher = PairMatcher(pair.left.shape, sgm, edges, self._memory)
        return self._matcher(pair, levels)
