"""Random numbers that depend on nothing but a seed and a place: the same whatever the order or number of threads."""

from depthkit.kernels.jit import inline

_LOW_32 = 0xFFFFFFFF


@inline
def gauss(place, seed, normal):
    """A draw for that place (below 2³²) from `normal`, (4096,) float32 quantiles; seed: two integers of 32 bits."""
    return normal[mix(mix(place ^ seed[0]) ^ seed[1]) >> 20]


@inline
def mix(x):
    """Hash of 32 bits in an int64 that changes every bit with every other: shifts and products of little bias."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _LOW_32
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _LOW_32
    return x ^ (x >> 16)
