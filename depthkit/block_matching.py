"""Semi-global matching with the costs, the settings and the rules of OpenCV's StereoSGBM, for those who come from it.

Birchfield and Tomasi's dissimilarity (1998) summed over blocks, semi-global aggregation (Hirschmüller 2008), parabolas
for sub-pixel places, uniqueness in percent.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from depthkit import kernels, threads
from depthkit.aggregation import Edges
from depthkit.arrays import U8, Image
from depthkit.errors import InputError
from depthkit.matching import (
    MADE_UP_CONFIDENCE,
    Pair,
    check_width,
    choice,
    drop_speckles,
    limit,
    median,
    reason_bits,
)
from depthkit.types import Disparity

_PATHS = {
    cv2.STEREO_SGBM_MODE_SGBM_3WAY: 3,
    cv2.STEREO_SGBM_MODE_HH4: 4,
    cv2.STEREO_SGBM_MODE_SGBM: 5,
    cv2.STEREO_SGBM_MODE_HH: 8,
}
_MOST = 65535  # a cost is a word
_GREY_MOST = 63  # of the grey levels' part of a pixel's cost


@dataclass(frozen=True, slots=True)
class BlockSgm:
    """How to match blocks; `from_opencv` takes the arguments of cv2.StereoSGBM.create instead.

    num_disparities: disparities to search, px, at least 1.
    min_disparity: the smallest of them, px; may be negative.
    paths: 3 (OpenCV's mode SGBM_3WAY), 4 (HH4), 5 (SGBM) or 8 (HH), as in `stereo.Sgm`.
    block_size: side of the blocks whose costs are summed, px, odd.
    P1, P2: cost of a change of disparity by 1 px, and by more, along a path: P1 ≤ P2.
    prefilter_cap: where horizontal gradients are cut, 1 to 127.
    uniqueness_ratio: by how many percent the best candidate must beat all others but its neighbours.
    lr_check: px, most between the disparities of two pixels that match the same right one; None: not compared.
    speckle: px, segments with fewer are dropped; 0: none.
    speckle_range: px, most between neighbours within a segment.

    Raises InputError for values outside these limits, and where costs could become too large.
    """

    num_disparities: int = 128
    min_disparity: int = 0
    paths: int = 5
    block_size: int = 3
    P1: int = 72
    P2: int = 288
    prefilter_cap: int = 63
    uniqueness_ratio: int = 5
    lr_check: int | None = 1
    speckle: int = 0
    speckle_range: float = 2.0

    def __post_init__(self) -> None:
        limit("num_disparities", self.num_disparities, 1, 4096)
        limit("min_disparity", self.min_disparity, -16384, 16384)
        choice("paths", self.paths, (3, 4, 5, 8))
        choice("block_size", self.block_size, tuple(range(1, 32, 2)))
        limit("P2", self.P2, 0, _MOST)
        limit("P1", self.P1, 0, self.P2)
        limit("prefilter_cap", self.prefilter_cap, 1, 127)
        limit("uniqueness_ratio", self.uniqueness_ratio, 0, 100)
        limit("lr_check", self.lr_check or 0, 0, 4096)
        limit("speckle", self.speckle, 0, 1 << 30)
        limit("speckle_range", self.speckle_range, 0, 1 << 14)
        most = self.block_size**2 * min(2 * self.prefilter_cap + _GREY_MOST, 255) + self.P1 + self.P2
        if most > _MOST:
            raise InputError(
                f"costs with block_size {self.block_size}, prefilter_cap {self.prefilter_cap}, P1 {self.P1} and P2 "
                f"{self.P2} reach {most}, above {_MOST}: set some of them lower"
            )


def from_opencv(
    minDisparity: int = 0,
    numDisparities: int = 16,
    blockSize: int = 3,
    P1: int = 0,
    P2: int = 0,
    disp12MaxDiff: int = 0,
    preFilterCap: int = 0,
    uniquenessRatio: int = 0,
    speckleWindowSize: int = 0,
    speckleRange: int = 0,
    mode: int = cv2.STEREO_SGBM_MODE_SGBM,
) -> BlockSgm:
    """Settings with the names, defaults and meanings of cv2.StereoSGBM.create.

    What OpenCV makes of values that are too small is made of them here: blockSize 5, P1 2, P2 5 and above P1,
    disp12MaxDiff 1, preFilterCap 15, uniquenessRatio 10. Raises InputError as `BlockSgm`, and for an unknown mode.
    """
    if mode not in _PATHS:
        raise InputError(f"mode is {mode}; it must be one of cv2.STEREO_SGBM_MODE_SGBM, …_HH, …_HH4 and …_SGBM_3WAY")
    P1 = P1 if P1 > 0 else 2
    return BlockSgm(
        num_disparities=numDisparities,
        min_disparity=minDisparity,
        paths=_PATHS[mode],
        block_size=blockSize // 2 * 2 + 1 if blockSize > 0 else 5,
        P1=P1,
        P2=max(P2 if P2 > 0 else 5, P1 + 1),
        prefilter_cap=max(preFilterCap, 15) | 1,
        uniqueness_ratio=uniquenessRatio if uniquenessRatio >= 0 else 10,
        lr_check=max(disp12MaxDiff, 1),
        speckle=speckleWindowSize + 1 if speckleWindowSize > 0 else 0,
        speckle_range=speckleRange,
    )


def match_pair(pair: Pair, sgm: BlockSgm, edges: Edges) -> Disparity:
    """Disparities of the left image of a pair that was checked, in bands of rows between `edges`.

    Pixels that have not all of their candidates in the right image are BORDER, as they are blank in OpenCV. Confidence
    is 1 - best / second best cost: the higher, the more often right, but not a probability. InputError if the images
    are too narrow for any pixel to have all of its candidates.
    """
    check_width(pair.left, sgm.num_disparities)
    found = _found(pair, sgm, edges)
    values = median(found.values, 3)
    if sgm.speckle:
        drop_speckles(values, sgm.speckle, sgm.speckle_range)
    settle = kernels.disparity.settle
    rest = found.reason, found.confidence, reason_bits(), MADE_UP_CONFIDENCE
    threads.for_rows(settle, values.shape[1], found.values, values, *rest)
    return Disparity(values, found.reason, found.confidence)


def _found(pair: Pair, sgm: BlockSgm, edges: Edges) -> Any:
    left, right = pair.left, pair.right
    height, width = left.shape
    found = kernels.block_types.Found(
        values=np.full((height, width), np.nan, np.float32),
        reason=np.full((height, width), reason_bits().border, np.uint16),
        confidence=np.zeros((height, width), np.float32),
        valid=(pair.valid_left, pair.valid_right),
    )
    setting = _setting(sgm)
    if setting.first < width + min(sgm.min_disparity, 0):
        views = kernels.block_types.Spans(_spans(left, sgm, False), _spans(right, sgm, True), left.copy())
        threads.for_rows(
            kernels.block_sgm.bands, len(edges) - 1, edges, views, setting, reason_bits(), found, at_least=1
        )
    return found


def _setting(sgm: BlockSgm) -> Any:
    return kernels.block_types.BlockSetting(
        sgm.num_disparities,
        sgm.min_disparity,
        first=max(sgm.min_disparity + sgm.num_disparities, 0),
        radius=sgm.block_size // 2,
        upwards=sgm.paths in (4, 8),
        diagonal=sgm.paths in (5, 8),
        P1=sgm.P1,
        P2=sgm.P2,
        uniqueness_ratio=sgm.uniqueness_ratio,
        lr_check=-1 if sgm.lr_check is None else sgm.lr_check,
    )


def _spans(image: Image, sgm: BlockSgm, backwards: bool) -> U8:
    height, width = image.shape
    out = np.empty((height, kernels.block_costs.PLANES, width), np.uint8)
    threads.for_rows(kernels.block_costs.spans, height, image.copy(), sgm.prefilter_cap, backwards, out)
    return out
