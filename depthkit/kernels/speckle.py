"""Segments of similar disparity, and which of them are too small to be trusted.

A segment is made of runs, stretches of a row in which each value is similar to the next; NaN is in none. Bands of
rows are worked on side by side, then joined: what belongs together does not depend on the order.
"""

from typing import NamedTuple

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32, I32, U8


class Runs(NamedTuple):
    """Runs of the rows of an image (H, W), and the segments they belong to.

    begin, end: (H,), the numbers of a row's runs, which go from the left; those of a band follow each other, from
    y·W on where y is its first row.
    By number, (H W,) each, of which few are used:
    first, stop: columns where the run begins, and where it is over;
    parent: a run of the same segment, itself for one a segment;
    size: pixels of the whole segment, at that one.
    """

    begin: I32
    end: I32
    first: I32
    stop: I32
    parent: I32
    size: I32


@kernel
def join_within(start: int, stop: int, values: F32, difference: np.float32, runs: Runs) -> None:
    """Find the runs in the band of rows start…stop of values (H, W), and join what belongs together there.

    Neighbours above, below, left and right belong together if their values differ by at most `difference`.
    """
    width = values.shape[1]
    breaks, places = np.empty(width, np.uint8), np.empty(width + 1, np.int32)
    for y in range(start, stop):
        runs.begin[y] = runs.end[y - 1] if y > start else y * width
        find_runs(y, values[y], difference, breaks, places, runs)
        if y > start:
            join_rows(y, values, difference, runs)


@kernel
def join_bands(values: F32, difference: np.float32, runs: Runs) -> None:
    """Join bands of rows, all of which `join_within` was called for."""
    height, width = values.shape
    for y in range(1, height):
        if runs.begin[y] == y * width:  # as it is at the first row of a band
            join_rows(y, values, difference, runs)


@kernel
def drop_small(start: int, stop: int, runs: Runs, fewest: int, values: F32) -> None:
    """In rows start…stop, set values of segments of fewer than `fewest` pixels to NaN."""
    for y in range(start, stop):
        for run in range(runs.begin[y], runs.end[y]):
            first, last = runs.first[run], runs.stop[run]
            if last - first < fewest and runs.size[_root(runs.parent, run)] < fewest:
                values[y, first:last] = np.nan


@kernel
def find_runs(y: int, row: F32, difference: np.float32, breaks: U8, places: I32, runs: Runs) -> None:
    """The runs of row y, each a segment by itself. Work memory: breaks (W,) uint8, places (W + 1,) int32."""
    width = row.size
    breaks[0] = 1
    for x in range(width - 1):
        breaks[x + 1] = not abs(row[x + 1] - row[x]) <= difference
    stretches = find_places(breaks, places)
    places[stretches] = width
    run = runs.begin[y]
    for i in range(stretches):
        runs.first[run], runs.stop[run] = places[i], places[i + 1]
        runs.parent[run], runs.size[run] = run, places[i + 1] - places[i]
        run += not np.isnan(row[places[i]])
    runs.end[y] = run


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
    here, above = runs.begin[y], runs.begin[y - 1]
    while here < runs.end[y] and above < runs.end[y - 1]:
        stop, stop_above = runs.stop[here], runs.stop[above]
        for x in range(max(runs.first[here], runs.first[above]), min(stop, stop_above)):
            if abs(values[y, x] - values[y - 1, x]) <= difference:
                _join(runs, here, above)
                break
        if stop <= stop_above:
            here += 1
        else:
            above += 1


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
