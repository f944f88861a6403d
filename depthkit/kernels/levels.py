"""Images of 16 bits as grey levels."""

import numpy as np

from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import U8, U16

f32 = np.float32


@kernel
def to_levels(start: int, stop: int, image: U16, dark: float, scale: float, out: U8) -> None:
    """Grey levels (value - dark) · scale, rounded and cut to 0…255, of rows start…stop of an image (H, W)."""
    zero, most, half, low, gain = f32(0), f32(255), f32(0.5), f32(dark), f32(scale)
    for y in range(start, stop):
        row, levels = image[y], out[y]
        for x in range(row.size):
            levels[x] = np.uint8(min(max(f32((f32(row[x]) - low) * gain), zero), most) + half)
