"""Depth in steps and back, a pixel at a time."""

import numpy as np

from depthkit.arrays import F32, U16
from depthkit.types import Reason


def from_metres(depth: F32, step: float) -> U16 | None:
    """The steps if they give the depth back, NaNs by their bits too."""
    whole = [float(z) / step for z in depth.flat]
    counts = [round(count) if 0.5 <= count < 65535.5 else 0 for count in whole]
    steps = np.array(counts, np.uint16).reshape(depth.shape)
    return steps if to_metres(steps, step)[0].tobytes() == depth.tobytes() else None


def to_metres(steps: U16, step: float) -> tuple[F32, U16, F32]:
    """Depth, and reason and confidence of a device that knows only whether there is one."""
    pixels = [(np.float32(float(count) * step), 0, 1) if count else (np.nan, Reason.NO_DATA, 0) for count in steps.flat]
    depth, reason, confidence = (np.array(each).reshape(steps.shape) for each in zip(*pixels, strict=True))
    return depth.astype(np.float32), reason.astype(np.uint16), confidence.astype(np.float32)
