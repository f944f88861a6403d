"""Pixels of the formats whose channels are whole bytes, by the names of the Pixel Format Naming Convention (PFNC)."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit.errors import UnsupportedMode
from depthkit.live import image_of

_FORMAT = re.compile(r"(?:Coord3D_|Confidence|Mono|(?=RGB|BGR))([A-Za-z]*?)(8|16|32)(f?)(_Planar)?")


def is_readable(form: str) -> bool:
    """Whether `unpack` knows the format."""
    return _FORMAT.fullmatch(form) is not None


def unpack(data: memoryview, form: str, width: int, height: int, padding: int = 0) -> NDArray[Any]:
    """A copy of the image at the begin of `data`: (H, W), or (H, W, C) of more channels than one, red first.

    padding: bytes after each row. Raises UnsupportedMode for formats that it does not know, FrameIncomplete for data
    that is too short.
    """
    match = _FORMAT.fullmatch(form)
    if match is None:
        raise UnsupportedMode(f"pixels of the format {form} cannot be read: choose another with format=…")
    kind = np.dtype("f4") if match[3] else np.dtype(f"u{int(match[2]) // 8}")
    channels = len(match[1]) or 1
    if match[4]:
        planes = image_of(data, (channels * height, width), kind, width * kind.itemsize + padding)
        return np.moveaxis(planes.reshape(channels, height, width), 0, -1)
    shape = (height, width, channels)[: 2 + (channels > 1)]
    pixels = image_of(data, shape, kind, width * channels * kind.itemsize + padding)
    return pixels[..., 2::-1] if form.startswith("BGR") else pixels
