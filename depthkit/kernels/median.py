"""Median filters of disparity images, by sorting networks that are the same for all pixels and so run as vectors.

A window's columns are sorted once for all windows they are in, and merged as far as its median needs; what merges
windows beside each other have in common is done once for both (hierarchical tiling, Adams 2021).
"""

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import F32

STRIP = 160  # pairs of columns that are worked on at a time

f32 = np.float32


@kernel
def median5(start: int, stop: int, values: F32, out: F32) -> None:
    """Median of 5×5 pixels for rows start…stop of values (H, W) into out (H, W); the border is repeated.

    NaN counts as less than all values, so that the majority decides whether there is one.
    """
    height, width = values.shape
    # The pitch of work arrays is constant: so it can be seen that their rows do not overlap, and loops run as vectors.
    lines, columns = np.empty((2, 5, STRIP + 3), np.float32), np.empty((2, 5, STRIP + 3), np.float32)
    pairs, medians = np.empty((10, STRIP + 2), np.float32), np.empty((2, STRIP), np.float32)
    odd, even = np.empty((4, STRIP), np.float32), np.empty((4, STRIP), np.float32)
    line = np.empty(width + 7, np.float32)
    for first in range(0, (width + 1) // 2, STRIP):
        n = min(STRIP, (width + 1) // 2 - first)
        for y in range(start - 2, stop + 2):
            extend(values[min(max(y, 0), height - 1)], 3, line)
            take_turns(line[2 * first :], lines[0, y % 5, : n + 3], lines[1, y % 5, : n + 3])
            if y >= start + 2:
                for side in range(2):
                    _sort_columns(lines[side], n + 3, columns[side])
                _merge_pairs(columns, n + 2, pairs)
                _around_middle(pairs[::2], n, odd)
                _around_middle(pairs[1::2], n, even)
                _median(odd, even, columns[1], n, medians[0])
                _median(odd, even, columns[0, :, 3:], n, medians[1])
                interleave(medians, out[y - 2, 2 * first : 2 * first + 2 * n])


@kernel
def median3(start: int, stop: int, values: F32, out: F32) -> None:
    """As `median5`, of 3×3 pixels."""
    height, width = values.shape
    lines, columns = np.empty((3, width + 2), np.float32), np.empty((3, width + 2), np.float32)
    low, middle, high = columns[0], columns[1], columns[2]
    for y in range(start - 1, stop + 1):
        extend(values[min(max(y, 0), height - 1)], 1, lines[y % 3])
        if y >= start + 1:
            for x in range(width + 2):
                a, b, c = lines[0, x], lines[1, x], lines[2, x]
                low[x], middle[x], high[x] = min(min(a, b), c), _middle(a, b, c), max(max(a, b), c)
            for x in range(width):
                lowest = max(max(low[x], low[x + 1]), low[x + 2])
                highest = min(min(high[x], high[x + 1]), high[x + 2])
                value = _middle(lowest, _middle(middle[x], middle[x + 1], middle[x + 2]), highest)
                out[y - 1, x] = _known(value)


@kernel
def extend(row: F32, reach: int, out: F32) -> None:
    """A row (W,) with its ends repeated `reach` times or more, NaN as minus infinity; out: (W + 2 reach or more,)."""
    width = row.size
    inner = out[reach : reach + width]
    for x in range(width):
        inner[x] = row[x] if row[x] == row[x] else f32(-np.inf)
    out[:reach] = inner[0]
    out[reach + width :] = inner[width - 1]


@kernel
def take_turns(line: F32, one: F32, other: F32) -> None:
    """Every other value of a line (2 n,) into either of two rows (n,)."""
    for j in range(one.size):
        one[j], other[j] = line[2 * j], line[2 * j + 1]


@kernel
def interleave(turns: F32, out: F32) -> None:
    """The opposite of `take_turns`, with NaN for minus infinity; out: (2 n,) or one less."""
    for j in range(out.size // 2):
        out[2 * j], out[2 * j + 1] = _known(turns[0, j]), _known(turns[1, j])
    if out.size % 2:
        out[out.size - 1] = _known(turns[0, out.size // 2])


@inline
def _sort_columns(lines: F32, n: int, out: F32) -> None:
    """Each column of five lines (5, n), in any order, sorted upwards."""
    for x in range(n):
        a, b, c, d, e = lines[0, x], lines[1, x], lines[2, x], lines[3, x], lines[4, x]
        a, d = min(a, d), max(a, d)
        b, e = min(b, e), max(b, e)
        a, c = min(a, c), max(a, c)
        b, d = min(b, d), max(b, d)
        a, b = min(a, b), max(a, b)
        c, e = min(c, e), max(c, e)
        b, c = min(b, c), max(b, c)
        d, e = min(d, e), max(d, e)
        out[0, x], out[1, x], out[2, x], out[3, x], out[4, x] = a, b, min(c, d), max(c, d), e


@inline
def _merge_pairs(columns: F32, n: int, out: F32) -> None:
    """Sorted columns 2 j and 2 j + 1, (2, 5, n), merged into out (10, n) by Batcher's odd-even merge (1968)."""
    a, b = columns[0], columns[1]
    for j in range(n):
        # Of the first, third and fifth: six, sorted.
        first, last = min(a[0, j], b[0, j]), max(a[4, j], b[4, j])
        two, three = _middle_two(a[0, j], a[4, j], b[0, j], b[4, j])
        low, high = min(a[2, j], b[2, j]), max(a[2, j], b[2, j])
        second, third, fourth, fifth = min(two, low), max(two, low), min(three, high), max(three, high)
        # Of the second and fourth: four, sorted.
        lowest, highest = min(a[1, j], b[1, j]), max(a[3, j], b[3, j])
        lower, higher = _middle_two(a[1, j], a[3, j], b[1, j], b[3, j])
        out[0, j], out[9, j] = first, last
        out[1, j], out[2, j] = min(second, lowest), max(second, lowest)
        out[3, j], out[4, j] = min(third, lower), max(third, lower)
        out[5, j], out[6, j] = min(fourth, higher), max(fourth, higher)
        out[7, j], out[8, j] = min(fifth, highest), max(fifth, highest)


@inline
def _around_middle(pairs: F32, n: int, out: F32) -> None:
    """Of five values each of pairs j + 1 and j + 2, (5, n) sorted, the fourth to seventh of all into out (4, n)."""
    a, b = pairs[:, 1:], pairs[:, 2:]
    for j in range(n):
        two, three = _middle_two(a[0, j], a[4, j], b[0, j], b[4, j])
        third, fourth = max(two, min(a[2, j], b[2, j])), min(three, max(a[2, j], b[2, j]))
        lower, higher = _middle_two(a[1, j], a[3, j], b[1, j], b[3, j])
        out[0, j], out[1, j] = min(third, lower), max(third, lower)
        out[2, j], out[3, j] = min(fourth, higher), max(fourth, higher)


@inline
def _median(odd: F32, even: F32, five: F32, n: int, out: F32) -> None:
    """Median (n,) of 25: of the middle of twenty, from `_around_middle` of odd and of even ranks, and five sorted."""
    for j in range(n):
        a, b = min(odd[1, j], even[0, j]), max(odd[1, j], even[0, j])
        c, d = min(odd[2, j], even[1, j]), max(odd[2, j], even[1, j])
        e, f = min(odd[3, j], even[2, j]), max(odd[3, j], even[2, j])
        one = min(f, min(max(e, five[0, j]), max(d, five[1, j])))
        other = min(max(c, five[2, j]), min(max(b, five[3, j]), max(a, five[4, j])))
        out[j] = min(one, other)


@inline
def _known(value: np.float32) -> np.float32:
    return value if value > -np.inf else f32(np.nan)


@inline
def _middle(a: np.float32, b: np.float32, c: np.float32) -> np.float32:
    return max(min(a, b), min(max(a, b), c))


@inline
def _middle_two(a0: np.float32, a1: np.float32, b0: np.float32, b1: np.float32) -> tuple[np.float32, np.float32]:
    """Second and third of four values, given as two pairs that are sorted."""
    one, other = max(a0, b0), min(a1, b1)
    return min(one, other), max(one, other)
