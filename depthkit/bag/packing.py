"""How pictures are compressed in a recording, and what a frame's record says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from depthkit.codec.bounds import Bound, Law
from depthkit.errors import InputError

DepthForm = Literal["fast", "rvl", "cm", "raw"]
ImageForm = Literal["raw", "png", "jpeg"]

How = Mapping[str, Any]
"""How one picture was packed, as plain values: "as", "bytes", and what that form needs; empty for a raw one."""


@dataclass(frozen=True, slots=True)
class Packing:
    """How pictures are compressed in a recording. Raises InputError for values that make no sense."""

    depth: DepthForm = "fast"
    """Mode of `depthkit.codec`, or raw. Depth that is not whole steps of a usual size, bit for bit, stays raw."""
    images: ImageForm = "raw"
    """JPEG is lossy; images of 16 bits, which it does not have, become PNG."""
    jpeg_quality: int = 90
    """1 to 100."""
    max_error: float = 0.0
    """How far recorded depth may be from the measured one, in m; 0: not at all."""
    error_law: Law = "depth"
    """Whether that holds at any depth, or at 1 m and grows with the square of depth, as an even error of disparity."""

    def __post_init__(self) -> None:
        for name, allowed in (("depth", DepthForm), ("images", ImageForm), ("error_law", Law)):
            if getattr(self, name) not in get_args(allowed):
                raise InputError(f"{name} can be {', '.join(get_args(allowed))}, not {getattr(self, name)!r}")
        if not 1 <= self.jpeg_quality <= 100:
            raise InputError(f"the quality of JPEG is 1 to 100, not {self.jpeg_quality}")
        if not 0 <= self.max_error <= 1:
            raise InputError(f"the largest error of depth is 0 to 1 m, not {self.max_error}")
        if self.max_error and self.depth == "raw":
            raise InputError("raw depth has no error: choose another form, or leave out the largest error")

    def bound(self, step: float) -> Bound:
        """The bound on the error in steps of `step` metres."""
        if self.error_law == "depth":
            return Bound(min(self.max_error / step, 65535))
        return Bound(min(self.max_error * step * 1e6, 65535), "disparity", at=1000)  # of (1000 · step)² m²


DEFAULT_PACKING = Packing()


def in_words(how: How) -> str:
    """Of one picture: "raw", "fast", "jpeg 90, lossy" …"""
    if not how:
        return "raw"
    if how["as"] == "jpeg":
        return f"jpeg {how['quality']}, lossy"
    if "max_error" in how:
        law = " · depth²" if how["error_law"] == "disparity" else ""
        return f"{how['as']}, lossy: within {how['max_error']:g} m{law}"
    return str(how["as"])
