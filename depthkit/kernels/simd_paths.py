"""The path costs of `paths` and the winners of `winners`, bit for bit, all candidates of a pixel at a time.

Path costs are kept less their least, so that the cost of a jump is P2 itself. Lanes that stand for no candidate cost
so much (`NO_CANDIDATE`) that no path gains from going through them, and no byte overflows.
"""

from typing import NamedTuple

import numpy as np

from depthkit.kernels import simd
from depthkit.kernels.jit import inline, kernel, merged
from depthkit.kernels.matching import U8, Setting, Winners
from depthkit.kernels.simd import Blocks, Bytes
from depthkit.kernels.simd_costs import FOURFOLD, Words, census_costs

u8, u32 = np.uint8, np.uint32

NO_CANDIDATE = 85  # above any cost by P2 at least; a path through it still fits a byte


class Tables(NamedTuple):
    """Masks by candidate k, each of D bytes, 255 or 0: `near` hides k and those beside it, `beyond` all from k on.

    missing: hides what is no candidate, None if all are; places: where in a vector a candidate is.
    """

    near: U8
    beyond: U8
    missing: U8 | None
    places: np.ndarray[tuple[int], np.dtype[np.int64]]


class Guides(NamedTuple):
    """What steers costs and paths of a row, in words.

    left: features of the left row (planes·W). Of smoothing, all ones or zero: alike_along (W + 1,), between each pixel
    and the one before it, zero at both ends; alike_up, alike_down: (W,). P2: along, two rows by turns (2, W + 1),
    between each pixel and the one before it; straight, from_left, from_right: (W,), towards the row before.
    """

    left: Words
    alike_along: Words
    alike_up: Words
    alike_down: Words
    along: Words
    straight: Words
    from_left: Words
    from_right: Words


class Parts(NamedTuple):
    """Where in the work memory (bytes) its parts begin; D stands for whole vectors.

    costs: two rows (W·D) by turns; straight: where paths from the row before have got to, (W·D); size: bytes a plane
    of features of the right row takes.
    """

    costs: int
    straight: int
    size: int


class Row(NamedTuple):
    """A row under way, and the one before it: what of them is to be done, and where their totals (W·D) are.

    enters: the row is new; its costs, and the paths that reach it from the row before and from the left, are found.
    leaves: the row before is finished, with the path from the right, and its winners chosen. returns: the new row is
    to leave, too, for which its costs are kept.
    """

    enters: bool
    leaves: bool
    returns: bool
    from_left: bool
    fresh: bool
    odd: int
    total: int
    total_before: int


@kernel
def penalties(grey: U8, other: U8, setting: Setting, out: Words) -> None:
    """P2 between pixels (n,) of two rows of grey levels, in words."""
    most, least = np.int16(setting.P2), np.int16(setting.P2_min)
    for x in range(out.size):
        difference = np.uint8(max(grey[x], other[x]) - min(grey[x], other[x]))
        out[x] = u32(max(np.int16(most - np.int16(difference)), least)) * u32(FOURFOLD)


@inline
def _step(before: Bytes, costs: Bytes, p1: Bytes, p2: Bytes) -> Bytes:
    """Path costs one pixel further; before: those of the last pixel, less their least."""
    slant = simd.add(simd.least_beside(before), p1)
    return simd.add(costs, simd.least_of(simd.least_of(before, p2), slant))


@merged
def _cost(
    x: int,
    width: int,
    guides: Guides,
    memory: U8,
    lines: tuple[int, int, int] | None,
    phases: U8,
    size: int,
    blocks: Blocks,
) -> Bytes:
    """Costs of pixel x, smoothed across if there are lines of costs."""
    if lines is None:
        return census_costs(x, width, guides.left, phases, size, blocks)
    offset = x * simd.BLOCK * len(blocks)
    up, here, down = lines
    bare = simd.load(memory, here + offset, blocks)
    above = simd.load(memory, offset + here + (up - here) * np.int64(guides.alike_up[x] & u32(1)), blocks)
    below = simd.load(memory, offset + here + (down - here) * np.int64(guides.alike_down[x] & u32(1)), blocks)
    return simd.average(simd.average(above, below), bare)


@merged
def _sum_coming(
    path: Bytes, along: Bytes, slant: Bytes, counter: Bytes, from_left: bool, slants: tuple[int, int] | None
) -> Bytes:
    """What the paths that come with a row add to the total; half of it, rounded up, if there are diagonal ones."""
    if slants is None:
        return simd.add(path, along) if from_left else path
    if from_left:
        return simd.average(simd.add(path, along), simd.add(slant, counter))
    return simd.average(simd.add(path, slant), counter)  # three fit a byte


@merged
def _of_one(path: Bytes, nothing: Bytes, slants: tuple[int, int] | None) -> Bytes:
    """What a path adds to the total: all of it or, if there are diagonal paths, half of it, rounded up."""
    return path if slants is None else simd.average(path, nothing)


@merged
def _hide(sums: Bytes, low: int, high: int, count: int, beyond: U8, ones: Bytes, blocks: Blocks) -> Bytes:
    """Sums with 255 in the place of all candidates but low…high of `count`."""
    lanes = simd.BLOCK * len(blocks)
    if low > 0:
        sums = simd.either(sums, simd.differing(simd.load(beyond, min(low, count) * lanes, blocks), ones))
    if high < count:
        sums = simd.either(sums, simd.load(beyond, max(high, 0) * lanes, blocks))
    return sums


@kernel
def rows(
    y_before: int,
    row: Row,
    memory: U8,
    phases: U8,
    guides: Guides,
    parts: Parts,
    lines: tuple[int, int, int] | None,
    slants: tuple[int, int] | None,
    missing: U8 | None,
    setting: Setting,
    tables: Tables,
    right_least: U8,
    found: Winners,
    blocks: Blocks,
) -> None:
    """Take a row in, from left to right, while the row before it, y_before, is finished from right to left.

    Along a row each pixel waits for the one before it; two rows at once let the processor work on one meanwhile.
    missing: ones where a vector has no candidate, (D,), None: it has all;
    lines: where the costs of the rows above, here and below begin, smoothed along; None: costs are bare census bits.
    right_least: (W + D - 1,), filled with the least total of each right pixel, as `winners.least_on_the_right` does.
    """
    # Arrays are taken out of their tuples before the loop: inside it, counting references would take most of the time.
    p2_straight, p2_from_left, p2_from_right = guides.straight, guides.from_left, guides.from_right
    p2_along, p2_along_before = guides.along[row.odd], guides.along[1 - row.odd]
    near, beyond, places = tables.near, tables.beyond, tables.places
    best_of, second_of = found.best[y_before], found.second[y_before]
    sum_before, least_sum, sum_after = found.sums[y_before, 0], found.sums[y_before, 1], found.sums[y_before, 2]
    num_disparities, min_disparity = setting.num_disparities, setting.min_disparity
    enters, leaves, returns, from_left, fresh, odd, total, total_before = row
    width, lanes = best_of.size, simd.BLOCK * len(blocks)
    costs, costs_before = parts.costs + odd * width * lanes, parts.costs + (1 - odd) * width * lanes
    straight, size = parts.straight, parts.size
    p1, none, ones = simd.splat(u8(setting.P1), blocks), simd.splat(u8(0), blocks), simd.splat(u8(255), blocks)
    # All zeros, which the compiler is not to know: it would halve in two steps rather than by a mean with zero in one.
    nothing = simd.load(beyond, lanes * lanes, blocks)
    if missing is not None:
        absent = simd.load(missing, 0, blocks)
        dear = simd.common(absent, simd.splat(u8(NO_CANDIDATE), blocks))
    # Four vectors are folded together in fewer steps than two and two, but registers run out with long ones.
    together = leaves and slants is None and len(blocks) <= 2
    path, along, slanting, slant, counter, back, inside, right = none, none, none, none, none, none, none, ones
    for i in range(width):
        offset, x = i * lanes, width - 1 - i
        place = x * lanes
        if enters:
            cost = _cost(i, width, guides, memory, lines, phases, size, blocks)
            if missing is not None:
                cost = simd.either(cost, dear)
            if returns:
                simd.store(memory, costs + offset, cost)
            path = _step(simd.load(memory, straight + offset, blocks), cost, p1, simd.spread(p2_straight, i, blocks))
            if from_left:
                along = _step(along, cost, p1, simd.spread(p2_along, i, blocks))
            if slants is not None:
                slant = _step(slanting, cost, p1, simd.spread(p2_from_left, i, blocks))
                counter = simd.load(memory, slants[1] + offset + lanes, blocks)
                counter = _step(counter, cost, p1, simd.spread(p2_from_right, i, blocks))
            added = _sum_coming(path, along, slant, counter, from_left, slants)
            if not fresh:
                added = simd.add_capped(added, simd.load(memory, total + offset, blocks))
            simd.store(memory, total + offset, added)
            if slants is not None:
                # In place: what the pixel before left here is the next one's last step, so it is kept for a turn.
                slanting = simd.load(memory, slants[0] + offset, blocks)
                of_slant, of_counter = simd.spread_least_of_each((slant, counter))
                simd.store(memory, slants[0] + offset, simd.subtract(slant, of_slant))
                simd.store(memory, slants[1] + offset, simd.subtract(counter, of_counter))
            if not together:
                if from_left:
                    of_path, of_along = simd.spread_least_of_each((path, along))
                    along = simd.subtract(along, of_along)
                else:
                    of_path = simd.spread_least(path)
                simd.store(memory, straight + offset, simd.subtract(path, of_path))
        if leaves:
            cost = simd.load(memory, costs_before + place, blocks)
            back = _step(back, cost, p1, simd.spread(p2_along_before, x + 1, blocks))
            sums = simd.add_capped(simd.load(memory, total_before + place, blocks), _of_one(back, nothing, slants))
            if missing is not None:
                sums = simd.either(sums, absent)
            simd.store(memory, total_before + place, sums)
            # The least of a right pixel is found along a diagonal of the totals: one step aside each pixel.
            right = simd.least_of(simd.after(right), sums)
            right_least[i] = simd.first_lane(right)
            low, high = max(0, x - min_disparity - (width - 1)), min(num_disparities, x - min_disparity + 1)
            inside = _hide(sums, low, high, num_disparities, beyond, ones, blocks)
            if together:
                of_path, of_along, of_back, least = simd.spread_least_of_each((path, along, back, inside))
                along = simd.subtract(along, of_along)
                if enters:
                    simd.store(memory, straight + offset, simd.subtract(path, of_path))
            else:
                of_back, least = simd.spread_least_of_each((back, inside))
            back = simd.subtract(back, of_back)
            best_of[x] = -1
            if low < high:
                # Where every sum is 255, lanes outside are as good: the first one inside is meant.
                best = min(max(simd.first_equal(inside, least), low), high - 1)
                value, beside = simd.first_lane(least), low < best < high - 1
                best_of[x] = best
                sum_before[x] = simd.byte(memory, total_before + place + places[best - 1]) if beside else value
                least_sum[x] = value
                sum_after[x] = simd.byte(memory, total_before + place + places[best + 1]) if beside else value
                second_of[x] = simd.least(simd.either(sums, simd.load(near, best * lanes, blocks)))
    if leaves:
        simd.store(memory, costs_before, right)
        for k in range(1, num_disparities):
            right_least[width - 1 + k] = memory[costs_before + places[k]]


@kernel
def agree(y: int, lanes: int, lr_check: int, totals: U8, right_least: U8, places: U8, found: Winners) -> None:
    """Whether each pixel's right one has its least cost with this pixel or one at most lr_check from it.

    totals: the row's, flat (W·D).
    """
    best_of, agrees_of, least_sum = found.best[y], found.agrees[y], found.sums[y, 1]
    width, last = best_of.size, places.size - 1
    doubtful, count = np.empty(width + 1, np.int32), u32(0)
    for x in range(width):
        candidate = max(np.int32(best_of[x]), np.int32(0))
        least_here = (lr_check < 0) | (least_sum[x] <= simd.byte(right_least, width - 1 - x + candidate))
        agrees_of[x] = least_here  # so it is for most
        doubtful[count] = x
        count += u32((not least_here) & (best_of[x] >= 0))
    for i in range(count):
        x = int(doubtful[i])
        best = int(best_of[x])
        least = simd.byte(right_least, width - 1 - x + best)
        for aside in range(1, lr_check + 1):
            # Pixels that are not there are replaced by x itself, which does not agree, rather than branched around.
            back, ahead = (
                aside if aside <= min(x, best) else 0,
                aside if aside <= min(width - 1 - x, last - best) else 0,
            )
            before = simd.byte(totals, (x - back) * lanes + places[best - back])
            after = simd.byte(totals, (x + ahead) * lanes + places[best + ahead])
            agrees_of[x] |= min(before, after) <= least
