"""Mode "rvl": the bytes of ROS's compressedDepth RVL, which is Wilson's method of 2017."""

import numpy as np

from depthkit import kernels
from depthkit.arrays import U16, readonly
from depthkit.errors import CodecError


def most_bytes(pixels: int) -> int:
    """Bound on the bytes of an image: at most 6 digits of 4 bits a pixel, and few for the runs."""
    return 4 * (3 * pixels // 4 + 8)


def encode(depth: U16) -> bytes:
    """The words of an image (H, W), little-endian."""
    words = np.empty(most_bytes(depth.size) // 4, np.uint32)
    used = kernels.rvl.encode(readonly(depth.reshape(-1)), words)
    return words[:used].astype("<u4", copy=False).tobytes()


def decode(data: bytes, shape: tuple[int, int]) -> U16:
    """The image of a known shape; CodecError if the data are damaged, too few or too many."""
    words = np.frombuffer(data, "<u4") if len(data) % 4 == 0 else np.empty(0, np.uint32)
    depth = np.zeros(shape, np.uint16)
    if kernels.rvl.decode(readonly(words.astype(np.uint32, copy=False)), depth.reshape(-1)) != words.size:
        raise CodecError("RVL data are damaged or cut short")
    return depth
