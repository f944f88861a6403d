"""What a pixel of an image of ranks is seen in: its neighbours, a first guess, and a line of slots for each context.

All that is looked at is coded before the pixel, so a decoder has it. A line has a slot for each decision that the pixel
takes: so what was met before in a context is found by one look into memory for all of them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import merged
from depthkit.kernels.range_coder import INPUTS, Lines

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]

MARGIN = 3  # columns left and right of the image that are unknown, and rows above; one row below
DECISIONS = 8  # slots of a line
LINE_BITS = 13  # of the number of a line among those of its context
SINGLES = 1 << 15  # slots before the lines, for decisions that are not mixed
SLOTS = SINGLES + (INPUTS * DECISIONS << LINE_BITS)
WITHOUT = 1 << 17  # is added to what is seen where the frame before does not know the pixel

_PRIME = 0x9E3779B1


class Scene(NamedTuple):
    """Images, and what is remembered of each column.

    ranks, before: (H + MARGIN + 1, W + 2 MARGIN) ranks of the image and of the frame before, or zeros, with zero
    margins; errors, hits: (W + 2 MARGIN,), of the pixel last coded in each column, how far the first guess was off, at
    most 255, and what was right; sizes: (2¹⁸,) bits of each number.
    """

    ranks: U16
    before: U16
    errors: U8
    hits: U8
    sizes: U8


class Near(NamedTuple):
    """Ranks around a pixel, named by direction, its rank in the frame before, and the first guess."""

    w: int
    n: int
    nw: int
    ne: int
    ww: int
    nn: int
    nne: int
    nee: int
    before: int
    first: int


@merged
def known_around(y: int, x: int, scene: Scene) -> int:
    """A bit for each of 14 pixels that says if it is known; those of the frame before are the last."""
    ranks, before = scene.ranks, scene.before
    known = np.int64(ranks[y, x - 1] > 0) | (ranks[y - 1, x] > 0) << 1 | (ranks[y - 1, x - 1] > 0) << 2
    known |= (ranks[y - 1, x + 1] > 0) << 3 | (ranks[y, x - 2] > 0) << 4 | (ranks[y - 2, x] > 0) << 5
    known |= (ranks[y - 1, x + 2] > 0) << 6 | (ranks[y - 1, x - 2] > 0) << 7 | (ranks[y, x - 3] > 0) << 8
    known |= (ranks[y - 2, x + 1] > 0) << 9 | (ranks[y - 2, x - 1] > 0) << 10
    return known | (before[y, x] > 0) << 11 | (before[y, x + 1] > 0) << 12 | (before[y + 1, x] > 0) << 13  # type: ignore[no-any-return]


@merged
def look_around(y: int, x: int, scene: Scene) -> Near:
    """The neighbours and the first guess, which is the median edge detector's where it has what it needs."""
    ranks = scene.ranks
    w, n, nw, ne = at(ranks, y, x - 1), at(ranks, y - 1, x), at(ranks, y - 1, x - 1), at(ranks, y - 1, x + 1)
    ww, nn, nne, nee = at(ranks, y, x - 2), at(ranks, y - 2, x), at(ranks, y - 2, x + 1), at(ranks, y - 1, x + 2)
    before = at(scene.before, y, x)
    edge = max(min(w, n), min(max(w, n), w + n - nw))
    first = edge if w and n and nw else w or n or ne or nw or ww or before or 1
    return Near(w, n, nw, ne, ww, nn, nne, nee, before, first)


@merged
def lines_of(y: int, x: int, near: Near, known: int, scene: Scene) -> Lines:
    """Where the lines of the five contexts begin."""
    spread, around = spread_of(near, scene), errors_around(x, scene)
    if near.before:
        noise, shape = still_around(y, x, near, around, scene), moved(y, x, near, scene)
    else:
        noise = WITHOUT + around + 16 * (spread + 32 * (known & 15))
        shape = WITHOUT + curvature(near)
    equal = equal_around(near) + 128 * spread
    return line(0, equal), line(1, slopes(near)), line(2, noise), line(3, shape), line(4, texture(near))


@merged
def equal_around(near: Near) -> int:
    """Seven bits: which neighbours are equal."""
    w, n, nw, ne = near.w, near.n, near.nw, near.ne
    equal = np.int64(w == n) | (n == nw) << 1 | (n == ne) << 2 | (w == near.ww) << 3 | (w == nw) << 4
    return equal | (n == near.nn) << 5 | (ne == near.nee) << 6  # type: ignore[return-value]


@merged
def texture(near: Near) -> int:
    """How six neighbours differ from those next to them."""
    w, n, nw, ne = near.w, near.n, near.nw, near.ne
    wide = step(near.ww - w) + 9 * (step(near.nn - n) + 9 * step(near.nee - ne))
    return step(w - nw) + 9 * (step(n - nw) + 9 * (step(ne - n) + 9 * wide))  # type: ignore[no-any-return]


@merged
def spread_of(near: Near, scene: Scene) -> int:
    """How much the neighbours differ, as a number of bits, or 18 if some are unknown."""
    w, n, nw, ne = near.w, near.n, near.nw, near.ne
    if w and n and nw:
        return size_of(abs(w - nw) + abs(n - nw) + (abs(ne - n) if ne else 0), scene)  # type: ignore[no-any-return]
    return 18


@merged
def errors_around(x: int, scene: Scene) -> int:
    """How far the first guesses were off around a pixel, as a number of bits, at most 9."""
    errors = scene.errors
    total = np.int64(errors[x - 1]) + errors[x] + errors[x + 1] + errors[x + 2]
    return min(size_of(total, scene), 9)  # type: ignore[no-any-return]


@merged
def slopes(near: Near) -> int:
    """How four neighbours in a row differ, exactly where it is little."""
    return slope(near.w - near.nw) + 19 * (slope(near.n - near.nw) + 19 * slope(near.ne - near.n))  # type: ignore[no-any-return]


@merged
def still_around(y: int, x: int, near: Near, around: int, scene: Scene) -> int:
    """Which neighbours are as in the frame before, which others equalled the pixel there, and how it differs."""
    was, before = scene.before, near.before
    still = np.int64(near.w == was[y, x - 1]) | (near.n == was[y - 1, x]) << 1 | (near.ne == was[y - 1, x + 1]) << 2
    still |= (near.nw == was[y - 1, x - 1]) << 3 | (before == was[y, x + 1]) << 4 | (before == was[y + 1, x]) << 5
    return still + 64 * (step(before - near.first) + 16 * around)  # type: ignore[no-any-return]


@merged
def moved(y: int, x: int, near: Near, scene: Scene) -> int:
    """How the first guess differs from the frame before, and how two neighbours do."""
    off = min(max(near.before - near.first, -10), 10) + 10
    west, north = near.w - at(scene.before, y, x - 1), near.n - at(scene.before, y - 1, x)
    return off + 32 * (step(west) + 9 * step(north))  # type: ignore[no-any-return]


@merged
def curvature(near: Near) -> int:
    """How the first guess differs from three others: on the lines through two pixels, and on the plane to the right."""
    w, n, ne, first = near.w, near.n, near.ne, near.first
    across = step(2 * w - near.ww - first) if w and near.ww else 4
    down = step(2 * n - near.nn - first) if n and near.nn else 4
    right = step(n + ne - (near.nne or n) - first) if n and ne else 4
    return across + 9 * (down + 9 * right)


@merged
def at(image: U16, y: int, x: int) -> int:
    """A pixel as a number that differences can be taken of."""
    return np.int64(image[y, x])  # type: ignore[return-value]


@merged
def size_of(number: int, scene: Scene) -> int:
    """The number of bits of a number below 2¹⁸."""
    return np.int64(scene.sizes[number])  # type: ignore[return-value]


@merged
def line(i: int, value: int) -> int:
    """Where the line of context i begins for what it sees: hashed, for few of all the values are ever seen."""
    scattered = (value * _PRIME & 0xFFFFFFFF) >> (32 - LINE_BITS)
    return SINGLES + DECISIONS * (i << LINE_BITS | scattered)


@merged
def slope(difference: int) -> int:
    """A difference as a number from 0 to 18: exact up to 9."""
    return min(max(difference, -9), 9) + 9


@merged
def step(difference: int) -> int:
    """A difference as a number from 0 to 8: exact when small."""
    size = abs(difference)
    few = size if size < 3 else 3 if size < 6 else 4
    return 4 + few if difference > 0 else 4 - few
