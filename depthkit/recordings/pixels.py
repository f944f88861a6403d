"""Pixels of the image messages of ROS and Foxglove, which share their names for encodings."""

import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from depthkit import images
from depthkit.arrays import F32, U16
from depthkit.codec import rvl
from depthkit.codec.container import MAX_PIXELS
from depthkit.errors import BagError
from depthkit.recordings.pictures import metres

_PLAIN = {
    "mono8": ("u1", 1), "8UC1": ("u1", 1), "mono16": ("u2", 1), "16UC1": ("u2", 1), "32FC1": ("f4", 1),
    "rgb8": ("u1", 3), "bgr8": ("u1", 3), "8UC3": ("u1", 3), "rgb16": ("u2", 3), "bgr16": ("u2", 3),
    "16UC3": ("u2", 3), "rgba8": ("u1", 4), "bgra8": ("u1", 4), "8UC4": ("u1", 4),
}  # fmt: skip
"""dtype and channels; OpenCV's names for three or four channels (8UC3) mean its order, blue first."""

_CODED = {
    "bayer_rggb8": (1, cv2.COLOR_BayerRGGB2RGB), "bayer_bggr8": (1, cv2.COLOR_BayerBGGR2RGB),
    "bayer_gbrg8": (1, cv2.COLOR_BayerGBRG2RGB), "bayer_grbg8": (1, cv2.COLOR_BayerGRBG2RGB),
    "yuv422": (2, cv2.COLOR_YUV2RGB_UYVY), "uyvy": (2, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": (2, cv2.COLOR_YUV2RGB_YUYV), "yuyv": (2, cv2.COLOR_YUV2RGB_YUYV),
}  # fmt: skip
"""Bytes a pixel, and what OpenCV calls the way to RGB."""

_DEPTH_HEADER = struct.Struct("<iff")
"""Before the pixels of a compressedDepth message: its kind, and the parameters of the inverse depth of floats."""

_RVL_SIZE = struct.Struct("<ii")


def raw(encoding: str, height: int, width: int, step: int, big_endian: bool, data: NDArray[np.uint8]) -> NDArray[Any]:
    """(H, W) or (H, W, 3) RGB of rows that are `step` bytes apart; BagError for an encoding that is not known."""
    coded = encoding in _CODED
    if not coded and encoding not in _PLAIN:
        raise BagError(f"the image encoding {encoding!r} is not known; known are {', '.join([*_PLAIN, *_CODED])}")
    kind, channels = ("u1", _CODED[encoding][0]) if coded else _PLAIN[encoding]
    dtype = np.dtype(kind).newbyteorder(">" if big_endian else "<")
    rows = data[: height * step].reshape(height, step)[:, : width * channels * dtype.itemsize]
    pixels = np.ascontiguousarray(rows).view(dtype).astype(dtype.newbyteorder("="), copy=False)
    pixels = pixels.reshape((height, width) if channels == 1 else (height, width, channels))
    if coded:
        return np.asarray(cv2.cvtColor(pixels, _CODED[encoding][1]))
    if channels == 1:
        return pixels
    return pixels[..., :3] if encoding.startswith("rgb") else pixels[..., 2::-1]


def compressed(form: str, data: bytes) -> NDArray[Any]:
    """Pixels of a CompressedImage whose format is said as image_transport does, `form`; of depth, steps or metres."""
    if "compressedDepth" in form:
        return _compressed_depth(form, data)
    image = images.decode(data, f"the compressed image ({form})")
    # Its writer gave OpenCV an RGB image as if it were BGR, and said so.
    swapped = image.ndim == 3 and "compressed rgb" in form
    return np.ascontiguousarray(image[..., ::-1]) if swapped else image


def as_depth(pixels: NDArray[Any], scale: float) -> F32:
    """(H, W) float32 m with NaN unknown, of metres (where 0 is unknown too) or of 16-bit steps of `scale` m."""
    if pixels.dtype != np.float32:
        return metres(pixels, scale)
    return np.where(np.isfinite(pixels) & (pixels > 0), pixels, np.float32(np.nan))


def _from_rvl(data: bytes) -> U16:
    """(H, W) of RVL words behind the width and the height."""
    width, height = _RVL_SIZE.unpack_from(data)
    if not (width > 0 and height > 0 and width * height <= MAX_PIXELS):
        raise BagError(f"the compressed depth claims to be {width}×{height} px")
    return rvl.decode(data[_RVL_SIZE.size :], (height, width))


def _compressed_depth(form: str, data: bytes) -> NDArray[Any]:
    """16-bit steps as they are, or metres from the quantised inverse depth A / (q − B) of ROS's compressed_depth."""
    _, a, b = _DEPTH_HEADER.unpack_from(data)
    coded = data[_DEPTH_HEADER.size :]
    steps = _from_rvl(coded) if "rvl" in form.lower() else images.decode(coded, "the compressed depth")
    if not form.startswith("32FC1"):
        return steps
    with np.errstate(divide="ignore"):
        return np.where(steps > 0, np.float32(a) / (steps - np.float32(b)), np.float32(np.nan)).astype(np.float32)
