"""Image files and plain conversions: PNG/JPEG, PFM, 16-bit PNG, grey from RGB. RGB everywhere but inside cv2."""

from pathlib import Path

import cv2
import numpy as np

from depthkit import image_headers
from depthkit.arrays import F32, U8, U16, Image, require, require_image
from depthkit.errors import InputError
from depthkit.files import read_bytes, replacing


def read(path: str | Path) -> Image:
    """Read an image file as uint8 or uint16, (H, W) grey or (H, W, 3) RGB; an alpha channel is dropped."""
    return decode(read_bytes(path), str(path))


def decode(data: bytes, name: str) -> Image:
    """The image of an image file's bytes, as `read` gives it; errors call it `name`."""
    image_headers.check(data, name)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise InputError(f"{name} cannot be decoded: {error.err}") from error
    if image is None:
        raise InputError(f"{name} is a damaged image: use another copy of it")
    if image.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{name} holds {image.dtype} values; images must be 8-bit or 16-bit")
    if image.ndim == 3:
        channels = image[..., :3] if image.shape[2] >= 3 else image[..., 0]
        image = np.ascontiguousarray(channels[..., ::-1] if channels.ndim == 3 else channels)
    return image  # type: ignore[return-value]  # the dtype was checked above


def write_png(path: str | Path, image: Image) -> None:
    """Write uint8 or uint16, grey or RGB, losslessly."""
    data = encode_png(image)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def encode_png(image: Image) -> bytes:
    """The bytes of a PNG file of a uint8 or uint16, grey or RGB image."""
    require_image("the image", image)
    return _encoded(".png", image, cv2.IMWRITE_PNG_COMPRESSION, 3)


def encode_jpeg(image: U8, quality: int) -> bytes:
    """The bytes of a JPEG file of a uint8 image, as `decode` reads them; quality: 1 to 100."""
    return _encoded(".jpg", image, cv2.IMWRITE_JPEG_QUALITY, quality)


def write_pfm(path: str | Path, values: F32) -> None:
    """Write (H, W) float32 as PFM (bottom row first, little-endian); NaN is written as +inf, as Middlebury does."""
    require("values", values, np.float32, (None, None))
    height, width = values.shape
    rows = np.where(np.isnan(values), np.float32(np.inf), values)[::-1].astype("<f4")
    with replacing(path) as temporary:
        temporary.write_bytes(f"Pf\n{width} {height}\n-1.0\n".encode() + rows.tobytes())


def read_pfm(path: str | Path) -> F32:
    """Read a one-channel PFM as (H, W) float32 with NaN for infinite (unknown) values."""
    magic, size, scale, rest = (read_bytes(path).split(b"\n", 3) + [b""] * 4)[:4]
    try:
        width, height = map(int, size.split())
        order = "<" if float(scale) < 0 else ">"
        rows = np.frombuffer(rest, f"{order}f4", width * height).reshape(height, width)
    except ValueError as error:
        raise InputError(f"{path} is not a complete PFM file") from error
    if magic.strip() != b"Pf":
        raise InputError(f"{path} is not a one-channel PFM file (its first line must be Pf)")
    values = rows[::-1].astype(np.float32)
    values[~np.isfinite(values)] = np.nan
    return values


def to_grey(image: Image) -> Image:
    """(H, W) luma (Rec. 601) of an RGB image; a grey image is returned as it is."""
    if image.ndim == 2:
        return image
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]  # keeps uint8 / uint16


def to_u8(image: Image) -> U8:
    """8-bit version of an image; 16-bit images are scaled by their own largest value."""
    if image.dtype == np.uint8:
        return image  # type: ignore[return-value]
    return (image * (255.0 / max(int(image.max()), 1))).astype(np.uint8)


def quantize(values: F32, scale: float) -> U16:
    """uint16 of `values / scale`, rounded; 0 for NaN and for what does not fit in 1…65535."""
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.rint(values / np.float32(scale))
        return np.where((steps >= 1) & (steps <= 65535), steps, 0).astype(np.uint16)


def dequantize(steps: U16, scale: float) -> F32:
    """float32 values of `steps * scale` with NaN for 0: the inverse of `quantize`."""
    values = steps.astype(np.float32) * np.float32(scale)
    values[steps == 0] = np.nan
    return values


def _encoded(form: str, image: Image, option: int, value: int) -> bytes:
    bgr = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(form, np.ascontiguousarray(bgr), [option, value])
    return data.tobytes()
