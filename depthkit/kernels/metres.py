"""A device's 16-bit depth in metres, with what goes with it, in one pass."""

import math

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import kernel

_NOTHING = np.float32(math.nan)


@kernel
def from_steps(
    start: int,
    stop: int,
    steps: NDArray[np.uint16],
    scale: np.float32,
    no_data: np.uint16,
    depth: NDArray[np.float32],
    reason: NDArray[np.uint16],
    confidence: NDArray[np.float32],
) -> None:
    """steps (H, W) of `scale` m, 0 unknown. Out: depth in m, NaN unknown; reason `no_data` or 0; confidence 0 or 1."""
    for v in range(start, stop):
        for u in range(steps.shape[1]):
            known = steps[v, u] != 0
            depth[v, u] = np.float32(steps[v, u]) * scale if known else _NOTHING
            reason[v, u] = np.uint16(0) if known else no_data
            confidence[v, u] = np.float32(1) if known else np.float32(0)
