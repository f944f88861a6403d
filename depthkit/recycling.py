"""Memory of results that nobody has any more, handed out again: fresh pages cost more than many a step of matching."""

import sys
import threading
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

MOST = 24


class Recycler:
    """Hands out arrays, and those again that nothing refers to but itself.

    Views refer to their array, so what is in use in any form is never handed out twice. Any thread may ask.
    most: arrays that are remembered; of others the memory is freed as ever.
    """

    def __init__(self, most: int = MOST) -> None:
        self._arrays: deque[NDArray[Any]] = deque(maxlen=most)
        self._asking = threading.Lock()

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
        """A writable C-contiguous array with anything in it."""
        with self._asking:
            return self._empty(shape, np.dtype(dtype))

    def _empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        for i in range(len(self._arrays)):
            if _references(self._arrays, i) == _UNUSED:
                array = self._arrays[i]
                if array.shape == shape and array.dtype == dtype:
                    return array
        self._arrays.append(np.empty(shape, dtype))
        return self._arrays[-1]


def _references(arrays: deque[NDArray[Any]], i: int) -> int:
    return sys.getrefcount(arrays[i])


_UNUSED = _references(deque([np.empty(0)]), 0)
