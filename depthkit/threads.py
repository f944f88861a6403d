"""All threads that kernels run on. A kernel is a serial function of a range of rows that releases the GIL.

This needs no threading layer of Numba's (whose fallback aborts when two Python threads meet in it), works from any
thread, compiles faster than `parallel=True`, and gives the same bits whatever the number of threads.
"""

import itertools
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any, Self


def count() -> int:
    """Threads in use: the environment's DEPTHKIT_THREADS, else the CPUs this process may run on."""
    wanted = os.environ.get("DEPTHKIT_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def for_rows(kernel: Callable[..., Any], rows: int, *args: Any, at_least: int = 16) -> None:
    """Call `kernel(start, stop, *args)` over bands that cover `range(rows)`, side by side, and wait for all.

    `at_least`: rows a band, below which another thread is not worth waking.
    """
    bands = max(1, min(count(), rows // at_least))
    edges = [rows * i // bands for i in range(bands + 1)]
    own, *others = itertools.pairwise(edges)
    tasks = [_pool().submit(kernel, *band, *args) for band in others]
    try:
        kernel(*own, *args)
        for task, band in zip(tasks, others, strict=True):
            # A band no thread has taken yet is done here: calls may nest without waiting on each other.
            if task.cancel():
                kernel(*band, *args)
            else:
                task.result()
    finally:
        # After an error too, no thread may go on writing into the caller's arrays.
        wait([task for task in tasks if not task.cancel()])


class Backlog:
    """Tasks handed to other threads, at most `size` of them unfinished. Use it as a context manager.

    `add` waits for the oldest when there are more. Leaving waits for all, after an error too, and raises the first
    error of a task, in the order they were added.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: deque[Future[Any]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        wait(self._tasks)
        while kind is None and self._tasks:
            self._tasks.popleft().result()

    def add(self, task: Future[Any]) -> None:
        """Have a task finished in its turn; raises the error of the one that was waited for."""
        self._tasks.append(task)
        if len(self._tasks) > self._size:
            self._tasks.popleft().result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, count() - 1), "depthkit")
