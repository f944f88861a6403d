"""Semi-global aggregation in bands of rows side by side: on vectors of bytes or, where there are none, on scalars.

Both give the same bits (`kernels.simd_sgm`, `kernels.sgm`). The environment's DEPTHKIT_SIMD=0 asks for scalars.
"""

import os
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit import kernels, threads
from depthkit.arrays import U8

Edges = NDArray[np.int64]
Rows = Callable[[int, int], None]

ROWS_A_BAND = 120
STAGGER = 576  # bytes between parts of memory, so that the same pixel is not at the same place of a page in all of them
LINE = 64  # bytes of a cache line, at which vectors start
MOST_BLOCKS = 8  # 512 candidates: for more, vectors take too long to compile


def _nothing(start: int, stop: int) -> None:
    pass


class Aggregator:
    """Finds the winners of pairs of one size, and keeps its memory from pair to pair.

    setting: kernels.matching.Setting; planes: of the views' features; edges: of the bands, `band_edges(height)` if
    None.
    """

    def __init__(self, height: int, width: int, setting: Any, planes: int, edges: Edges | None = None) -> None:
        self.setting, self.shape, self.planes = setting, (height, width), planes
        self.smooth = planes > kernels.census.BITS
        self.edges = band_edges(height) if edges is None else edges
        self.found = kernels.matching.Winners(
            best=np.empty((height, width), np.int16),
            sums=np.empty((height, 3, width), np.uint8),
            second=np.empty((height, width), np.uint8),
            agrees=np.empty((height, width), np.bool_),
        )
        blocks = -(-setting.num_disparities // LINE)
        self.blocks = (0,) * blocks if blocks <= MOST_BLOCKS and vectors() else None
        if self.blocks is not None:
            self.tables = _tables(setting.num_disparities, blocks)
            self.free: deque[Any] = deque()

    def fits(self, shape: tuple[int, ...], edges: Edges) -> bool:
        """Whether images of that shape, cut into those bands, are what this is for."""
        return self.shape == shape and np.array_equal(self.edges, edges)

    @property
    def work_bytes(self) -> int:
        """Bytes of memory for bands that there are by now, one for each thread that was needed."""
        return sum(work.memory.nbytes + work.phases.nbytes for work in self.free)

    def __call__(self, views: Any, first: Rows = _nothing, then: Rows = _nothing) -> Any:
        """The kernels.matching.Winners of a pair of views, valid until the next call: those of `found`, too.

        first: called with a range of rows before their features are looked at, of which some may be called for twice,
        by different threads; then: called once with each range of rows whose winners are found.
        """
        threads.for_rows(self._bands, len(self.edges) - 1, views, first, then, at_least=1)
        return self.found

    def _bands(self, start: int, stop: int, views: Any, first: Rows, then: Rows) -> None:
        """Bands start…stop, in memory that no other thread has now."""
        top, bottom = int(self.edges[start]), int(self.edges[stop])
        around = kernels.sgm.WARM_UP + 1  # costs are smoothed with the rows beside
        first(max(top - around, 0), min(bottom + around, self.shape[0]))
        if self.blocks is None:
            kernels.sgm.bands(start, stop, self.edges, views, self.setting, self.found)
        else:
            try:
                work = self.free.pop()
            except IndexError:
                work = self._work()
            for i in range(start, stop):
                rows = self.edges[i], self.edges[i + 1]
                kernels.simd_sgm.band(*rows, views, self.setting, self.tables, work, self.found, self.blocks)
            self.free.append(work)
        then(top, bottom)

    def _work(self) -> Any:
        setting, width, blocks = self.setting, self.shape[1], len(self.blocks or ())
        lanes = blocks * LINE
        row = width * lanes
        kept = int(np.diff(self.edges).max()) if setting.upwards else 0
        slant = row + lanes if setting.diagonal else 0
        sizes = 3 * row if self.smooth else 0, 2 * row, row, slant, slant
        starts = np.cumsum([0, *sizes]) + STAGGER * np.arange(6)
        lines, costs, straight, from_left, from_right, totals = (int(start) for start in starts)
        # The longest order of candidates, and the vector that starts at its last one, in whole vectors.
        size = blocks * -(-(-(-(width + setting.num_disparities) // blocks) + LINE) // LINE) * LINE
        return kernels.simd_sgm.Work(
            memory=_aligned(totals + (kept + 2) * row),
            parts=kernels.simd_paths.Parts(costs, straight, size),
            lines=lines if self.smooth else None,
            slants=(from_left, from_right) if setting.diagonal else None,
            totals=totals,
            phases=_aligned((self.planes + 1) * size),
            guides=_guides(self.planes, width),
            right_least=np.zeros(width + setting.num_disparities, np.uint8),
        )


def _guides(planes: int, width: int) -> Any:
    return kernels.simd_paths.Guides(
        left=np.zeros(planes * width, np.uint32),
        alike_along=np.zeros(width + 1, np.uint32),
        alike_up=np.zeros(width, np.uint32),
        alike_down=np.zeros(width, np.uint32),
        along=np.zeros((2, width + 1), np.uint32),
        straight=np.zeros(width, np.uint32),
        from_left=np.zeros(width, np.uint32),
        from_right=np.zeros(width, np.uint32),
    )


def _tables(num_disparities: int, blocks: int) -> Any:
    lanes = blocks * LINE
    candidate = np.arange(lanes)
    places = np.array([kernels.simd.place(k, blocks) for k in candidate])
    near, beyond = np.zeros((lanes, lanes), np.uint8), np.zeros((lanes + 1, lanes), np.uint8)
    near[:, places] = 255 * (np.abs(candidate[:, None] - candidate) <= 1)
    beyond[:, places] = 255 * (candidate >= np.arange(lanes + 1)[:, None])
    missing = None if num_disparities == lanes else beyond[num_disparities].copy()
    return kernels.simd_paths.Tables(near.ravel(), beyond.ravel(), missing, places[:num_disparities])


def band_edges(height: int) -> Edges:
    """Rows at which the bands of an image start, and its height: they depend on nothing else."""
    bands = 2 * -(-height // (2 * ROWS_A_BAND))
    return np.arange(bands + 1) * height // bands


def vectors() -> bool:
    """Whether the kernels are to use vectors of bytes."""
    return os.environ.get("DEPTHKIT_SIMD", "1") != "0" and bool(kernels.simd.available())


def _aligned(size: int) -> U8:
    memory = np.zeros(size + LINE - 1, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size]
