"""Where compiled kernels are kept from one process to the next, so that none ever runs code that is not of its sources.

Numba's own cache looks at the file of the kernel alone, but the code of other kernels is compiled into it; and when
two processes write at the same time, its index may give one's code for the other's. Here each file says what it holds.
"""

import contextlib
import functools
import hashlib
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core import config
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.serialize import dumps


def fingerprint() -> str:
    """Hash of all that decides what a kernel compiles to, but for the types of its arguments and the processor."""
    settings = config.OPT, config.BOUNDSCHECK  # type: ignore[attr-defined]
    digest = hashlib.sha256(repr((numba.__version__, np.__version__, settings)).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


FINGERPRINT = fingerprint()  # of this process's kernels


@functools.cache
def folder() -> str | None:
    """Where compiled kernels are kept; None if no folder can be written."""
    try:
        return str(KernelCache(fingerprint).cache_path)
    except RuntimeError:
        return None


class KernelCache(FunctionCache):
    """Numba's cache of one function, in the folder that Numba chooses, but of `KernelFiles`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        name = f"{function.__module__}.{function.__qualname__}.{sys.implementation.cache_tag}"
        self._cache_file = KernelFiles(self.cache_path, name, FINGERPRINT)

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return sig, codegen.magic_tuple()

    @contextlib.contextmanager
    def _guard_against_spurious_io_errors(self) -> Iterator[None]:
        """A full disk or a folder that has gone costs time, but is no error: the kernel is compiled and can run."""
        with contextlib.suppress(OSError):
            yield


class KernelFiles(IndexDataCacheFile):
    """A file for each signature and processor, named after them and renewed in place when sources change."""

    def load(self, key: tuple[Any, ...]) -> Any:
        """The compiled code, or None if there is none, or only one of other sources."""
        try:
            stamp, entry = self._load_data(self._name(key))
        except (OSError, EOFError, pickle.UnpicklingError):  # not there, or cut short
            return None
        if stamp != self._source_stamp:
            return None  # and unread, since types of other sources may be gone
        found, code = pickle.loads(entry)
        return code if found == key else None

    def save(self, key: tuple[Any, ...], code: Any) -> None:
        """Keep the compiled code, unless files have changed since: then it is not known of which it is."""
        if fingerprint() == self._source_stamp:
            self._save_data(self._name(key), (self._source_stamp, dumps((key, code))))

    def _name(self, key: tuple[Any, ...]) -> str:
        return self._index_name.replace(".nbi", f".{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc")
