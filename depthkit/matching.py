"""What the matchers of `stereo` and `block_matching` have in common: checks of settings and of pairs, and filters."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from depthkit import kernels, threads
from depthkit.arrays import F32, Image, Mask, require
from depthkit.errors import InputError
from depthkit.types import Reason

MADE_UP_CONFIDENCE = np.float32(0.1)


def limit(name: str, value: float, least: float, most: float) -> None:
    """Raise InputError unless least ≤ value ≤ most."""
    if not least <= value <= most:
        raise InputError(f"{name} is {value}; it must be {least} to {most}")


def choice(name: str, value: int | str, choices: tuple[int | str, ...]) -> None:
    """Raise InputError unless value is one of the choices."""
    if value not in choices:
        raise InputError(f"{name} is {value}; it must be one of {', '.join(map(str, choices))}")


class Pair(NamedTuple):
    """A rectified pair: grey images (H, W) of one dtype, uint8 or uint16, and which of their pixels show anything."""

    left: Image
    right: Image
    valid_left: Mask
    valid_right: Mask


def check_pair(left: Image, right: Image, window: int, *, deep: bool) -> None:
    """Check that images can be matched in such a window; InputError says what to do. `deep`: also in 16 bits."""
    dtype: DTypeLike = np.uint8
    hint = "convert with depthkit.images.to_grey, and to 8 bits with depthkit.images.to_u8"
    if deep and getattr(left, "dtype", None) == np.uint16:
        dtype, hint = np.uint16, "both images must be of one dtype, uint8 or uint16"
    require("left", left, dtype, (None, None), hint)
    require("right", right, dtype, left.shape, hint)
    height, width = left.shape
    if min(height, width) < window:
        raise InputError(f"images of {width}×{height} are smaller than the matching window of {window}×{window} px")


def check_width(image: Image, num_disparities: int) -> None:
    """InputError if an image is too narrow for any pixel to have all of its candidates."""
    width = image.shape[1]
    if num_disparities > width:
        raise InputError(
            f"num_disparities is {num_disparities} but the images are {width} px wide: set at most {width}"
        )


def checked_valid(name: str, valid: Mask | None, image: Image) -> Mask:
    """The mask (H, W) of pixels that show anything, all of them if None; InputError if it does not fit the image."""
    if valid is None:
        return np.broadcast_to(np.True_, image.shape)
    require(name, valid, np.bool_, image.shape)
    return valid


def runs_of(height: int, width: int) -> Any:
    """Memory for the runs of segments: kernels.speckle.Runs."""
    return kernels.speckle.Runs(*np.empty((2, height), np.int32), *np.empty((4, height * width), np.int32))


def drop_speckles(values: F32, fewest: int, difference: float) -> None:
    """Take segments of fewer than `fewest` pixels out of values (H, W), in place."""
    height, width = values.shape
    runs, similar = runs_of(height, width), np.float32(difference)
    threads.for_rows(kernels.speckle.join_within, height, values, similar, runs)
    kernels.speckle.join_bands(values, similar, runs)
    threads.for_rows(kernels.speckle.drop_small, height, runs, fewest, values)


def median(values: F32, size: int) -> F32:
    """Median of 3×3 or 5×5 values, with NaN below them all, so that the majority decides whether there is one."""
    filtered = np.empty_like(values)
    kernel = kernels.median.median3 if size == 3 else kernels.median.median5
    threads.for_rows(kernel, len(values), values, filtered)
    return filtered


def reason_bits() -> Any:
    """`Reason` for kernels."""
    names = "BORDER", "NO_TEXTURE", "NOT_UNIQUE", "LEFT_RIGHT", "SPECKLE", "INTERPOLATED"
    return kernels.matching.Bits(*(int(Reason[name]) for name in names))
