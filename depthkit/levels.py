"""Grey levels of deep images: what thresholds and penalties in grey levels are applied to, whatever the camera."""

from typing import NamedTuple

import numpy as np

from depthkit import kernels, threads
from depthkit.arrays import U8, Image, Mask
from depthkit.matching import Pair

_LOW, _HIGH = 0.5, 99.5  # percentiles: not the extremes, which are hot and dead pixels
_SAMPLES = 8192  # pixels of an image that are looked at, about


class Levels(NamedTuple):
    """A value's grey level is (value - dark) · scale, cut to 0…255."""

    dark: float
    scale: float


SAME = Levels(0.0, 1.0)


def levels_of(pair: Pair) -> Levels:
    """The levels of both images of a pair: one scale, so that equal values stay equal.

    The brightest pixels are white. Black is 0 unless even the darkest pixels are brighter than half of that, as in
    thermal images: then it is as far above 0 as leaves all pixels in the upper half of the levels. A step of the values
    is at most one level, so that noise is not blown up. 8-bit images are their own levels.
    """
    if pair.left.dtype == np.uint8:
        return SAME
    seen = np.concatenate([_sample(pair.left, pair.valid_left), _sample(pair.right, pair.valid_right)])
    low, high = np.percentile(seen, (_LOW, _HIGH)) if seen.size else (0.0, 255.0)
    dark = max(2 * low - high, 0.0)
    return Levels(float(dark), float(255 / max(high - dark, 255)))


def in_levels(image: Image, levels: Levels) -> U8:
    """(H, W) uint8 of a contiguous image, the image itself if it is that already."""
    if image.dtype == np.uint8:
        return image  # type: ignore[return-value]
    grey = np.empty(image.shape, np.uint8)
    threads.for_rows(kernels.levels.to_levels, len(image), image, *levels, grey)
    return grey


def _sample(image: Image, valid: Mask) -> Image:
    """Values of valid pixels on a coarse grid."""
    step = max(1, int((image.size / _SAMPLES) ** 0.5))
    return image[::step, ::step][valid[::step, ::step]]
