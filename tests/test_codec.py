"""Compressed depth: every image comes back, damaged data are refused, and the bytes are those of the format."""

import contextlib
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import codec
from depthkit.arrays import U16, readonly
from depthkit.codec import container, fast, palette, rvl
from depthkit.errors import CodecError, InputError
from tests import codec_images
from tests import oracle_codec as oracle

MODES = get_args(codec.Mode)
EXTREMES = [
    np.zeros((1, 1), np.uint16),
    np.full((3, 5), 65535, np.uint16),
    np.array([[0, 65535] * 9], np.uint16),
    np.array([[1, 65535] * 9], np.uint16).T,
    np.arange(65536, dtype=np.uint16).reshape(256, 256),
    np.random.default_rng(0).integers(0, 65536, (40, 50), np.uint16),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("depth", EXTREMES, ids=lambda depth: f"{depth.shape}")
def test_extremes_come_back(mode: codec.Mode, depth: U16) -> None:
    np.testing.assert_array_equal(codec.decode(codec.encode(depth, mode)), depth)


@settings(deadline=None)
@given(codec_images.drawn(), st.sampled_from(MODES))
def test_everything_comes_back(depth: U16, mode: codec.Mode) -> None:
    decoded = codec.decode(codec.encode(depth, mode))
    assert decoded.dtype == np.uint16
    np.testing.assert_array_equal(decoded, depth)


@pytest.mark.parametrize("mode", MODES)
def test_any_layout_in_memory_will_do(mode: codec.Mode) -> None:
    depth = codec_images.room()
    for view in (depth.T, depth[::2, ::-3], readonly(depth)):
        np.testing.assert_array_equal(codec.decode(codec.encode(view, mode)), view)


@pytest.mark.parametrize("mode", MODES)
def test_real_frames_come_back(mode: codec.Mode, shared_data: Path) -> None:
    for depth in codec_images.real(shared_data):
        np.testing.assert_array_equal(codec.decode(codec.encode(depth, mode)), depth)


def test_modes_are_ever_smaller() -> None:
    depth = codec_images.room(shape=(240, 320))
    sizes = [len(codec.encode(depth, mode)) for mode in MODES]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0] / 2


# --- the bytes ----------------------------------------------------------------------------------------------------


@pytest.mark.kernel
@pytest.mark.parametrize("depth", [*EXTREMES, codec_images.room()], ids=lambda depth: f"{depth.shape}")
def test_rvl_is_that_of_the_paper(depth: U16) -> None:
    data = oracle.rvl(depth)
    assert rvl.encode(depth) == data
    np.testing.assert_array_equal(rvl.decode(data, depth.shape), depth)


@given(codec_images.drawn(5))
@settings(deadline=None)
def test_rvl_is_that_of_the_paper_for_drawn_images(depth: U16) -> None:
    assert rvl.encode(depth) == oracle.rvl(depth)


@pytest.mark.kernel
def test_rvl_numbers_by_table() -> None:
    """Of all that three digits can be: those that end in them as digit by digit, the others not at all."""
    from depthkit.kernels import rvl as kernel

    for word, known in enumerate(kernel._NUMBERS.tolist()):
        number, length = kernel._first_number(word << 20)
        assert known == (number << 2 | length if length <= 3 else 0)


def test_rvl_bytes_by_hand() -> None:
    # 1 zero, 3 others: +500 → 1000 = 0o1750 → digits 8 d f 1; −1 → 1; +9 → 18 = 0o22 → a 2; then 1 zero, 0 others.
    depth = np.array([[0, 500, 499, 508, 0]], np.uint16)
    assert rvl.encode(depth) == struct.pack("<2I", 0x138DF11A, 0x21000000)


@pytest.mark.kernel
@pytest.mark.parametrize("depth", EXTREMES[1:4], ids=lambda depth: f"{depth.shape}")
def test_ranks(depth: U16) -> None:
    values, ranks = oracle.ranks(depth)
    np.testing.assert_array_equal(palette.values_of(depth), values)
    np.testing.assert_array_equal(palette.to_ranks(depth, values), ranks)
    np.testing.assert_array_equal(palette.from_ranks(ranks, values), depth)


def test_a_value_the_palette_lacks_gets_the_rank_next_above() -> None:
    ranks = palette.to_ranks(np.array([[0, 3, 10, 11, 20, 99]], np.uint16), np.array([10, 20], np.uint16))
    assert ranks.tolist() == [[0, 1, 1, 2, 2, 2]]


def test_header_bytes() -> None:
    depth = np.array([[0, 500, 499, 508, 0]], np.uint16)
    fields = b"DKDC" + struct.pack("<BBHHHI", 1, 1, 0, 5, 1, 8)
    crc = zlib.crc32(fields + depth.astype("<u2").tobytes())
    assert codec.encode(depth, "rvl") == fields + struct.pack("<III", crc, 0x138DF11A, 0x21000000)


# --- what cannot be coded or read ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "depth",
    [
        np.zeros((0, 5), np.uint16),
        np.zeros((5, 5), np.int32),
        np.zeros((5, 5, 1), np.uint16),
        np.lib.stride_tricks.as_strided(np.zeros(1, np.uint16), (1, 65536), (0, 0)),
        np.lib.stride_tricks.as_strided(np.zeros(1, np.uint16), (4096, 4096), (0, 0)),
    ],
    ids=lambda depth: f"{depth.dtype} {depth.shape}",
)
def test_what_cannot_be_coded(depth: U16) -> None:
    with pytest.raises(InputError, match="depth"):
        codec.encode(depth)


def test_there_is_no_such_mode() -> None:
    with pytest.raises(InputError, match="rvl, fast, cm"):
        codec.encode(codec_images.room(), "zip")  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "change", [lambda d: d[:-1], lambda d: d[:19], lambda d: b"", lambda d: d + b"\0", lambda d: d * 2]
)
def test_cut_or_joined(mode: codec.Mode, change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(CodecError):
        codec.decode(change(codec.encode(codec_images.room(), mode)))


@pytest.mark.parametrize(("place", "value"), [(0, 0), (4, 2), (5, 0), (5, 99), (6, 2), (7, 1), (9, 0xFF), (12, 99)])
def test_damaged_headers(place: int, value: int) -> None:
    data = bytearray(codec.encode(codec_images.room()))
    data[place] = value
    with pytest.raises(CodecError):
        codec.decode(bytes(data))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(MODES), st.data())
def test_flipped_bits_are_noticed(mode: codec.Mode, data: st.DataObject) -> None:
    damaged = bytearray(codec.encode(codec_images.room(shape=(12, 16)), mode))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    if bytes(damaged) != codec.encode(codec_images.room(shape=(12, 16)), mode):
        refused_or_right(bytes(damaged), codec_images.room(shape=(12, 16)))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(MODES), st.binary(max_size=80), st.integers(1, 40), st.integers(1, 40))
def test_noise_with_a_good_header_is_refused(mode: codec.Mode, payload: bytes, height: int, width: int) -> None:
    number = codec.encode(codec_images.room(), mode)[5]
    header = container.Header(number, False, height, width, len(payload))
    blank = np.zeros((height, width), np.uint16)
    refused_or_right(container.pack(header, blank, payload), blank)


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        codec.decode(data)


def refused_or_right(data: bytes, depth: U16) -> None:
    """The last word of a payload may hold bits that mean nothing: only wrong pixels are damage."""
    with contextlib.suppress(CodecError):
        np.testing.assert_array_equal(codec.decode(data), depth)


@pytest.mark.parametrize("mode", MODES)
def test_memory_is_bounded_whatever_the_header_says(mode: codec.Mode) -> None:
    codec.decode(codec.encode(codec_images.room(), mode))  # so that what is compiled is not counted
    header = container.Header(codec.encode(codec_images.room(), mode)[5], False, 3000, 4000, 60)
    data = header.fields + bytes(4) + codec.encode(codec_images.room(), mode)[20:80]
    tracemalloc.start()
    with pytest.raises(CodecError):
        codec.decode(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * 3000 * 4000 + 4e6


def test_a_zip_bomb_is_not_unpacked() -> None:
    for compressor in (zstandard.ZstdCompressor(), zstandard.ZstdCompressor(write_content_size=False)):
        with pytest.raises(CodecError, match="most"):
            fast.decode(compressor.compress(bytes(10**7)), (4, 4))
