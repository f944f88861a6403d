"""What cameras saw of a board: the input of every calibration."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from depthkit.arrays import F64, I64, readonly, require
from depthkit.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Points of a board found in one picture.

    ids: (n,) int64, which points of the board, each once; pixels: (n, 2) float64 (u, v).
    """

    ids: I64
    pixels: F64

    def __post_init__(self) -> None:
        require("ids", self.ids, np.int64, (None,))
        require("pixels", self.pixels, np.float64, (len(self.ids), 2))
        if len(np.unique(self.ids)) != len(self.ids):
            raise InputError("a point of the board was found twice in one picture")
        for name in ("ids", "pixels"):
            object.__setattr__(self, name, readonly(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, ids: I64) -> "Sighting":
        """Those of these points that were found, in the order of `ids`."""
        place = {int(n): at for at, n in enumerate(self.ids)}
        kept = [place[int(n)] for n in ids if int(n) in place]
        return Sighting(self.ids[kept], self.pixels[kept])


View = Mapping[str, Sighting]
"""What the cameras of a rig saw at one moment, by role; a camera that saw nothing is left out."""


def shared(view: View, first: str, second: str) -> tuple[Sighting, Sighting]:
    """The points that both cameras saw, in the same order; empty if one saw nothing."""
    none = Sighting(np.empty(0, np.int64), np.empty((0, 2)))
    one, other = view.get(first, none), view.get(second, none)
    ids = np.intersect1d(one.ids, other.ids)
    return one.only(ids), other.only(ids)
