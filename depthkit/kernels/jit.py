"""The one way kernels are compiled: kept on disk, without the GIL, division by zero as in NumPy, never fastmath.

The logger "depthkit.kernels" says at level INFO which kernel is being compiled; it is silent about those kept on disk.
"""

import logging
from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core import event

from depthkit.kernels.cache import KernelCache, folder

LOG = logging.getLogger("depthkit.kernels")

_njit: Any = njit  # whose types do not know that one can do without what is for calls from C


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that Python calls."""
    return _kept(_njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function), function)


def uncounted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that makes no arrays, and does not count references to those it is given.

    For kernels that hand arrays to others once a pixel, where counting can take most of the time. All that such a
    kernel calls must be uncounted too.
    """
    return _kept(_njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True, _nrt=False)(function), function)


def merged(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a helper into the uncounted kernels that call it, which spares handing over its arrays."""
    return _njit(error_model="numpy", _nrt=False, forceinline=True)(function)  # type: ignore[no-any-return]


def _kept(compiled: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """Let the compiled code of a function be kept on disk."""
    if compiled is not function and folder() is not None:  # NUMBA_DISABLE_JIT leaves the function as it is
        compiled._cache = KernelCache(function)
    return compiled  # type: ignore[no-any-return]


def inline(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a helper into the kernels that call it."""
    compiled: Callable[..., Any] = njit(inline="always", error_model="numpy")(function)
    return compiled


class _Reporter(event.Listener):
    """Hears of every compilation by Numba, in whatever thread, and logs those of kernels."""

    def on_start(self, event: Any) -> None:
        function = event.data["dispatcher"].py_func
        if function.__module__.startswith("depthkit.kernels."):
            LOG.info("compiling %s.%s", function.__module__, function.__qualname__)

    def on_end(self, event: Any) -> None:
        """Nothing to say."""


event.register("numba:compile", _Reporter())
