"""Semi-global matching of bands of rows, as `sgm` and bit for bit, all candidates of a pixel at a time."""

from typing import NamedTuple

from depthkit.kernels import simd
from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import U8, Setting, Views, Winners
from depthkit.kernels.sgm import WARM_UP
from depthkit.kernels.simd import Blocks
from depthkit.kernels.simd_costs import in_phases, in_words, mark_alike, smoothed_along
from depthkit.kernels.simd_paths import Guides, Parts, Row, Tables, agree, penalties, rows


class Work(NamedTuple):
    """Memory for a band, kept from frame to frame.

    memory: bytes, starting at a whole cache line, in whose parts D stands for whole vectors: `parts`; lines: where
    three rows of costs (W·D) begin, smoothed along, or None if they are not smoothed; slants: where the diagonal paths
    begin, each ((W + 1)·D), or None; totals: where rows of totals (W·D) begin, two or, with paths from below, as many
    as the band has and two more. phases: features of the right row ((planes + 1)·size);
    right_least: (W + D - 1,).
    """

    memory: U8
    parts: Parts
    lines: int | None
    slants: tuple[int, int] | None
    totals: int
    phases: U8
    guides: Guides
    right_least: U8


@kernel
def band(
    first: int, last: int, views: Views, setting: Setting, masks: Tables, work: Work, found: Winners, blocks: Blocks
) -> None:
    """Fill `found` in rows first…last."""
    for i in range(2 if setting.upwards else 1):  # a step that Numba does not know is compiled for once, not twice
        sweep(first, last, 1 - 2 * i, views, setting, masks, work, found, blocks)


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

    The path from the left is added going down, that from the right in the last sweep, just before the choice and when
    the next row is under way already.
    """
    height, width = views.grey.shape
    lanes = simd.BLOCK * len(blocks)
    chooses = step < 0 or not setting.upwards
    begin = max(first - WARM_UP, 0) if step > 0 else min(last + WARM_UP, height) - 1
    end = last if step > 0 else first - 1
    clear(work, width * lanes, lanes)
    for y in range(begin, end + (step if chooses else 0), step):
        enters, counts, counted = y != end, first <= y < last, first <= y - step < last
        if enters:
            prepare(y, step, y == begin, views, setting, work, blocks)
        row = Row(
            enters,
            leaves=chooses and counted and y != begin,
            returns=chooses,
            from_left=counts and step > 0,
            fresh=step > 0 or not counts,
            odd=y & 1,
            total=total_of(y, first, last, setting.upwards, work.totals, width * lanes),
            total_before=total_of(y - step, first, last, setting.upwards, work.totals, width * lanes),
        )
        before = min(max(y - step, first), last - 1)
        lines = lines_around(y, height, width * lanes, work.lines)
        rows(
            before,
            row,
            work.memory,
            work.phases,
            work.guides,
            work.parts,
            lines,
            work.slants,
            masks.missing,
            setting,
            masks,
            work.right_least,
            found,
            blocks,
        )
        if row.leaves:
            totals = work.memory[row.total_before : row.total_before + width * lanes]
            agree(before, lanes, setting.lr_check, totals, work.right_least, masks.places, found)


@kernel
def clear(work: Work, row: int, lanes: int) -> None:
    """Let all paths from row to row start anew; row: bytes of one."""
    work.memory[work.parts.straight : work.parts.straight + row] = 0
    clear_slants(work.memory, row + lanes, work.slants)


@kernel
def clear_slants(memory: U8, row: int, slants: tuple[int, int] | None) -> None:
    """Let diagonal paths, if there are any, start anew."""
    if slants is not None:
        for start in slants:
            memory[start : start + row] = 0


@kernel
def total_of(y: int, first: int, last: int, kept: bool, start: int, row: int) -> int:
    """Where the totals of row y begin: if they are kept, each row of the band has its own, and others share one."""
    if not kept:
        return start + (y & 1) * row
    return start + (y - first if first <= y < last else last - first + (y & 1)) * row


@kernel
def lines_around(y: int, height: int, row: int, lines: int | None) -> tuple[int, int, int] | None:
    """Where the costs of the rows above, at and below y begin in the ring of three, if there is one."""
    if lines is None:
        return None
    up, down = max(y - 1, 0), min(y + 1, height - 1)
    return lines + (up % 3) * row, lines + (y % 3) * row, lines + (down % 3) * row


@kernel
def prepare(y: int, step: int, first: bool, views: Views, setting: Setting, work: Work, blocks: Blocks) -> None:
    """Get ready what row y needs: penalties and, of this row or those beside it, features or costs."""
    grey, guides = views.grey, work.guides
    height, width = grey.shape
    here, before = grey[y], grey[min(max(y - step, 0), height - 1)]
    penalties(here[1:], here[:-1], setting, guides.along[y & 1, 1:width])
    penalties(here, before, setting, guides.straight)
    if setting.diagonal:
        penalties(here[1:], before[:-1], setting, guides.from_left[1:])
        penalties(here[:-1], before[1:], setting, guides.from_right[:-1])
    prepare_costs(y, step, first, views, setting, work, work.lines, blocks)


@kernel
def prepare_costs(
    y: int,
    step: int,
    first: bool,
    views: Views,
    setting: Setting,
    work: Work,
    lines: int | None,
    blocks: Blocks,
) -> None:
    """The features of row y or, if costs are smoothed, the costs of all rows beside it that are not in the ring yet."""
    grey, guides = views.grey, work.guides
    height, width = grey.shape
    if lines is None:
        features(y, views, setting, work, blocks)
    else:
        row = width * simd.BLOCK * len(blocks)
        for near in range(y - step if first else y + step, y + 2 * step, step):
            if 0 <= near < height:
                features(near, views, setting, work, blocks)
                mark_alike(grey[near, 1:], grey[near, :-1], guides.alike_along[1:width])
                start = lines + (near % 3) * row
                line = work.memory[start : start + row]
                smoothed_along(guides.left, work.phases, work.parts.size, guides.alike_along, line, blocks)
        mark_alike(grey[y], grey[max(y - 1, 0)], guides.alike_up)
        mark_alike(grey[y], grey[min(y + 1, height - 1)], guides.alike_down)


@kernel
def features(y: int, views: Views, setting: Setting, work: Work, blocks: Blocks) -> None:
    """The features of both views' row y, as vectors of costs are made from."""
    in_words(views.left[y].reshape(-1), work.guides.left)
    width, size = views.grey.shape[1], work.parts.size
    in_phases(views.right[y].reshape(-1), width, setting.min_disparity, size, work.phases, blocks)
