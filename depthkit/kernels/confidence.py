"""How likely the winners of a row are to be right.

A logistic model, linear in the logarithms of what tells good from bad winners: the costs of the best and of the second
best candidate (Hu and Mordohai 2012 compare such measures), the gradient of the image, past which disparities jump, and
how many winners nearby were rejected. Even the most doubtful of those that passed all checks are right now and then.

ODDS and WORST were fitted to the measured pixels of ten public pairs (Middlebury 2001-2014, ETH3D) with 3, 4, 5 and 8
paths; `depthkit bench confidence` fits them again and tells how well they hold on pairs that were left out. What
enters, and how, was chosen on the same pairs.
"""

import numpy as np

from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import F32, U8, U16

NEARBY = 8  # px to either side in which rejected winners count
ODDS = 0.65  # of being wrong where all else below is 1
WORST = 0.70  # share of wrong winners among the most doubtful

u8, f32 = np.uint8, np.float32
LEAST, MARGIN, GRADIENT = f32(16), f32(64), f32(64)  # what costs and grey levels are to be compared with


@kernel
def trust(
    least: U8, second: U8, grey: U8, reason: U16, paths: np.float32, rows: tuple[U8, U8, U8, U8], confidence: F32
) -> None:
    """Probability (W,) that a winner's disparity is within 1 px of the truth; 0 where there is a reason against it.

    least, second: sums of path costs of the best and of the second best; grey: the left image's row; paths: how many
    whole paths are in the sums; rows: memory, see `work`.
    """
    gradient, rejected, _, _ = rows
    find_gradient(grey, gradient)
    count_rejected(reason, rows)
    scale, odds, worst, one, two = f32(3) / paths, f32(ODDS), f32(WORST), f32(1), f32(2)
    for x in range(confidence.size):
        cost, margin = scale * f32(least[x]), scale * (f32(second[x]) - f32(least[x]))
        against = (LEAST + cost) * (GRADIENT + f32(gradient[x]))
        wrong = odds * (against * against) * np.sqrt(one + two * f32(rejected[x]))
        favour = (MARGIN + margin) * (MARGIN + margin)
        right = favour * favour
        confidence[x] = one - worst * (wrong / (wrong + right)) if reason[x] == 0 else f32(0)


@kernel
def work(width: int) -> tuple[U8, U8, U8, U8]:
    """Memory for rows: the gradient, how many are rejected, and two on the way to it, each with a margin."""
    rows = np.zeros((4, width + 2 * NEARBY), np.uint8)
    return rows[0], rows[1], rows[2], rows[3]


@kernel
def find_gradient(grey: U8, gradient: U8) -> None:
    """How much the neighbours of each pixel (W,) of a row differ; at its ends, the pixel and its neighbour."""
    last = grey.size - 1
    before, after = grey, grey[2:]
    for x in range(after.size):
        gradient[x + 1] = max(before[x], after[x]) - min(before[x], after[x])
    gradient[0] = max(grey[0], grey[1]) - min(grey[0], grey[1])
    gradient[last] = max(grey[last], grey[last - 1]) - min(grey[last], grey[last - 1])


@kernel
def count_rejected(reason: U16, rows: tuple[U8, U8, U8, U8]) -> None:
    """How many pixels at most NEARBY away from each (W,) of a row have a reason, into the second of the rows."""
    _, sums, flags, other = rows
    width = reason.size
    for x in range(width):
        flags[NEARBY + x] = reason[x] != 0
    last = flags[2 * NEARBY :]
    add_shifted(flags, 1, sums)  # two flags each
    add_shifted(sums, 2, other)
    add_shifted(other, 4, sums)
    add_shifted(sums, 8, other)
    for x in range(width):
        sums[x] = u8(other[x] + last[x])


@kernel
def add_shifted(row: U8, shift: int, sums: U8) -> None:
    """The sum of each of a row and the one `shift` after it, as far as there is one."""
    shifted = row[shift:]
    for x in range(shifted.size):
        sums[x] = u8(row[x] + shifted[x])
