"""What is likely in an image of ranks: the decisions a pixel takes, and the contexts each of them is seen in.

A pixel is known or not; if it is, it equals one of up to four guesses (the median edge detector of LOCO-I, the left
and upper neighbours, the same pixel of the frame before), or lies above or below the first by a difference that is
written as the number of its bits and those bits (exponential Golomb). All that is looked at is coded before it, so a
decoder has it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import merged, uncounted
from depthkit.kernels.range_coder import USED, Coder, mixed, single

I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]

MARGIN = 3  # columns left and right of the image that are unknown, and rows above; one row below
SLOTS = 1 << 15  # of each input
SETS = 3 << 10  # of weights
MOST_WORDS = 64  # that one pixel can take: at most one a decision
OVER = -1

W, N, NW, NE, WW, BEFORE, MED, SPREAD, ERRORS, SAME, HITS, KNOWN, STILL = range(13)  # places in Scene.near
PLACES = STILL + 1
_HIT, _SIGN, _LENGTH, _BITS = range(1, 5)  # kinds of decision
_SIGN_SETS, _LENGTH_SETS, _BITS_SETS = 1536, 1600, 2048  # where their sets of weights begin; those of hits are first
_MISS, _UNKNOWN = 4, 5  # what `hits` says besides the number of the guess
_PRIME = 0x9E3779B1
_NONE = 9  # for what `step` gives, where there is none


class Scene(NamedTuple):
    """Images, and what is known around the pixel that is coded.

    ranks, before: (H + MARGIN + 1, W + 2 MARGIN) ranks of the image and of the frame before, or zeros, with zero
    margins; errors, hits: (W + 2 MARGIN,), of the pixel last coded in each column, how far the first guess was off
    and which one was right; near: (PLACES,) neighbours and what they have in common; sizes: (2¹⁸,) bits of each number.
    """

    ranks: U16
    before: U16
    errors: I64
    hits: I64
    near: I64
    sizes: U8


@uncounted
def code_image(scene: Scene, most: int, coder: Coder) -> int:
    """Encode scene.ranks, or decode into them; returns the words used, or OVER as soon as they are more than `most`."""
    ranks = scene.ranks
    height, width = ranks.shape
    for y in range(MARGIN, height - 1):
        for x in range(MARGIN, width - MARGIN):
            look_around(y, x, scene)
            ranks[y, x] = code_rank(np.int64(ranks[y, x]), x, scene, coder)
            if coder.state[USED] > most:
                return OVER
    return coder.state[USED]  # type: ignore[no-any-return]


@merged
def look_around(y: int, x: int, scene: Scene) -> None:
    """Set `near` for a pixel."""
    ranks, before, near, hits, errors = scene.ranks, scene.before, scene.near, scene.hits, scene.errors
    w, n, ww = np.int64(ranks[y, x - 1]), np.int64(ranks[y - 1, x]), np.int64(ranks[y, x - 2])
    nw, ne, p = np.int64(ranks[y - 1, x - 1]), np.int64(ranks[y - 1, x + 1]), np.int64(before[y, x])
    nn, nee = ranks[y - 2, x], ranks[y - 1, x + 2]
    near[W], near[N], near[NW], near[NE], near[WW], near[BEFORE] = w, n, nw, ne, ww, p
    known = (w > 0) | (n > 0) << 1 | (nw > 0) << 2 | (ne > 0) << 3 | (ww > 0) << 4 | (nn > 0) << 5 | (nee > 0) << 6
    known |= (p > 0) << 7 | (before[y, x + 1] > 0) << 8 | (before[y + 1, x] > 0) << 9 | (ranks[y - 1, x - 2] > 0) << 10
    known |= (ranks[y, x - 3] > 0) << 11 | (ranks[y - 2, x + 1] > 0) << 12 | (ranks[y - 2, x - 1] > 0) << 13
    near[KNOWN] = known
    same = (w == n) | (n == nw) << 1 | (n == ne) << 2 | (w == ww) << 3 | (w == nw) << 4
    near[SAME] = same | (n == nn) << 5 | (ne == nee) << 6
    still = (w == before[y, x - 1]) | (n == before[y - 1, x]) << 1 | (ne == before[y - 1, x + 1]) << 2
    still |= (nw == before[y - 1, x - 1]) << 3 | (p == before[y, x + 1]) << 4 | (p == before[y + 1, x]) << 5
    near[STILL] = still
    near[HITS] = hits[x - 1] | hits[x] << 3 | hits[x + 1] << 6 | hits[x + 2] << 9
    near[ERRORS] = min(9, scene.sizes[errors[x - 1] + errors[x] + errors[x + 1] + errors[x + 2]])
    foresee(scene)


@merged
def foresee(scene: Scene) -> None:
    """Set the first guess, and how much the neighbours differ."""
    near = scene.near
    w, n, nw, ne = near[W], near[N], near[NW], near[NE]
    if w and n and nw:
        near[MED] = max(min(w, n), min(max(w, n), w + n - nw))
        near[SPREAD] = scene.sizes[abs(w - nw) + abs(n - nw) + (abs(ne - n) if ne else 0)]
    else:
        near[SPREAD] = 18
        near[MED] = w or n or ne or nw or near[WW] or near[BEFORE] or 1


@merged
def code_rank(rank: int, x: int, scene: Scene, coder: Coder) -> int:
    """Code one pixel; returns its rank."""
    near, errors, hits = scene.near, scene.errors, scene.hits
    if not single(np.int64(rank > 0), near[KNOWN], coder):
        errors[x], hits[x] = errors[x] >> 1, _UNKNOWN
        return 0
    med, p = near[MED], near[BEFORE]
    side, above = near[W] or near[NW], near[N] or near[NE]
    hit = 0
    if guessed(rank, med, 0, x, scene, coder):
        rank = med
    elif side and side != med and guessed(rank, side, 1, x, scene, coder):
        hit, rank = 1, side
    elif above and above != med and above != side and guessed(rank, above, 2, x, scene, coder):
        hit, rank = 2, above
    elif p and p != med and p != side and p != above and guessed(rank, p, 3, x, scene, coder):
        hit, rank = 3, p
    else:
        hit, rank = _MISS, code_difference(rank, scene, coder)
    errors[x], hits[x] = min(abs(rank - med), 255), hit
    return rank


@merged
def guessed(rank: int, guess: int, j: int, x: int, scene: Scene, coder: Coder) -> int:
    """Code whether the pixel is what guess j says."""
    near, errors = scene.near, scene.errors
    w, n, nw, p, spread, around = near[W], near[N], near[NW], near[BEFORE], near[SPREAD], near[ERRORS]
    old = j | (p == guess) << 2 | (p == near[MED]) << 3 | (p > 0) << 4
    texture = step(w - nw) + 9 * (step(n - nw) + 9 * (step(near[NE] - n) + 9 * step(near[WW] - w)))
    misses = min(errors[x - 1], 15) + 16 * (min(errors[x], 15) + 16 * min(errors[x + 1], 15))
    change = near[STILL] + 64 * (step(p - guess) + 16 * around) if p else 1024 + guess + 65536 * (near[SAME] & 15)
    place(0, _HIT, j + 4 * (near[SAME] + 128 * spread), coder)
    place(1, _HIT, old + 32 * near[HITS], coder)
    place(2, _HIT, j + 4 * (around + 16 * (spread + 32 * (near[KNOWN] & 15))), coder)
    place(3, _HIT, j + 4 * misses, coder)
    place(4, _HIT, j + 4 * texture, coder)
    place(5, _HIT, old + 32 * change, coder)
    chosen = j + 4 * (around + 16 * (near[HITS] & 7)) + 512 * ((p > 0) + np.int64(p == guess))
    return mixed(np.int64(rank == guess), chosen, coder)  # type: ignore[no-any-return]


@merged
def code_difference(rank: int, scene: Scene, coder: Coder) -> int:
    """Code on which side of the first guess the pixel lies, and how far from it."""
    near = scene.near
    med, p, w, n, nw, ne, ww = near[MED], near[BEFORE], near[W], near[N], near[NW], near[NE], near[WW]
    slope = step(n - w) if w and n else _NONE
    drift = step(p - med) if p else _NONE
    far = np.int64(scene.sizes[abs(p - med)]) if p else np.int64(17)
    order = (ne > n) | (ne < n) << 1 | (nw > w) << 2 | (nw < w) << 3 | (ww > w) << 4 | (ww < w) << 5
    place(0, _SIGN, slope + 16 * drift, coder)
    place(1, _SIGN, drift + 16 * near[ERRORS], coder)
    place(2, _SIGN, slope + 16 * (near[KNOWN] & 15), coder)
    place(3, _SIGN, order, coder)
    place(4, _SIGN, near[HITS], coder)
    place(5, _SIGN, med, coder)
    below = mixed(np.int64(rank < med), _SIGN_SETS + near[ERRORS], coder)
    size = abs(rank - med)
    length = code_length(scene.sizes[size], below, slope + 16 * order, far, near, coder)
    size = code_bits(size, length, slope + 16 * below, far, near, coder)
    return min(max(med - size if below else med + size, 1), 65535)  # type: ignore[no-any-return]


@merged
def code_length(actual: int, below: int, lie: int, far: int, near: I64, coder: Coder) -> int:
    """Code the number of bits of a difference that is not 0: 1 to 16."""
    around, spread = near[ERRORS], near[SPREAD]
    length, more = 1, 1
    while more and length < 16:
        place(0, _LENGTH, length + 32 * (around + 16 * spread), coder)
        place(1, _LENGTH, length + 32 * (near[HITS] & 511), coder)
        place(2, _LENGTH, length + 32 * (near[KNOWN] & 31) + 1024 * below, coder)
        place(3, _LENGTH, length + 32 * far + 1024 * below, coder)
        place(4, _LENGTH, length + 32 * lie, coder)
        place(5, _LENGTH, length + 32 * near[MED], coder)
        more = mixed(np.int64(actual > length), _LENGTH_SETS + length + 20 * around, coder)
        length += more
    return length


@merged
def code_bits(size: int, length: int, lie: int, far: int, near: I64, coder: Coder) -> int:
    """Code the bits of a difference below its first, which is 1."""
    value = 1
    for k in range(length - 2, -1, -1):
        place(0, _BITS, k + 32 * (length + 32 * min(value, 63)), coder)
        place(1, _BITS, k + 32 * (length + 32 * near[ERRORS]), coder)
        place(2, _BITS, k + 32 * length, coder)
        place(3, _BITS, k + 32 * (length + 32 * near[SPREAD]), coder)
        place(4, _BITS, k + 32 * (length + 32 * lie), coder)
        place(5, _BITS, k + 32 * (length + 32 * far), coder)
        value = value << 1 | mixed(size >> k & 1, _BITS_SETS + k + 16 * length, coder)
    return value


@merged
def place(i: int, kind: int, value: int, coder: Coder) -> None:
    """Set context i to the slot of what was seen: hashed, so that all kinds of decision share an input's slots."""
    scattered = ((value * 8 + kind) * _PRIME) & 0xFFFFFFFF
    coder.contexts[i] = (i + 1) * SLOTS + (scattered >> 17)


@merged
def step(difference: int) -> int:
    """A difference as a number from 0 to 8: exact when small."""
    size = abs(difference)
    few = size if size < 3 else 3 if size < 6 else 4
    return 4 + few if difference > 0 else 4 - few
