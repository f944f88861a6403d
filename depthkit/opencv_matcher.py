"""OpenCV's matchers, to compare with; the semi-global one behind the same call as ours."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from depthkit.arrays import F32, U8
from depthkit.matching import check_pair, check_width
from depthkit.sgm import DEFAULT, Sgm
from depthkit.types import Disparity, Reason

NAMES = {3: "3WAY", 4: "HH4", 5: "SGBM", 8: "HH"}
"""What OpenCV calls its modes, by the number of paths they follow."""
_MODES = {
    3: cv2.STEREO_SGBM_MODE_SGBM_3WAY,
    4: cv2.STEREO_SGBM_MODE_HH4,
    5: cv2.STEREO_SGBM_MODE_SGBM,
    8: cv2.STEREO_SGBM_MODE_HH,
}
_STEPS = 16  # of OpenCV's fixed-point disparities a px
_WINDOW = 3
_SMALLEST = 5  # px, side of images


def match_opencv(left: U8, right: U8, sgm: Sgm = DEFAULT) -> Disparity:
    """Disparities of the left of two rectified (H, W) uint8 images, by cv2.StereoSGBM in the mode with those paths.

    num_disparities is rounded up to a multiple of 16, as OpenCV asks for; range, left-right check and speckle filter
    are as in `sgm`; the penalties, which are of other costs, and the uniqueness are OpenCV's usual ones. All pixels
    without a value are NO_DATA, all others have confidence 1: OpenCV does not say. Raises InputError.
    """
    check_pair(left, right, _SMALLEST, deep=False)
    check_width(left, sgm.num_disparities)
    values = pixels(semi_global(sgm).compute(left, right), sgm.min_disparity)
    known = np.isfinite(values)
    reason = np.where(known, 0, int(Reason.NO_DATA)).astype(np.uint16)
    return Disparity(values, reason, known.astype(np.float32))


def semi_global(sgm: Sgm) -> cv2.StereoSGBM:
    """OpenCV's own matcher with these settings."""
    return cv2.StereoSGBM.create(
        minDisparity=sgm.min_disparity,
        numDisparities=-(-sgm.num_disparities // 16) * 16,
        blockSize=_WINDOW,
        P1=8 * _WINDOW**2,
        P2=32 * _WINDOW**2,
        disp12MaxDiff=-1 if sgm.lr_check is None else sgm.lr_check,
        preFilterCap=63,
        uniquenessRatio=5,
        speckleWindowSize=max(sgm.speckle - 1, 0),
        speckleRange=round(sgm.speckle_range),
        mode=_MODES[sgm.paths],
    )


def block(num_disparities: int, speckle: int = 0, window: int = 15) -> cv2.StereoBM:
    """OpenCV's local matcher, its fastest, with a left-right check and a speckle filter as `Sgm` has them.

    num_disparities: a multiple of 16; window: px, odd.
    """
    matcher = cv2.StereoBM.create(num_disparities, window)
    matcher.setDisp12MaxDiff(1)
    matcher.setSpeckleWindowSize(max(speckle - 1, 0))
    matcher.setSpeckleRange(round(DEFAULT.speckle_range))
    return matcher


def pixels(steps: NDArray[Any], min_disparity: int = 0) -> F32:
    """Disparities (H, W) float32 px, NaN unknown, of what either matcher computes, (H, W) int16."""
    known = steps >= min_disparity * _STEPS
    return np.where(known, steps.astype(np.float32) / np.float32(_STEPS), np.float32(np.nan))
