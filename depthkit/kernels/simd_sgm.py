"""Semi-global matching of bands of rows, as `sgm` and bit for bit, all candidates of a pixel at a time."""

from typing import NamedTuple

import numpy as np

from depthkit.kernels import simd
from depthkit.kernels.census import PLANES
from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import U8, Setting, Views, Winners
from depthkit.kernels.sgm import WARM_UP
from depthkit.kernels.simd import Blocks
from depthkit.kernels.simd_costs import Words, in_phases, in_words, smoothed_along
from depthkit.kernels.simd_paths import Penalties, Tables, agree, backward, forward, penalties


class Work(NamedTuple):
    """Memory for a band, kept from frame to frame. Of bytes, flat, starting at whole cache lines, but for `words`.

    lines: (3·W·D), costs, straight: (W·D), diagonals: two of ((W + 1)·D) or None, totals: (rows·W·D), one row or, if
    there are paths from below, one more than the band has; phases: (7·blocks·size), size being a
    multiple of 64; words: (12, W) uint32;
    right_least: (W + D - 1,).
    """

    lines: U8
    costs: U8
    straight: U8
    diagonals: tuple[U8, U8] | None
    totals: U8
    phases: U8
    words: Words
    right_least: U8


@kernel
def tables(num_disparities: int, blocks: int) -> Tables:
    """Masks and places of the candidates; see `Tables`."""
    lanes = simd.BLOCK * blocks
    places = np.empty(lanes, np.int64)
    for k in range(lanes):
        places[k] = (k % blocks) * simd.BLOCK + k // blocks
    near, beyond = np.zeros((lanes, lanes), np.uint8), np.zeros((lanes + 1, lanes), np.uint8)
    for k in range(lanes):
        for other in range(max(k - 1, 0), min(k + 2, lanes)):
            near[k, places[other]] = 255
        for first in range(k + 1):
            beyond[first, places[k]] = 255
    return Tables(near.reshape(-1), beyond.reshape(-1), places[:num_disparities])


@kernel
def band(
    first: int, last: int, views: Views, setting: Setting, masks: Tables, work: Work, found: Winners, blocks: Blocks
) -> None:
    """Fill `found` in rows first…last."""
    sweep(first, last, 1, views, setting, masks, work, found, blocks)
    if setting.upwards:
        sweep(first, last, -1, views, setting, masks, work, found, blocks)


@kernel
def sweep(
    first: int,
    last: int,
    step: int,
    views: Views,
    setting: Setting,
    masks: Tables,
    work: Work,
    found: Winners,
    blocks: Blocks,
) -> None:
    """Go down (step 1) or up (-1) through rows first…last, adding the paths from the rows before to the totals.

    The path from the left is added going down, that from the right in the last sweep, just before the choice.
    """
    height, width = views.grey.shape
    row = work.costs.size
    clear(work.straight, work.diagonals)
    begin = max(first - WARM_UP, 0) if step > 0 else min(last + WARM_UP, height) - 1
    for y in range(begin, last if step > 0 else first - 1, step):
        for near in range(y - step if y == begin else y + step, y + 2 * step, step):
            if 0 <= near < height:
                in_phases(views.right[near].reshape(-1), width, setting.min_disparity, work.phases, blocks)
                in_words(views.left[near].reshape(-1), work.words[:PLANES].reshape(-1))
                line = work.lines[(near % 3) * row : (near % 3 + 1) * row]
                smoothed_along(work.words[:PLANES].reshape(-1), work.phases, views.grey[near], line, blocks)
        counts = first <= y < last
        kept = (y - first) * row if counts and setting.upwards else work.totals.size - row
        total = work.totals[kept : kept + row]
        penalty = row_penalties(y, step, views.grey, setting, work.words[PLANES:])
        up, down = max(y - 1, 0), min(y + 1, height - 1)
        lines = line_of(work.lines, up, row), line_of(work.lines, y, row), line_of(work.lines, down, row)
        grey = views.grey[up], views.grey[y], views.grey[down]
        beyond = masks.beyond[setting.num_disparities * simd.BLOCK * len(blocks) :]
        fresh = step > 0 or not counts
        forward(
            lines,
            grey,
            penalty,
            np.uint8(setting.P1),
            beyond,
            counts and step > 0,
            fresh,
            work.straight,
            work.diagonals,
            work.costs,
            total,
            blocks,
        )
        if counts and (step < 0 or not setting.upwards):
            backward(
                y, work.costs, penalty.right, setting, masks, work.diagonals, total, work.right_least, found, blocks
            )
            agree(y, row // width, setting.lr_check, total, work.right_least, masks.places, found)


@kernel
def line_of(lines: U8, y: int, row: int) -> U8:
    """The costs of row y in the ring of three rows."""
    return lines[(y % 3) * row : (y % 3 + 1) * row]


@kernel
def clear(straight: U8, diagonals: tuple[U8, U8] | None) -> None:
    """Let all paths start anew."""
    straight[:] = 0
    if diagonals is not None:
        diagonals[0][:] = 0
        diagonals[1][:] = 0


@kernel
def row_penalties(y: int, step: int, grey: U8, setting: Setting, words: Words) -> Penalties:
    """P2 of row y towards its own pixels and those of the row before it, in words (5, W)."""
    here, before = grey[y], grey[min(max(y - step, 0), grey.shape[0] - 1)]
    penalties(here, here, -1, setting, words[0])
    penalties(here, here, 1, setting, words[1])
    penalties(here, before, 0, setting, words[2])
    if setting.diagonal:
        penalties(here, before, -1, setting, words[3])
        penalties(here, before, 1, setting, words[4])
    return Penalties(words[0], words[1], words[2], words[3], words[4])
