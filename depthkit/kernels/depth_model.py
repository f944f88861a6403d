"""What an image of ranks is told in: a few yes-or-no decisions a pixel.

A pixel is known or not; if it is, it equals one of up to four guesses (the median edge detector of LOCO-I, the left
and upper neighbours, the same pixel of the frame before or else the neighbour between these two), or lies above or
below the first by a difference that is written as the number of its bits and those bits (exponential Golomb).

The guesses, the side, and whether a difference has more than 1, 2 and 3 bits are mixed from all contexts. Whether a
pixel is known has one context of 14 pixels, and what is left of large differences one, too.
"""

import numpy as np

from depthkit.kernels.depth_contexts import (
    DECISIONS,
    MARGIN,
    Near,
    Scene,
    at,
    errors_around,
    known_around,
    lines_of,
    look_around,
    spread_of,
)
from depthkit.kernels.jit import merged, uncounted
from depthkit.kernels.range_coder import USED, Coder, Lines, mixed, single

SETS = DECISIONS * 64 * 3  # of weights: by decision, by what was right to the left and above, by the frame before
MOST_WORDS = 64  # that one pixel can take: one for each of at most 37 decisions, and three that wait
OVER = -1

_SIGN, _LENGTH, _MIXED_BITS = 4, 4, 3  # slots of a line: guesses, the side, and from 5 on if more bits follow
_LENGTHS, _BITS = 1 << 14, 3 << 13  # where those of large differences begin, among those not mixed
_MISS, _UNKNOWN = 4, 5  # what `hits` says besides the number of the guess


@uncounted
def code_image(scene: Scene, most: int, coder: Coder) -> int:
    """Encode scene.ranks, or decode into them; returns the words used, or OVER as soon as they are more than `most`."""
    ranks = scene.ranks
    height, width = ranks.shape
    for y in range(MARGIN, height - 1):
        for x in range(MARGIN, width - MARGIN):
            known = known_around(y, x, scene)
            if single(np.int64(ranks[y, x] > 0), known, coder):
                ranks[y, x] = code_rank(at(ranks, y, x), y, x, known, scene, coder)
            else:
                ranks[y, x], scene.errors[x], scene.hits[x] = 0, scene.errors[x] >> 1, _UNKNOWN
            if coder.state[USED] > most:
                return OVER
    return coder.state[USED]  # type: ignore[no-any-return]


@merged
def code_rank(rank: int, y: int, x: int, known: int, scene: Scene, coder: Coder) -> int:
    """Code a pixel that is known; returns its rank."""
    near, hits = look_around(y, x, scene), scene.hits
    lines, first = lines_of(y, x, near, known, scene), near.first
    old = np.int64(near.before > 0) + (near.before == first)
    chosen = DECISIONS * (np.int64(hits[x - 1]) + 8 * np.int64(hits[x]) + 64 * old)
    side, above, last = other_guesses(near)
    if mixed(np.int64(rank == first), 0, lines, chosen, coder):
        hit, rank = 0, first
    elif side and mixed(np.int64(rank == side), 1, lines, chosen, coder):
        hit, rank = 1, side
    elif above and mixed(np.int64(rank == above), 2, lines, chosen, coder):
        hit, rank = 2, above
    elif last and mixed(np.int64(rank == last), 3, lines, chosen, coder):
        hit, rank = 3, last
    else:
        noise = errors_around(x, scene) + 16 * spread_of(near, scene)
        hit, rank = _MISS, code_difference(rank, first, noise, lines, chosen, coder)
    scene.errors[x], hits[x] = min(abs(rank - first), 255), hit
    return rank


@merged
def other_guesses(near: Near) -> tuple[int, int, int]:
    """The second to fourth guess, 0 where there is none that was not tried before."""
    first, side, above, last = near.first, near.w or near.nw, near.n or near.ne, near.before or near.nw
    last *= (last != first) & (last != side) & (last != above)
    above *= (above != first) & (above != side)
    side *= side != first
    return side, above, last


@merged
def code_difference(rank: int, first: int, noise: int, lines: Lines, chosen: int, coder: Coder) -> int:
    """Code on which side of the first guess a pixel lies, and how far from it; returns its rank."""
    below = mixed(np.int64(rank < first), _SIGN, lines, chosen, coder)
    size, length, more = abs(rank - first), 1, 1
    while more and length < 16:
        longer = np.int64(size >> length > 0)
        if length <= _MIXED_BITS:
            more = mixed(longer, _LENGTH + length, lines, chosen, coder)
        else:
            more = single(longer, _LENGTHS + length + 16 * noise, coder)
        length += more
    value = 1
    for k in range(length - 2, -1, -1):
        seen = value if value < 16 else 0
        value = value << 1 | single(size >> k & 1, _BITS + 16 * length + seen, coder)
    return min(max(first - value if below else first + value, 1), 65535)
