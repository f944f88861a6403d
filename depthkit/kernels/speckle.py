"""Segments of similar disparity, and which of them are too small to be trusted."""

import numpy as np

from depthkit.kernels.jit import inline, kernel


@kernel
def small_segments(values, difference, fewest, small):
    """Mark, in small (H, W) bool, pixels of segments of fewer than `fewest` pixels; NaN pixels are in none.

    Neighbours above, below, left and right belong together if their values (H, W) float32 differ by at most
    `difference`.
    """
    height, width = values.shape
    label = np.empty((height, width), np.int32)
    parent = np.arange(height * width).astype(np.int32)
    size = np.zeros(height * width, np.int32)
    runs = 0
    for y in range(height):
        for x in range(width):
            if not (x > 0 and abs(values[y, x] - values[y, x - 1]) <= difference):
                runs += 1
            label[y, x] = runs - 1
            size[runs - 1] += 1
    for y in range(1, height):
        for x in range(width):
            if abs(values[y, x] - values[y - 1, x]) <= difference:
                _join(parent, size, label[y, x], label[y - 1, x])
    for y in range(height):
        for x in range(width):
            small[y, x] = size[_root(parent, label[y, x])] < fewest and not np.isnan(values[y, x])


@inline
def _root(parent, label):
    while parent[label] != label:
        parent[label] = parent[parent[label]]
        label = parent[label]
    return label


@inline
def _join(parent, size, one, other):
    one, other = _root(parent, one), _root(parent, other)
    if one != other:
        large, little = (one, other) if size[one] >= size[other] else (other, one)
        parent[little] = large
        size[large] += size[little]
