"""Parts of the matcher by themselves, for tests of kernels."""

from typing import Any

import numpy as np

from depthkit import kernels
from depthkit.aggregation import Aggregator
from depthkit.pair_matcher import planes_of, setting_of
from depthkit.sgm import DEFAULT, Sgm


def features(image: Any, sgm: Sgm = DEFAULT, grey: Any = None) -> Any:
    """(H, planes, W), of an image whose grey levels are `grey`, its own if None."""
    out = np.empty((len(image), planes_of(sgm), image.shape[1]), np.uint8)
    window = kernels.census.window(sgm.census)
    kernels.census.features(0, len(image), image, image if grey is None else grey, window, out)
    return out


def aggregator(shape: tuple[int, ...], sgm: Sgm) -> Aggregator:
    """For images of a shape (H, W)."""
    return Aggregator(shape[0], shape[1], setting_of(sgm), planes_of(sgm))
