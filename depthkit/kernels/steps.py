"""Depth in metres as whole steps and back, bit for bit, with the reasons and confidences that a device leaves unsaid.

A depth is its count times the step in float64, rounded to float32. For a step that is a float32 number itself, that
product is exact, so the depth is the product in float32, as most programs make it.
"""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import kernel

U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
F32 = NDArray[np.float32]

BLOCK = 4096  # pixels between two looks at whether it was all right so far
UNKNOWN = np.uint32(0x7FC00000)  # bits of np.nan
ONE = np.uint32(0x3F800000)  # bits of 1.0


@kernel
def from_metres(depth: F32, bits: U32, step: float, steps: U16) -> bool:
    """steps (n,): nearest to depth / step, 0 for NaN; False unless `to_metres` gives back `bits`, those of depth (n,).

    After False the steps are of no use.
    """
    rate = 1 / step
    for first in range(0, depth.size, BLOCK):
        fits = True
        for i in range(first, min(first + BLOCK, depth.size)):
            ratio = depth[i] * rate + 0.5
            known = ratio >= 1 and ratio < 65536  # false for NaN
            count = np.uint16(ratio if known else 0.0)
            steps[i] = count
            fits &= np.float32(count * step) == depth[i] if known else bits[i] == UNKNOWN
        if not fits:
            return False
    return True


@kernel
def to_metres(steps: U16, step: float, no_data: np.uint16, depth: F32, reason: U16, confidence: F32) -> None:
    """depth (n,): steps (n,) · step, NaN for 0; reason and confidence (n,): `no_data` and 0 where NaN, else 0 and 1."""
    for i in range(steps.size):
        known = steps[i] > 0
        depth[i] = np.float32(steps[i] * step) if known else np.float32(np.nan)
        reason[i] = np.uint16(0) if known else no_data
        confidence[i] = np.float32(1) if known else np.float32(0)


@kernel
def is_implied(steps: U16, no_data: np.uint16, reason: U16, confidence_bits: U32) -> bool:
    """Whether reason (n,) and the bits of confidence (n,) are those that `to_metres` makes."""
    fits = True
    for i in range(steps.size):
        known = steps[i] > 0
        fits &= reason[i] == (np.uint16(0) if known else no_data)
        fits &= confidence_bits[i] == (ONE if known else np.uint32(0))
    return fits
