"""All compiled loops. They take arrays and scalars, import numba, numpy and math, and know none of our types.

`kernels.NAME` loads the module NAME on first use, so that importing depthkit does not import Numba. Kernels of
image rows have the form `kernel(start, stop, …)` for `depthkit.threads.for_rows`.
"""

import importlib
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        raise AttributeError(f"no kernels named {name!r}") from error
