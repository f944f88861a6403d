"""Seeds and quantiles for the kernels' noise."""

import hashlib
from functools import cache
from statistics import NormalDist

import numpy as np

from depthkit.arrays import F32


def words(seed: str) -> tuple[int, int]:
    """Two integers of 32 bits that stand for a seed of any length."""
    first, second = np.frombuffer(hashlib.sha256(seed.encode()).digest()[:8], "<u4").tolist()
    return first, second


@cache
def normal_quantiles(count: int = 4096) -> F32:
    """(count,) float32 equally likely values of the normal distribution, of mean 0 and variance 1."""
    quantiles = np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])
    return np.asarray(quantiles / quantiles.std(), np.float32)
