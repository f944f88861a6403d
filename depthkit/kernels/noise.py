"""Random numbers that depend on nothing but a seed and a place: the same whatever the order or number of threads."""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline

F32 = NDArray[np.float32]

_LOW_32 = 0xFFFFFFFF


@inline
def gauss(place: int, seed: tuple[int, int], normal: F32) -> np.float32:
    """A draw for that place (below 2³²) from `normal`, (4096,) float32 quantiles; seed: two integers of 32 bits."""
    return np.float32(normal[mix(mix(place ^ seed[0]) ^ seed[1]) >> 20])


@inline
def mix(x: int) -> int:
    """Hash of 32 bits in an int64 that changes every bit with every other: shifts and products of little bias."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _LOW_32
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _LOW_32
    return x ^ (x >> 16)
