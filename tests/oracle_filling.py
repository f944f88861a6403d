"""Naive twins of the kernels that fill gaps."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.oracle_sgm import at

Array = NDArray[Any]


def fill_row(row: Array) -> Array:
    """Each unknown value is the lesser of the nearest known ones to either side."""
    out = row.copy()
    for x in np.flatnonzero(np.isnan(row)):
        before, after = row[:x][~np.isnan(row[:x])], row[x:][~np.isnan(row[x:])]
        ends = [*before[-1:], *after[:1]]
        if ends:
            out[x] = min(ends)
    return out


def vote(filled: Array, gaps: Array, grey: Array, likeness: Array, nearness: Array) -> Array:
    """Of 7×7 votes, 4 px apart, the least that has half the weight together with all below it."""
    out = filled.copy()
    height, width = grey.shape
    steps = [(4 * row, 4 * column) for row in range(-3, 4) for column in range(-3, 4)]
    for y, x in zip(*np.nonzero(gaps), strict=True):
        votes = []
        for (dy, dx), near in zip(steps, nearness, strict=True):
            v, u = min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)
            votes.append((float(filled[v, u]), int(likeness[abs(at(grey, v, u) - at(grey, y, x))]) * int(near)))
        votes.sort()
        below = np.cumsum([weight for _, weight in votes])
        out[y, x] = votes[int(np.argmax(2 * below >= below[-1]))][0]
    return out
