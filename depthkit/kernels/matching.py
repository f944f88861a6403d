"""What the kernels of stereo matching hand to each other."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
U16 = NDArray[np.uint16]
F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Setting(NamedTuple):
    """What of `depthkit.stereo.Sgm` is needed from costs to winners; which paths there are beside left, right, above.

    `upwards`: those from below; `diagonal`: the diagonal ones, too. lr_check is -1 if there is none.
    """

    num_disparities: int
    min_disparity: int
    upwards: bool
    diagonal: bool
    P1: int
    P2: int
    P2_min: int
    lr_check: int


class Views(NamedTuple):
    """Features (H, 7 or 3, W) of both images (`census.features`), and the left image (H, W) itself."""

    left: U8
    right: U8
    grey: U8


class Ends(NamedTuple):
    """Path costs where the paths of the last row and of this one have got to, and the least of them a pixel.

    costs: (2, 3, W + 2, D + 2), lowest: (2, 3, W + 2): row by turns; from the left, straight, from the right; pixel x
    at x + 1, with a fresh path on either side.
    """

    costs: U8
    lowest: U8


class Winners(NamedTuple):
    """The best candidate of each pixel.

    best: (H, W), the first candidate of least cost whose right pixel is in the image, -1 where there is none;
    sums: (H, 3, W), summed path costs just before, at and after it, all the same where one of them is no candidate;
    second: (H, W), least cost of all other candidates but those beside it, 255 if there are none; also of those whose
        right pixel is outside, for which its nearest in the image stands in: a match there cannot be ruled out;
    agrees: (H, W), whether for its right pixel, too, a candidate at most lr_check aside is the best, or as good.
    """

    best: I16
    sums: U8
    second: U8
    agrees: Mask


class Bits(NamedTuple):
    """Bits of a reason mask (`depthkit.Reason`)."""

    border: int
    no_texture: int
    not_unique: int
    left_right: int
    speckle: int
    interpolated: int
