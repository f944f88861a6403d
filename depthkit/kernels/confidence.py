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
ODDS = 0.84  # of being wrong where all else below is 1
WORST = 0.73  # share of wrong winners among the most doubtful

u8, f32 = np.uint8, np.float32
LEAST, MARGIN, GRADIENT = f32(16), f32(64), f32(64)  # what costs and grey levels are to be compared with


@kernel
def trust(least: U8, second: U8, grey: U8, reason: U16, paths: np.float32, confidence: F32) -> None:
    """Probability (W,) that a winner's disparity is within 1 px of the truth; 0 where there is a reason against it.

    least, second: sums of path costs of the best and of the second best; grey: the left image's row; paths: how many
    whole paths are in the sums.
    """
    gradient, rejected = np.empty(grey.size, np.uint8), np.empty(grey.size, np.uint8)
    find_gradient(grey, gradient)
    count_rejected(reason, rejected)
    scale, odds_of_one, worst, one = f32(3) / paths, f32(ODDS), f32(WORST), f32(1)
    for x in range(confidence.size):
        cost, margin = scale * f32(least[x]), scale * (f32(second[x]) - f32(least[x]))
        doubt = (LEAST + cost) * (GRADIENT + f32(gradient[x])) / ((MARGIN + margin) * (MARGIN + margin))
        odds = odds_of_one * doubt * doubt * np.sqrt(one + f32(2) * f32(rejected[x]))
        confidence[x] = one - worst * odds / (one + odds) if reason[x] == 0 else f32(0)


@kernel
def find_gradient(grey: U8, gradient: U8) -> None:
    """How much the neighbours of each pixel (W,) of a row differ; at its ends, the pixel and its neighbour."""
    last = grey.size - 1
    for x in range(1, last):
        gradient[x] = max(grey[x - 1], grey[x + 1]) - min(grey[x - 1], grey[x + 1])
    gradient[0] = max(grey[0], grey[1]) - min(grey[0], grey[1])
    gradient[last] = max(grey[last], grey[last - 1]) - min(grey[last], grey[last - 1])


@kernel
def count_rejected(reason: U16, rejected: U8) -> None:
    """How many pixels around each (W,) of a row have a reason."""
    width = reason.size
    flags = np.zeros(width + 2 * NEARBY, np.uint8)
    for x in range(width):
        flags[NEARBY + x] = reason[x] != 0
    rejected[:] = 0
    for shift in range(2 * NEARBY + 1):
        shifted = flags[shift : shift + width]
        for x in range(width):
            rejected[x] = u8(rejected[x] + shifted[x])
