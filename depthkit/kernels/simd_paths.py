"""The path costs of `paths` and the winners of `winners`, bit for bit, all candidates of a pixel at a time.

Path costs are kept less their least, so that the cost of a jump is P2 itself. Lanes that stand for no candidate hold
255, which no path comes from and no winner is.
"""

from typing import NamedTuple

import numpy as np

from depthkit.kernels import simd
from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U8, Setting, Winners
from depthkit.kernels.simd import Blocks, Bytes
from depthkit.kernels.simd_costs import Words, alike, smoothed_across

u8 = np.uint8


class Penalties(NamedTuple):
    """P2 of a row's pixels towards their neighbours, in words: each (W,)."""

    left: Words
    right: Words
    straight: Words
    from_left: Words
    from_right: Words


class Tables(NamedTuple):
    """Masks by candidate k, each of D bytes, 255 or 0: `near` hides k and those beside it, `beyond` all from k on."""

    near: U8
    beyond: U8
    places: np.ndarray[tuple[int], np.dtype[np.int64]]


@kernel
def penalties(grey: U8, other: U8, shift: int, setting: Setting, out: Words) -> None:
    """P2 of each pixel of a row of grey levels towards pixel x + shift (-1, 0 or 1) of another row, in words."""
    width = grey.size
    ours, theirs, p2 = grey[max(-shift, 0) : width - max(shift, 0)], other[max(shift, 0) :], out[max(-shift, 0) :]
    _penalties(ours, theirs, np.int16(setting.P2), np.int16(setting.P2_min), p2)
    if shift != 0:  # the pixel at the end has itself, or the one beside itself, for a neighbour
        end = slice(0, 1) if shift < 0 else slice(width - 1, width)
        _penalties(grey[end], other[end], np.int16(setting.P2), np.int16(setting.P2_min), out[end])


@inline
def _penalties(ours: U8, theirs: U8, P2: np.int16, P2_min: np.int16, out: Words) -> None:
    for x in range(ours.size):
        difference = np.uint8(max(ours[x], theirs[x]) - min(ours[x], theirs[x]))
        p2 = max(np.int16(P2 - np.int16(difference)), P2_min)
        out[x] = np.uint32(p2) * np.uint32(0x01010101)


@inline
def _step(before: Bytes, costs: Bytes, p1: Bytes, p2: Bytes) -> Bytes:
    """Path costs one pixel further; before: those of the last pixel, less their least."""
    slant = simd.add_capped(simd.least_of(simd.before(before), simd.after(before)), p1)
    return simd.add_capped(costs, simd.least_of(simd.least_of(before, p2), slant))


@inline
def _less_least(path: Bytes) -> Bytes:
    return simd.subtract(path, simd.spread_least(path))


@kernel
def _share(path: Bytes, diagonals: tuple[U8, U8] | None) -> Bytes:
    """What a path adds to the total: all of it or, if there are diagonal paths, half of it, rounded up."""
    if diagonals is None:
        return path
    return simd.average(path, simd.subtract(path, path))


@kernel
def forward(
    lines: tuple[U8, U8, U8],
    grey: tuple[U8, U8, U8],
    penalty: Penalties,
    P1: np.uint8,
    beyond: U8,
    from_left: bool,
    fresh: bool,
    straight: U8,
    diagonals: tuple[U8, U8] | None,
    costs: U8,
    total: U8,
    blocks: Blocks,
) -> None:
    """One row from left to right: its costs, smoothed across, and the paths that come from the row before.

    straight, diagonals: where these paths have got to, taken on to this row. `from_left`: also the path along the row.
    The paths' costs are added to total, flat (W·D), or start it if `fresh`; the costs of the row go to `costs`.
    """
    # Arrays are taken out of their tuples before the loop: inside it, counting references would take most of the time.
    up, here, down = lines
    grey_up, grey_here, grey_down = grey
    p2_left, _, p2_straight, p2_from_left, p2_from_right = penalty
    if diagonals is not None:
        slants_left, slants_right = diagonals
    lanes, none, p1 = simd.BLOCK * len(blocks), simd.splat(u8(0), blocks), simd.splat(P1, blocks)
    missing = simd.load(beyond, 0, blocks)
    along, slanting = none, none
    for x in range(grey_here.size):
        offset = x * lanes
        bare = simd.load(here, offset, blocks)
        above, below = bare, bare
        if alike(grey_up[x], grey_here[x]):
            above = simd.load(up, offset, blocks)
        if alike(grey_down[x], grey_here[x]):
            below = simd.load(down, offset, blocks)
        cost = smoothed_across(bare, above, below, missing)
        simd.store(costs, offset, cost)
        path = _step(simd.load(straight, offset, blocks), cost, p1, simd.spread(p2_straight, x, blocks))
        simd.store(straight, offset, _less_least(path))
        added = _share(path, diagonals)
        if from_left:
            path = _step(along, cost, p1, simd.spread(p2_left, x, blocks))
            along = _less_least(path)
            added = simd.add_capped(added, _share(path, diagonals))
        if diagonals is not None:
            # In place: what the pixel before left here is the next one's last step, so it is kept for a turn.
            kept = simd.load(slants_left, offset, blocks)
            path = _step(slanting, cost, p1, simd.spread(p2_from_left, x, blocks))
            simd.store(slants_left, offset, _less_least(path))
            slanting = kept
            added = simd.add_capped(added, _share(path, diagonals))
            path = _step(
                simd.load(slants_right, offset + lanes, blocks), cost, p1, simd.spread(p2_from_right, x, blocks)
            )
            simd.store(slants_right, offset, _less_least(path))
            added = simd.add_capped(added, _share(path, diagonals))
        if not fresh:
            added = simd.add_capped(added, simd.load(total, offset, blocks))
        simd.store(total, offset, added)


@kernel
def backward(
    y: int,
    costs: U8,
    penalty: Words,
    setting: Setting,
    tables: Tables,
    diagonals: tuple[U8, U8] | None,
    total: U8,
    right_least: U8,
    found: Winners,
    blocks: Blocks,
) -> None:
    """One row from right to left: adds the path that comes from there to total, and picks winners on the way.

    right_least: (W + D - 1,), filled with the least total of each right pixel, as `winners.least_on_the_right` does.
    """
    near, beyond, places = tables
    best_of, sums_of, second_of = found.best[y], found.sums[y], found.second[y]
    num_disparities, min_disparity = setting.num_disparities, setting.min_disparity
    width, lanes = best_of.size, simd.BLOCK * len(blocks)
    p1, path, all_ones = simd.splat(u8(setting.P1), blocks), simd.splat(u8(0), blocks), simd.splat(u8(255), blocks)
    right = all_ones
    for i in range(width):
        x = width - 1 - i
        path = _step(path, simd.load(costs, x * lanes, blocks), p1, simd.spread(penalty, x, blocks))
        sums = simd.add_capped(simd.load(total, x * lanes, blocks), _share(path, diagonals))
        path = _less_least(path)
        simd.store(total, x * lanes, sums)
        # The least of a right pixel is found along a diagonal of the totals: one step aside each pixel.
        right = simd.least_of(simd.after(right), sums)
        right_least[i] = simd.first_lane(right)
        low, high = max(0, x - min_disparity - (width - 1)), min(num_disparities, x - min_disparity + 1)
        best_of[x] = -1
        if low < high:
            inside = sums
            if low > 0:
                inside = simd.either(inside, simd.differing(simd.load(beyond, low * lanes, blocks), all_ones))
            if high < num_disparities:
                inside = simd.either(inside, simd.load(beyond, high * lanes, blocks))
            least = simd.spread_least(inside)
            # Where every sum is 255, lanes outside are as good: the first one inside is meant.
            best = min(max(simd.first_equal(inside, least), low), high - 1)
            value, beside = simd.first_lane(least), low < best < high - 1
            best_of[x] = best
            sums_of[x, 0] = total[x * lanes + places[best - 1]] if beside else value
            sums_of[x, 1] = value
            sums_of[x, 2] = total[x * lanes + places[best + 1]] if beside else value
            second_of[x] = simd.least(simd.either(sums, simd.load(near, best * lanes, blocks)))
    simd.store(costs, 0, right)
    for k in range(1, num_disparities):
        right_least[width - 1 + k] = costs[places[k]]


@kernel
def agree(y: int, lanes: int, lr_check: int, total: U8, right_least: U8, places: U8, found: Winners) -> None:
    """Whether each pixel's right one has its least cost with this pixel or one at most lr_check from it."""
    best_of, agrees_of = found.best[y], found.agrees[y]
    width = best_of.size
    for x in range(width):
        best = int(best_of[x])
        agrees = lr_check < 0
        if best >= 0 and lr_check >= 0:
            least = right_least[width - 1 - x + best]
            agrees = total[x * lanes + places[best]] <= least  # so it is for most
            if not agrees:
                first, last = -min(lr_check, x, best), min(lr_check, width - 1 - x, places.size - 1 - best)
                for shift in range(first, last + 1):
                    agrees = agrees or total[(x + shift) * lanes + places[best + shift]] <= least
        agrees_of[x] = agrees
