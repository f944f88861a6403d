"""Segments of similar disparity, and which of them are too small to be trusted.

A segment is made of runs, stretches of a row in which each value is similar to the next; NaN is in none. Blocks of
rows are worked on side by side, then joined: what belongs together does not depend on the order.
"""

from typing import NamedTuple

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32, I32, U8, U16

BLOCK = 30  # rows
f32 = np.float32


class Runs(NamedTuple):
    """Runs of the rows of an image (H, W), from the left, and the segments they belong to.

    first: (H, W), where each begins; end: (H, W), where it is over; number: (H,), how many there are in a row;
    parent: (H W,), of run i of row y at y W + i, a run of the same segment, itself for one a segment;
    size: (H W,), pixels of the whole segment, at that one.
    """

    first: I32
    end: I32
    number: I32
    parent: I32
    size: I32


@kernel
def join_in_blocks(start: int, stop: int, values: F32, difference: np.float32, runs: Runs) -> None:
    """Find the runs in blocks start…stop of BLOCK rows of values (H, W), and join what belongs together there.

    Neighbours above, below, left and right belong together if their values differ by at most `difference`.
    """
    height, width = values.shape
    breaks, places = np.empty(width, np.uint8), np.empty(width + 1, np.int32)
    for y in range(start * BLOCK, min(stop * BLOCK, height)):
        find_runs(y, values[y], difference, breaks, places, runs)
        if y % BLOCK:
            join_rows(y, values, difference, runs)


@kernel
def join_blocks(values: F32, difference: np.float32, runs: Runs) -> None:
    """Join blocks of rows."""
    for y in range(BLOCK, values.shape[0], BLOCK):
        join_rows(y, values, difference, runs)


@kernel
def drop_small(start: int, stop: int, runs: Runs, fewest: int, values: F32, reason: U16, bit: np.uint16) -> None:
    """In rows start…stop, set values of segments of fewer than `fewest` pixels to NaN, and `bit` in their reason."""
    width = values.shape[1]
    for y in range(start, stop):
        for i in range(runs.number[y]):
            first, end = runs.first[y, i], runs.end[y, i]
            if end - first < fewest and runs.size[_root(runs.parent, y * width + i)] < fewest:
                values[y, first:end] = np.nan
                for x in range(first, end):
                    reason[y, x] |= bit


@kernel
def find_runs(y: int, row: F32, difference: np.float32, breaks: U8, places: I32, runs: Runs) -> None:
    """The runs of row y, each a segment by itself. Work memory: breaks (W,) uint8, places (W + 1,) int32."""
    width = row.size
    breaks[0] = 1
    for x in range(width - 1):
        breaks[x + 1] = not abs(row[x + 1] - row[x]) <= difference
    stretches = find_places(breaks, places)
    places[stretches] = width
    count = 0
    for i in range(stretches):
        first, end, run = places[i], places[i + 1], y * width + count
        runs.first[y, count], runs.end[y, count] = first, end
        runs.parent[run], runs.size[run] = run, end - first
        count += not np.isnan(row[first])
    runs.number[y] = count


@kernel
def find_places(flags: U8, places: I32) -> int:
    """Where flags (n,) are 1, into places (n + 1,), without a branch to be mispredicted; returns how many are."""
    count = 0
    for x in range(flags.size):
        places[count] = x
        count += flags[x]
    return count


@kernel
def join_rows(y: int, values: F32, difference: np.float32, runs: Runs) -> None:
    """Join the runs of row y with those above that they touch at similar values."""
    width = values.shape[1]
    i = j = 0
    while i < runs.number[y] and j < runs.number[y - 1]:
        end, end_above = runs.end[y, i], runs.end[y - 1, j]
        for x in range(max(runs.first[y, i], runs.first[y - 1, j]), min(end, end_above)):
            if abs(values[y, x] - values[y - 1, x]) <= difference:
                _join(runs, y * width + i, (y - 1) * width + j)
                break
        if end <= end_above:
            i += 1
        else:
            j += 1


@inline
def _join(runs: Runs, one: int, other: int) -> None:
    """Make one segment of those of two runs; the smaller number stands for it."""
    one, other = _shortened_root(runs.parent, one), _shortened_root(runs.parent, other)
    if one != other:
        runs.parent[max(one, other)] = min(one, other)
        runs.size[min(one, other)] += runs.size[max(one, other)]


@inline
def _root(parent: I32, run: int) -> int:
    while parent[run] != run:
        run = parent[run]
    return run


@inline
def _shortened_root(parent: I32, run: int) -> int:
    """The root, with the way to it halved for the next time."""
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run
