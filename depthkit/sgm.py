"""How to match a pair: the settings of semi-global matching, for `stereo` and whoever wants to choose."""

from dataclasses import dataclass
from typing import Literal

from depthkit import block_matching
from depthkit.matching import choice, limit


@dataclass(frozen=True, slots=True)
class Sgm:
    """How to match.

    num_disparities: disparities to search, px, at least 1.
    min_disparity: the smallest of them, px; may be negative.
    paths: 3 (left, right, above: the fastest), 4 (and below), 5 (above and its diagonals, left, right) or 8 (all).
    census: side of the window whose grey levels are compared, px: 5 (all of its 24 neighbours), 7 (the 24 of a
        checkerboard) or 9 (the 24 of every other row and column). Larger windows are better for blur and noise.
    cost: "stable" counts differing census bits that are no matter of sampling, and gradients, and smooths both;
        "census" counts all bits and nothing else: less time, about one and a half times the error.
    half: whether to match at half resolution: less than half the time, about twice the error, and thin things are lost.
    P1, P2: cost of a change of disparity by 1 px, and by more, along a path, in differing bits: P1 ≤ P2_min ≤ P2 ≤ 55.
    P2_min: what is left of P2 at an edge, as each grey level between neighbours takes 1 off P2.
    uniqueness: by how much the best candidate must beat all others but its neighbours, in the unit of P1.
    lr_check: px, most between the disparities of the two views; None: not compared.
    subpixel: whether disparities are refined to fractions of a pixel.
    speckle: px, segments with fewer are dropped; 0: none.
    speckle_range: px, most between neighbours within a segment.
    median: size of the median filter, px: 0 (none), 3 or 5.
    bridge: px, longest gap within a surface that is bridged; 0: none.
    fill: "none", or how all other gaps are filled: "background" or "edges", see `filling.fill`. Both mark what they
        make up as INTERPOLATED.

    Raises InputError for values outside these limits.
    """

    num_disparities: int = 128
    min_disparity: int = 0
    paths: int = 3
    census: int = 5
    cost: Literal["stable", "census"] = "stable"
    half: bool = False
    P1: int = 12
    P2: int = 50
    P2_min: int = 12
    uniqueness: int = 1
    lr_check: int | None = 1
    subpixel: bool = True
    speckle: int = 30
    speckle_range: float = 2.0
    median: int = 5
    bridge: int = 32
    fill: Literal["none", "background", "edges"] = "none"

    def __post_init__(self) -> None:
        limit("num_disparities", self.num_disparities, 1, 4096)
        limit("min_disparity", self.min_disparity, -16384, 16384)
        choice("paths", self.paths, (3, 4, 5, 8))
        choice("census", self.census, (5, 7, 9))
        choice("cost", self.cost, ("stable", "census"))
        limit("P2", self.P2, 0, 55)
        limit("P2_min", self.P2_min, 0, self.P2)
        limit("P1", self.P1, 0, self.P2_min)
        limit("uniqueness", self.uniqueness, 0, 255)
        limit("lr_check", self.lr_check or 0, 0, 255)
        limit("speckle", self.speckle, 0, 1 << 30)
        limit("speckle_range", self.speckle_range, 0, 1 << 14)
        choice("median", self.median, (0, 3, 5))
        limit("bridge", self.bridge, 0, 1 << 14)
        choice("fill", self.fill, ("none", "background", "edges"))

    from_opencv = staticmethod(block_matching.from_opencv)


DEFAULT = Sgm()
