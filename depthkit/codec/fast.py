"""Mode "fast": ranks, RVL, and Zstandard over both."""

import zstandard

from depthkit.arrays import U16
from depthkit.codec import palette, rvl
from depthkit.errors import CodecError

_LEVEL = 1


def encode(depth: U16) -> bytes:
    """The palette and the RVL of the ranks, compressed together."""
    values = palette.values_of(depth)
    plain = palette.pack(values) + rvl.encode(palette.to_ranks(depth, values))
    return zstandard.ZstdCompressor(_LEVEL).compress(plain)


def decode(data: bytes, shape: tuple[int, int]) -> U16:
    """The image of a known shape; CodecError if the data are damaged."""
    values, ranks = palette.unpack(unzipped(data, 2**17 + rvl.most_bytes(shape[0] * shape[1])))
    return palette.from_ranks(rvl.decode(ranks, shape), values)


def unzipped(data: bytes, most: int) -> bytes:
    """Decompress Zstandard data that say themselves that they hold at most `most` bytes; else CodecError."""
    try:
        size = zstandard.get_frame_parameters(data).content_size
        if size > most:  # or unknown, which is said with the largest number there is
            raise CodecError(
                f"a compressed depth image is damaged: {size} bytes where {most} are the most there can be"
            )
        return zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CodecError(f"a compressed depth image is damaged: {error}") from error
