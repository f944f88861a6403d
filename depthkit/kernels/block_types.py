"""What the kernels of block matching hand to each other."""

from typing import NamedTuple

from depthkit.kernels.matching import F32, U8, U16, Mask


class BlockSetting(NamedTuple):
    """What of `depthkit.block_matching.BlockSgm` the kernels need.

    first: the first column that has all its candidates in the right image; radius: of a block, px; upwards, diagonal:
    whether there are paths from below, and diagonal ones; lr_check is -1 if there is none.
    """

    num_disparities: int
    min_disparity: int
    first: int
    radius: int
    upwards: bool
    diagonal: bool
    P1: int
    P2: int
    uniqueness_ratio: int
    lr_check: int


class Spans(NamedTuple):
    """`block_costs.spans` (H, 6, W) of both images, of the right one backwards; and the left image (H, W)."""

    left: U8
    right: U8
    grey: U8


class Ends(NamedTuple):
    """Path costs where the paths of the last row and of this one have got to, and the least of them a pixel.

    costs: (2, 3, W' + 2, D + 2), lowest: (2, 3, W' + 2), as `matching.Ends`.
    """

    costs: U16
    lowest: U16


class Found(NamedTuple):
    """What is found out row by row.

    values: (H, W) px, reason: (H, W), confidence: (H, W); valid: pixels (H, W) of the left and of the right image that
    show anything.
    """

    values: F32
    reason: U16
    confidence: F32
    valid: tuple[Mask, Mask]
