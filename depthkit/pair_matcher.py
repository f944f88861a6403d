"""Matching a pair at its own resolution: from its grey levels to disparities, band by band of rows.

Steps that need a few rows only follow each other within a band, while it is at hand; threads meet between steps that
need all rows.
"""

from functools import partial
from typing import Any

import numpy as np

from depthkit import kernels, threads
from depthkit.aggregation import Aggregator, Edges
from depthkit.arrays import F32, U8, U16
from depthkit.levels import Levels, in_levels
from depthkit.matching import MADE_UP_CONFIDENCE, Pair, reason_bits, runs_of
from depthkit.recycling import Recycler
from depthkit.sgm import Sgm
from depthkit.types import Disparity

BRIDGED_DIFFERENCE = np.float32(1)  # px, most between the ends of a gap that is bridged
LIGHT = 400_000  # pixels that one thread settles before another is awake


class PairMatcher:
    """Matches pairs of one size, and keeps its work memory from one to the next.

    shape: (H, W); edges: of the bands of rows; memory: where results are from.
    """

    def __init__(self, shape: tuple[int, ...], sgm: Sgm, edges: Edges, memory: Recycler) -> None:
        height, width = shape
        self.shape, self.sgm, self.edges, self._memory = shape, sgm, edges, memory
        self._aggregator = Aggregator(height, width, setting_of(sgm), planes_of(sgm), edges)
        self._features: U8 = np.empty((2, height, planes_of(sgm), width), np.uint8)
        self._judged: F32 = np.empty((height, width), np.float32)
        self._runs = runs_of(height, width) if sgm.speckle else None

    def fits(self, shape: tuple[int, ...], edges: Edges) -> bool:
        """Whether images of that shape, cut into those bands, are what this is for."""
        return self.shape == shape and np.array_equal(self.edges, edges)

    @property
    def work_bytes(self) -> int:
        """Bytes of memory kept for aggregation, of all threads so far."""
        return self._aggregator.work_bytes

    def __call__(self, pair: Pair, levels: Levels) -> Disparity:
        """Disparities of the left image; the result is the caller's own."""
        greys = in_levels(pair.left, levels), in_levels(pair.right, levels)
        views = kernels.matching.Views(*self._features, greys[0])
        reason: U16 = self._memory.empty(self.shape, np.uint16)
        confidence: F32 = self._memory.empty(self.shape, np.float32)
        values: F32 = self._memory.empty(self.shape, np.float32)
        seams: list[int] = []

        def finish(start: int, stop: int) -> None:
            self._judge(start, stop, pair, views, reason, confidence)
            if not self.sgm.speckle:
                self._clean(*self._inside(start, stop), values, reason, confidence)
                seams.append(start)

        self._aggregator(views, first=partial(self._find_features, pair=pair, greys=greys), then=finish)
        if self.sgm.speckle:
            kernels.speckle.join_bands(self._judged, np.float32(self.sgm.speckle_range), self._runs)
            threads.for_rows(self._clean, len(values), values, reason, confidence)
        for seam in sorted(seams)[1:]:
            rows = max(seam - self._reach, 0), min(seam + self._reach, len(values))
            self._clean(*rows, values, reason, confidence)
        if self.sgm.bridge:
            light = max(1, LIGHT // len(values))
            threads.for_rows(self._bridge, values.shape[1], values, reason, confidence, at_least=light)
        return Disparity(values, reason, confidence)

    @property
    def _reach(self) -> int:
        """Rows beside a row that its median looks at."""
        return self.sgm.median // 2

    def _inside(self, start: int, stop: int) -> tuple[int, int]:
        """Of judged rows start…stop those that can be cleaned, while they are at hand: their neighbours are judged."""
        first = start + self._reach * (start > 0)
        return first, max(first, stop - self._reach * (stop < self.shape[0]))

    def _find_features(self, start: int, stop: int, pair: Pair, greys: tuple[U8, U8]) -> None:
        """Of rows start…stop of both images."""
        window = kernels.census.window(self.sgm.census)
        for image, grey, features in zip((pair.left, pair.right), greys, self._features, strict=True):
            kernels.census.features(start, stop, image, grey, window, features)

    def _judge(self, start: int, stop: int, pair: Pair, views: Any, reason: U16, confidence: F32) -> None:
        """Sub-pixel disparities of rows start…stop, what speaks for or against them, and which belong together."""
        found, valid = self._aggregator.found, (pair.valid_left, pair.valid_right)
        sgm, values = self.sgm, self._judged
        candidates = sgm.num_disparities, sgm.min_disparity
        if not sgm.subpixel:
            values[start:stop] = found.best[start:stop] + sgm.min_disparity
        elif sgm.cost == "census":
            kernels.subpixel.subpixel_of_sums(start, stop, found, *candidates, values)
        else:
            gradients = [features[:, kernels.census.GRADIENT] for features in (views.left, views.right)]
            kernels.subpixel.subpixel(start, stop, found, *gradients, *candidates, values)
        limits = sgm.min_disparity, sgm.uniqueness, _summed_paths(sgm)
        bits = reason_bits()
        kernels.disparity.judge(start, stop, found, views.grey, valid, *limits, bits, values, reason, confidence)
        if sgm.speckle:
            kernels.speckle.join_within(start, stop, values, np.float32(sgm.speckle_range), self._runs)

    def _clean(self, start: int, stop: int, values: F32, reason: U16, confidence: F32) -> None:
        """What is left of rows start…stop of the judged values: no speckles, filtered, short gaps bridged."""
        sgm, judged = self.sgm, self._judged
        if sgm.speckle:
            # The rows beside these, which the median looks at, too: another thread that does them does the same.
            rows = max(start - self._reach, 0), min(stop + self._reach, len(values))
            kernels.speckle.drop_small(*rows, self._runs, sgm.speckle, judged)
        if sgm.median:
            kernel = kernels.median.median3 if sgm.median == 3 else kernels.median.median5
            kernel(start, stop, judged, values)
        else:
            values[start:stop] = judged[start:stop]
        if sgm.bridge:
            kernels.gaps.bridge_rows(start, stop, values, sgm.bridge, BRIDGED_DIFFERENCE)
        else:
            band = slice(start, stop)
            _settle(0, values.shape[1], judged[band], values[band], reason[band], confidence[band])

    def _bridge(self, start: int, stop: int, values: F32, reason: U16, confidence: F32) -> None:
        """Bridge gaps in columns start…stop, too."""
        kernels.gaps.bridge_columns(start, stop, values, self.sgm.bridge, BRIDGED_DIFFERENCE)
        _settle(start, stop, self._judged, values, reason, confidence)


def _settle(start: int, stop: int, judged: F32, values: F32, reason: U16, confidence: F32) -> None:
    """Give what became of the judged values in columns start…stop its reason."""
    kernels.disparity.settle(start, stop, judged, values, reason, confidence, reason_bits(), MADE_UP_CONFIDENCE)


def setting_of(sgm: Sgm) -> Any:
    """`sgm` for kernels."""
    return kernels.matching.Setting(
        sgm.num_disparities,
        sgm.min_disparity,
        upwards=sgm.paths in (4, 8),
        diagonal=sgm.paths in (5, 8),
        P1=sgm.P1,
        P2=sgm.P2,
        P2_min=sgm.P2_min,
        lr_check=-1 if sgm.lr_check is None else sgm.lr_check,
    )


def planes_of(sgm: Sgm) -> int:
    """How many planes of features the costs are made from."""
    return int(kernels.census.BITS if sgm.cost == "census" else kernels.census.PLANES)


def _summed_paths(sgm: Sgm) -> np.float32:
    """How many whole paths' costs are in the sums: of 5 and 8, halves are."""
    return np.float32(sgm.paths / 2 if sgm.paths in (5, 8) else sgm.paths)
