"""Array type names, and the checks made once where arrays enter the library."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from depthkit.errors import InputError

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
Image = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W) grey or (H, W, 3) RGB."""


def readonly(array: NDArray[Any]) -> NDArray[Any]:
    """A C-contiguous view of `array` that cannot be written through; the caller's own array stays as it was."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def require(name: str, array: NDArray[Any], dtype: DTypeLike, shape: tuple[int | None, ...], hint: str = "") -> None:
    """Check dtype and shape (None: any length) of an array that enters the library.

    Raises InputError naming the array, what it is and what it should be; `hint` says how to convert it.
    """
    if not isinstance(array, np.ndarray):
        raise InputError(f"{name} must be a NumPy array, not {type(array).__name__}")
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if array.dtype != np.dtype(dtype) or not fits:
        wanted = "×".join("any" if n is None else str(n) for n in shape)
        raise InputError(
            f"{name} must be {np.dtype(dtype)} of shape {wanted}, not {array.dtype} of shape "
            f"{'×'.join(map(str, array.shape))}{': ' + hint if hint else ''}"
        )


def require_image(name: str, image: Image) -> None:
    """Check that an image is uint8 or uint16 and (H, W) grey or (H, W, 3) RGB; InputError names it."""
    if not isinstance(image, np.ndarray):
        raise InputError(f"{name} must be a NumPy array, not {type(image).__name__}")
    grey_or_rgb = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype not in (np.uint8, np.uint16) or not grey_or_rgb or image.size == 0:
        raise InputError(
            f"{name} must be uint8 or uint16, (H, W) grey or (H, W, 3) RGB, not {image.dtype} of shape {image.shape}"
        )
