"""From a device's memory to an image of one's own."""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from depthkit.errors import FrameIncomplete
from depthkit.recycling import Recycler

_memory = Recycler()


def image_of(
    data: bytes | bytearray | memoryview | NDArray[np.uint8],
    shape: tuple[int, ...],
    dtype: DTypeLike,
    stride: int | None = None,
) -> NDArray[Any]:
    """A copy of the image in a device's buffer.

    shape: (H, W) or (H, W, channels); stride: bytes from a row to the next, None where they touch. Bytes after the
    last row do no harm. Raises FrameIncomplete when there are too few.
    """
    kind, height = np.dtype(dtype), shape[0]
    row = prod(shape[1:]) * kind.itemsize
    needed = (height - 1) * (stride or row) + row
    found = np.frombuffer(data, np.uint8)
    if found.size < needed:
        raise FrameIncomplete(f"a frame has {found.size} bytes of {needed}")
    rows: NDArray[np.uint8] = _memory.empty((height, row), np.uint8)
    rows[:] = np.lib.stride_tricks.as_strided(found, (height, row), (stride or row, 1))
    return rows.view(kind).reshape(shape)
