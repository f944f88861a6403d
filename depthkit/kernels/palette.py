"""Which values an image holds, and one value for another in all of it."""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import kernel

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]


@kernel
def mark(image: U16, seen: U8) -> None:
    """Set seen[v] (65536,) for every value v of image (n,)."""
    for i in range(image.size):
        seen[image[i]] = 1


@kernel
def look_up(image: U16, table: U16, out: U16) -> None:
    """out (n,): table[v] for every value v of image (n,); the table has all 65536."""
    for i in range(image.size):
        out[i] = table[image[i]]
