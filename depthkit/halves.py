"""Matching at half resolution: an eighth of the candidates, for disparities half as fine."""

from dataclasses import replace

import numpy as np

from depthkit import kernels, threads
from depthkit.arrays import Image, Mask
from depthkit.matching import Pair, reason_bits
from depthkit.sgm import Sgm
from depthkit.types import Disparity


def setting_of_halves(sgm: Sgm) -> Sgm:
    """The setting that does to images of half the size what `sgm` would do to the full ones.

    Of each disparity d that is asked for there is d // 2; sizes and thresholds are rounded up.
    """
    first, last = sgm.min_disparity // 2, (sgm.min_disparity + sgm.num_disparities - 1) // 2
    return replace(
        sgm,
        half=False,
        min_disparity=first,
        num_disparities=last - first + 1,
        lr_check=None if sgm.lr_check is None else _half(sgm.lr_check),
        speckle=_half(_half(sgm.speckle)),
        speckle_range=sgm.speckle_range / 2,
        bridge=_half(sgm.bridge),
    )


def halved(pair: Pair) -> Pair:
    """Both images at half their size, an odd last row and column left out; pixels are valid if all four of them are."""
    left, right, valid_left, valid_right = pair
    return Pair(_half_image(left), _half_image(right), _half_mask(valid_left), _half_mask(valid_right))


def enlarged(found: Disparity, half: Image, pair: Pair) -> Disparity:
    """Disparities of the left half-size image `half` as those of the pair; see `kernels.halving.enlarge`."""
    shape = pair.left.shape
    values, confidence, reason = *np.empty((2, *shape), np.float32), np.empty(shape, np.uint16)
    small = kernels.halving.Measured(half, found.values, found.reason, found.confidence)
    large = kernels.halving.Measured(pair.left, values, reason, confidence)
    threads.for_rows(kernels.halving.enlarge, len(values), small, large)
    if not pair.valid_left.all():  # of an odd last row or column nothing is known yet
        hidden = ~pair.valid_left
        values[hidden], reason[hidden], confidence[hidden] = np.nan, reason_bits().border, 0
    return Disparity(values, reason, confidence)


def _half(number: int) -> int:
    """Half of a number, rounded up."""
    return -(-number // 2)


def _half_image(image: Image) -> Image:
    half = np.empty((image.shape[0] // 2, image.shape[1] // 2), image.dtype)
    threads.for_rows(kernels.halving.halve, len(half), image, half)
    return half


def _half_mask(valid: Mask) -> Mask:
    even = valid[: len(valid) // 2 * 2, : valid.shape[1] // 2 * 2]
    return even[::2, ::2] & even[1::2, ::2] & even[::2, 1::2] & even[1::2, 1::2]
