"""Photons to digits: photon noise, read noise, a 12-bit converter and its transfer curve."""

import math

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import kernel
from depthkit.kernels.noise import F32, gauss

U8 = NDArray[np.uint8]


@kernel
def expose(
    start: int, stop: int, light: F32, gain: np.float32, read_variance: np.float32, seed: tuple[int, int], normal: F32,
    transfer: U8, digits: U8,
) -> None:  # fmt: skip
    """8-bit digits (H, W) of the rows [start, stop) of `light` (H, W) float32, which is 1 where the well is full.

    `gain` is the share of a full well that one electron makes, `read_variance` in electrons²; seed and normal as in
    `noise.gauss`; `transfer` (4096,) uint8 is what each level of the converter is coded as. Photon noise is the
    normal approximation of Poisson's.
    """
    top = np.float32(len(transfer) - 1)
    width = light.shape[1]
    for row in range(start, stop):
        for column in range(width):
            signal = light[row, column]
            noise = gauss(row * width + column, seed, normal)
            signal += noise * math.sqrt(gain * (signal + gain * read_variance))
            level = min(max(signal, np.float32(0)), np.float32(1)) * top + np.float32(0.5)
            digits[row, column] = transfer[int(level)]
