"""The one way kernels are compiled: cached on disk, without the GIL, division by zero as in NumPy, never fastmath."""

from collections.abc import Callable
from typing import Any

from numba import njit


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that Python calls."""
    compiled: Callable[..., Any] = njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


def inline(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a helper into the kernels that call it."""
    compiled: Callable[..., Any] = njit(inline="always", error_model="numpy")(function)
    return compiled
