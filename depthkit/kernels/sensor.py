"""Photons to digits: noise that depends on nothing but its seed and the sample's place."""

import math

import numpy as np

from depthkit.kernels.jit import inline, kernel

_LOW_32 = 0xFFFFFFFF


@kernel
def expose(start, stop, light, gain, read_variance, seed_high, seed_low, normal, transfer, digits):
    """8-bit digits (H, W) of the rows [start, stop) of `light` (H, W) float32, which is 1 where the well is full.

    `gain` is the share of a full well that one electron makes and `read_variance` in electrons²; `normal` (4096,)
    float32 the quantiles of the normal distribution; `transfer` (4096,) uint8 what each level of the 12-bit
    converter is coded as. Photon noise is the normal approximation of Poisson's.
    """
    top = np.float32(len(transfer) - 1)
    width = light.shape[1]
    for row in range(start, stop):
        for column in range(width):
            signal = light[row, column]
            draw = normal[mix(mix((row * width + column) ^ seed_low) ^ seed_high) >> 20]
            signal += draw * math.sqrt(gain * (signal + gain * read_variance))
            level = min(max(signal, np.float32(0)), np.float32(1)) * top + np.float32(0.5)
            digits[row, column] = transfer[int(level)]


@inline
def mix(x):
    """Hash of 32 bits that changes every bit with every other (a multiply–xorshift of low bias); x in an int64."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _LOW_32
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _LOW_32
    return x ^ (x >> 16)
