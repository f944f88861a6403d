"""A value for every gap of a disparity image: that of what lies behind, or what pixels that look alike vote for."""

import numpy as np

from depthkit.kernels.gaps import find_changes
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32, I32, U8, Mask
from depthkit.kernels.speckle import find_places

SPACING = 4  # px between the voters, which are a square of as many to each side
REACH = 3

i32 = np.int32


@kernel
def fill_rows(start: int, stop: int, values: F32) -> None:
    """Give gaps (NaN) of rows start…stop of values (H, W) the lesser of their two ends, in place.

    A gap that ends at the side of the image has one end; a row without any value is left as it is.
    """
    width = values.shape[1]
    ends, places = np.zeros(width, np.uint8), np.empty(width + 1, np.int32)
    for y in range(start, stop):
        row = values[y]
        count, first = find_changes(row, ends, places), int(np.isnan(row[0]))
        places[count] = width
        for i in range(first, count, 2):
            before, after = row[places[i] - 1], row[min(places[i + 1], width - 1)]
            row[places[i] : places[i + 1]] = after if after < before else before
        if first and count:
            row[: places[0]] = row[places[0]]


@kernel
def vote(start: int, stop: int, filled: F32, gaps: Mask, grey: U8, likeness: I32, nearness: I32, values: F32) -> None:
    """In rows start…stop, the weighted median of `filled` around each pixel of the gaps, into values (H, W).

    filled, gaps, grey: (H, W); likeness: (256,), weight of a voter by the difference in grey levels; nearness:
    ((2 REACH + 1)²,), by its place in the square. Outside the image, the nearest pixel in it stands in.
    """
    height, width = grey.shape
    places, flags = np.empty(width + 1, np.int32), np.empty(width, np.uint8)
    votes, weights = np.empty(nearness.size, np.float32), np.empty(nearness.size, np.int32)
    for y in range(start, stop):
        for x in range(width):
            flags[x] = gaps[y, x]
        for i in range(find_places(flags, places)):
            x, voter = places[i], 0
            for row in range(-REACH, REACH + 1):
                v = min(max(y + SPACING * row, 0), height - 1)
                for column in range(-REACH, REACH + 1):
                    u = min(max(x + SPACING * column, 0), width - 1)
                    unlike = max(grey[v, u], grey[y, x]) - min(grey[v, u], grey[y, x])
                    votes[voter], weights[voter] = filled[v, u], i32(likeness[unlike] * nearness[voter])
                    voter += 1
            values[y, x] = _weighted_median(votes, weights)


@inline
def _weighted_median(votes: F32, weights: I32) -> np.float32:
    """The least vote that, with all below it, has half the weight. Those known to be no candidates are skipped."""
    total = i32(0)
    for i in range(weights.size):
        total = i32(total + weights[i])
    low, high = np.float32(-np.inf), np.float32(np.inf)
    for i in range(votes.size):
        vote = votes[i]
        if low < vote < high:
            below = i32(0)
            for j in range(votes.size):
                below = i32(below + (weights[j] if votes[j] <= vote else i32(0)))
            if 2 * below >= total:
                high = vote
            else:
                low = vote
    return high
