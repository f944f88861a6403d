"""Segments of similar disparity, and which of them are too small to be trusted."""

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32, I32, Mask


@kernel
def small_segments(values: F32, difference: np.float32, fewest: int, small: Mask) -> None:
    """Mark, in small (H, W) bool, pixels of segments of fewer than `fewest` pixels; NaN pixels are in none.

    Neighbours above, below, left and right belong together if their values (H, W) float32 differ by at most
    `difference`.
    """
    height, width = values.shape
    run = np.empty((height, width), np.int32)
    runs = label_runs(values, difference, run)
    parent = np.arange(runs).astype(np.int32)
    for y in range(1, height):
        join_rows(values[y - 1], values[y], difference, run[y - 1], run[y], parent)
    size = np.zeros(runs, np.int32)
    for i in range(runs):
        parent[i] = _root(parent, i)
    for y in range(height):
        for x in range(width):
            size[parent[run[y, x]]] += 1
    for y in range(height):
        for x in range(width):
            small[y, x] = size[parent[run[y, x]]] < fewest and not np.isnan(values[y, x])


@kernel
def label_runs(values: F32, difference: np.float32, run: I32) -> int:
    """Number the stretches of similar values along rows into run (H, W) int32; returns how many there are."""
    runs = 0
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            if not (x > 0 and abs(values[y, x] - values[y, x - 1]) <= difference):
                runs += 1
            run[y, x] = runs - 1
    return runs


@kernel
def join_rows(above: F32, here: F32, difference: np.float32, run_above: I32, run_here: I32, parent: I32) -> None:
    """Join the runs of two rows that touch at similar values: union-find, the smaller number is the root."""
    last_one, last_other = -1, -1
    for x in range(here.size):
        one, other = run_above[x], run_here[x]
        if (one != last_one or other != last_other) and abs(here[x] - above[x]) <= difference:
            last_one, last_other = one, other
            one, other = _root(parent, one), _root(parent, other)
            parent[max(one, other)] = min(one, other)


@inline
def _root(parent: I32, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node
