"""Mode "cm": ranks, coded bit by bit with probabilities mixed from several contexts, in integers throughout.

The payload is the number of bytes of the palette (4 bytes), the palette under Zstandard, and the words of the range
coder, 16 bits each. docs/codec.md says where the method comes from.
"""

import struct
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import zstandard

from depthkit import kernels
from depthkit.arrays import U16
from depthkit.codec import palette
from depthkit.codec.fast import unzipped
from depthkit.errors import CodecError

_LENGTH = struct.Struct("<I")
_PALETTE_BYTES = 1 << 17
_LATEST = 3  # words that a decoder reads ahead
_INTERVAL = (1 << 48) - 1


def encode(depth: U16, previous: U16 | None) -> bytes:
    """The palette and the words; `previous` is the frame before, of the same shape."""
    values = palette.values_of(depth)
    colors = zstandard.ZstdCompressor().compress(palette.pack(values))
    ranks, room = palette.to_ranks(depth, values), depth.size + 256
    before = None if previous is None else palette.to_ranks(previous, values)
    while (words := to_words(ranks, before, room)) is None:
        room *= 2
    return _LENGTH.pack(len(colors)) + colors + words.astype("<u2").tobytes()


def decode(data: bytes, shape: tuple[int, int], previous: U16 | None) -> U16:
    """The image of a known shape; CodecError if the data are damaged."""
    begin = _LENGTH.size + int.from_bytes(data[: _LENGTH.size], "little")
    if begin > len(data) or (len(data) - begin) % 2:
        raise CodecError("a compressed depth image is damaged or cut short")
    values, _ = palette.unpack(unzipped(data[_LENGTH.size : begin], _PALETTE_BYTES))
    words = np.frombuffer(data[begin:], "<u2").astype(np.uint16)
    before = None if previous is None else palette.to_ranks(previous, values)
    try:
        return palette.from_ranks(from_words(words, shape, before), values)
    except CodecError as error:
        if before is None:
            raise
        raise CodecError(f"{error}; or it was predicted from another frame") from error


def to_words(ranks: U16, before: U16 | None, room: int) -> U16 | None:
    """The words of an image of ranks, or None if they are more than there is room for."""
    words = np.empty(room, np.uint16)
    coder = new_coder(words, [0, _INTERVAL, 0, 0, 0])
    most = room - kernels.depth_model.MOST_WORDS
    used = kernels.depth_model.code_image(_scene(_framed(ranks), before), most, coder)
    if used == kernels.depth_model.OVER:
        return None
    words[used] = (coder.state[kernels.range_coder.LOW] >> 32) + 1  # with zeros after it, it lies in the interval
    return words[: used + 1]


def from_words(words: U16, shape: tuple[int, int], before: U16 | None) -> U16:
    """The image of ranks that `to_words` was given; CodecError if its words are too few."""
    first = [*words[:_LATEST].tolist(), 0, 0, 0]
    value = first[0] << 32 | first[1] << 16 | first[2]
    coder = new_coder(words, [0, _INTERVAL, value, _LATEST, 1])
    scene = _scene(_framed(np.zeros(shape, np.uint16)), before)
    if kernels.depth_model.code_image(scene, words.size + _LATEST, coder) == kernels.depth_model.OVER:
        raise CodecError("a compressed depth image is damaged or cut short")
    margin = kernels.depth_contexts.MARGIN
    return np.ascontiguousarray(scene.ranks[margin:-1, margin:-margin])


def _framed(ranks: U16) -> U16:
    """An image with its margins."""
    margin = kernels.depth_contexts.MARGIN
    return np.pad(ranks, ((margin, 1), (margin, margin)))


def _scene(ranks: U16, before: U16 | None) -> Any:
    old = np.zeros_like(ranks) if before is None else _framed(before)
    rows = np.zeros((2, ranks.shape[1]), np.uint8)
    return kernels.depth_contexts.Scene(ranks, old, rows[0], rows[1], _sizes())


def new_coder(words: U16, state: list[int]) -> Any:
    """A coder that has learned nothing yet, of the state that `kernels.range_coder.Coder` describes."""
    coder, model = kernels.range_coder, kernels.depth_model
    slots = np.full(kernels.depth_contexts.SLOTS, 1 << 31, np.uint32)  # even chances, never seen
    weights = np.full((model.SETS, coder.INPUTS), 65536 // 4, np.int32)
    return coder.Coder(np.array(state, np.int64), words, slots, weights, *tables())


@cache
def tables() -> tuple[Any, Any, Any]:
    """Coder.logits, chances and shares, the same on every machine: decimal arithmetic is rounded exactly."""
    unit, certain = kernels.range_coder.UNIT, kernels.range_coder.CERTAIN
    odds = [(Decimal(2 * i + 1) / Decimal(8191 - 2 * i)).ln() * unit for i in range(4096)]
    logits = [min(max(round(each), -certain), certain) for each in odds]
    chances = [round(65536 / (1 + (Decimal(2048 - i) / unit).exp())) for i in range(4096)]
    shares = [2 * 65536 // (2 * seen + 3) for seen in range(kernels.range_coder.LIMIT + 1)]
    return np.array(logits, np.int32), np.array(chances, np.int32), np.array(shares, np.uint16)


@cache
def _sizes() -> Any:
    """Number of bits of each number below 2¹⁸."""
    return np.array([number.bit_length() for number in range(1 << 18)], np.uint8)
