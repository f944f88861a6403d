"""Short gaps in a disparity image, bridged by a straight line between their two ends."""

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32, I32, U8
from depthkit.kernels.speckle import find_places


@kernel
def find_changes(row: F32, changes: U8, places: I32) -> int:
    """Where a row (W,) goes from known to unknown or back, into places (W + 1,); returns how often.

    changes: (W,), work memory whose first entry is 0.
    """
    for x in range(row.size - 1):
        changes[x + 1] = (row[x] == row[x]) != (row[x + 1] == row[x + 1])
    return int(find_places(changes, places))


@kernel
def bridge_rows(start: int, stop: int, values: F32, longest: int, difference: np.float32) -> None:
    """Bridge gaps (NaN) of at most `longest` pixels in rows start…stop of values (H, W) float32, in place.

    Only where the values at both ends of the gap differ by at most `difference`: one surface, as far as can be told.
    """
    width = values.shape[1]
    ends, places = np.zeros(width, np.uint8), np.empty(width + 1, np.int32)
    for y in range(start, stop):
        row = values[y]
        count = find_changes(row, ends, places)
        for i in range(int(np.isnan(row[0])), count - 1, 2):
            before, after = places[i] - 1, places[i + 1]
            if after - before <= longest + 1 and abs(row[after] - row[before]) <= difference:
                _bridge(row, before, after)


@kernel
def bridge_columns(start: int, stop: int, values: F32, longest: int, difference: np.float32) -> None:
    """As `bridge_rows`, in columns start…stop."""
    width = stop - start
    last, value = np.full(width, -1, np.int32), np.zeros(width, np.float32)
    ends, places = np.empty(width, np.uint8), np.empty(width + 1, np.int32)
    for y in range(values.shape[0]):
        row = values[y, start:stop]
        nearest, farthest, here = np.int32(y - 1), np.int32(max(y - 1 - longest, 0)), np.int32(y)
        for x in range(width):
            known = row[x] == row[x]
            ends[x] = (farthest <= last[x]) & (last[x] < nearest) & (abs(row[x] - value[x]) <= difference)
            value[x] = row[x] if known else value[x]
        for i in range(find_places(ends, places)):
            _bridge(values[:, start + places[i]], last[places[i]], y)
        for x in range(width):
            last[x] = here if row[x] == row[x] else last[x]


@inline
def _bridge(line: F32, before: int, after: int) -> None:
    """Fill in what is between two places of a line."""
    slope = (line[after] - line[before]) / np.float32(after - before)
    for i in range(before + 1, after):
        line[i] = line[before] + slope * np.float32(i - before)
