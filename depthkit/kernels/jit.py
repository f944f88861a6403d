"""The one way kernels are compiled: cached on disk, without the GIL, division by zero as in NumPy, never fastmath."""

import contextlib
from collections.abc import Callable
from pathlib import Path
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


def _drop_stale_caches() -> None:
    """Forget kernels that were compiled before the last change of any of them.

    Numba looks at the file of the kernel alone, but the code of others is compiled into it.
    """
    folder = Path(__file__).parent
    newest = max(source.stat().st_mtime_ns for source in folder.glob("*.py"))
    with contextlib.suppress(OSError):  # not ours to change: then the files do not change either
        for index in (folder / "__pycache__").glob("*.nbi"):
            if index.stat().st_mtime_ns < newest:
                index.unlink(missing_ok=True)


_drop_stale_caches()
