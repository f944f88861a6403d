"""Resampling of images by a map that stays the same: the tables are made once, an image then takes one pass."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from depthkit import kernels, threads
from depthkit.arrays import F64, Image, Mask, readonly, require_image
from depthkit.errors import CalibrationError, InputError

_BLOCK = 512  # pixels a row of the tables: a few kB of work at a time, whatever the image's width
_SLACK = 1 / 512  # px: what the weights round to the border lies on it


class Remap:
    """Bilinear resampling of images of one size.

    pixels: (H, W, 2) float64, for each output pixel the (u, v) of its source, NaN for none; size: (width, height)
    of the source, at least 3×3. Weights have 8 bits. `valid` is the (H, W) mask of output pixels that have a
    source: inside the source image and not in its bottom-right cell, whose window would leave the memory of an
    RGB image. Other pixels become 0.
    """

    def __init__(self, pixels: F64, size: tuple[int, int]) -> None:
        width, height = self.size = size
        if min(size) < 3:
            raise InputError(f"an image of {width}×{height} is too small to be resampled: it needs 3×3 pixels")
        u, v = pixels[..., 0], pixels[..., 1]
        with np.errstate(invalid="ignore"):
            inside = (u >= -_SLACK) & (u <= width - 1 + _SLACK) & (v >= -_SLACK) & (v <= height - 1 + _SLACK)
        # Pixels without a source read the first window with weights 0.
        u, v = np.where(inside, u, 0), np.where(inside, v, 0)
        column = np.clip(np.floor(u), 0, width - 2).astype(np.uint32)
        row = np.clip(np.floor(v), 0, height - 2).astype(np.uint32)
        valid = inside & ((column < width - 2) | (row < height - 2))
        self.valid: Mask = readonly(valid)
        weights = _weights(np.clip(u - column, 0, 1), np.clip(v - row, 0, 1))
        self._offsets = _blocks(np.where(valid, row * np.uint32(width) + column, 0))
        self._weights = _blocks(np.where(valid, weights, 0))

    def __call__(self, image: Image) -> Image:
        """The resampled image, (H, W) or (H, W, 3), of the same dtype: uint8 grey or RGB, or uint16 grey.

        Raises CalibrationError for an image of another size, InputError for another kind of image.
        """
        check_size(image, self.size)
        kind = (image.dtype.type, image.shape[2:])
        if kind not in _KINDS:
            raise InputError(
                "only uint8 grey or RGB and uint16 grey images can be resampled, "
                f"not {image.dtype} of shape {image.shape}: use images.to_grey or images.to_u8"
            )
        name, pair, word = _KINDS[kind]
        count, length = self._offsets.shape
        channels = image.shape[2] if image.ndim == 3 else 1
        out = np.empty((count, length * channels * image.itemsize // np.dtype(word).itemsize), word)
        run = getattr(kernels.remap, name)
        threads.for_rows(run, count, _windows(image, pair), self._offsets, self._weights, out)
        shape = self.valid.shape + image.shape[2:]
        return out.reshape(-1).view(image.dtype)[: self.valid.size * channels].reshape(shape)


# dtype and channels → kernel, dtype that holds the pixels of a window's row, dtype the output is written in.
_KINDS: dict[tuple[type, tuple[int, ...]], tuple[str, DTypeLike, DTypeLike]] = {
    (np.uint8, ()): ("grey8", np.uint16, np.uint8),
    (np.uint16, ()): ("grey16", np.uint32, np.uint16),
    (np.uint8, (3,)): ("rgb8", np.uint64, np.uint32),
}


def check_size(image: Image, size: tuple[int, int]) -> None:
    """InputError for what is no image, CalibrationError for one that is not of that (width, height)."""
    require_image("the image", image)
    width, height = size
    if image.shape[:2] != (height, width):
        raise CalibrationError(
            f"the image is {image.shape[1]}×{image.shape[0]} but its calibration is for {width}×{height}: "
            "use the calibration for this resolution, or camera.resized"
        )


def _weights(x: F64, y: F64) -> NDArray[np.uint32]:
    """Bilinear weights in steps of 1/255, packed.

    Going round the window, the running sums are rounded, so that the four always sum to 255.
    """
    sums = np.rint(255 * np.stack([(1 - x) * (1 - y), 1 - y, 1 - y + x * y], -1)).astype(np.uint32)
    a, ab, abd = sums[..., 0], sums[..., 1], sums[..., 2]
    return np.asarray(a | (ab - a) << 8 | (255 - abd) << 16 | (abd - ab) << 24, np.uint32)


def _blocks(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The values in rows of `_BLOCK`, the last one filled up with zeros."""
    blocks = np.zeros((-(-values.size // _BLOCK), _BLOCK), np.uint32)
    blocks.reshape(-1)[: values.size] = values.reshape(-1)
    return readonly(blocks)


def _windows(image: Image, pair: DTypeLike) -> NDArray[Any]:
    """(N, 2) view of the image: at each pixel the `pair` of it and its neighbour, and that of the row below."""
    whole: NDArray[Any] = np.ascontiguousarray(image)
    row, pixel = whole.strides[:2]
    count = (whole.nbytes - row - np.dtype(pair).itemsize) // pixel + 1
    windows: NDArray[Any] = np.ndarray((count, 2), pair, whole, 0, (pixel, row))
    windows.flags.writeable = False  # so that there is one kernel for writable and read-only images
    return windows
