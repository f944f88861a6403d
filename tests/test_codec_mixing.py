"""Context mixing: the coder and the mixer beside naive twins, bytes that must never change, and the frame before."""

import contextlib
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import codec, images, kernels
from depthkit.arrays import U16
from depthkit.codec import bounds, cm, palette
from depthkit.codec.bounds import Bound
from depthkit.errors import CodecError, InputError
from tests import codec_images
from tests import oracle_mixing as oracle

INTERVAL = (1 << 48) - 1
TABLES = [3470203142, 1981583311, 3397475585]
KEY, PREDICTED = 2579790028, 1409715104


def coder(words: list[int] | int, decoding: bool = False) -> Any:
    """One that has learned nothing; `words` are those to read, or how many to write."""
    room = np.zeros(words, np.uint16) if isinstance(words, int) else np.array(words, np.uint16)
    if not decoding:
        return cm.new_coder(room, [0, INTERVAL, 0, 0, 0])
    first = [*room[:3].tolist(), 0, 0, 0]
    return cm.new_coder(room, [0, INTERVAL, first[0] << 32 | first[1] << 16 | first[2], 3, 1])


@pytest.mark.kernel
@pytest.mark.parametrize("sure", [16, 300, 32768, 65520])
def test_bits_are_coded_as_on_paper(sure: int) -> None:
    rng = np.random.default_rng(sure)
    chances = np.where(rng.random(300) < 0.5, sure, rng.integers(16, 65521, 300)).tolist()
    bits = (rng.integers(0, 65536, 300) < chances).astype(int).tolist()
    come_back(bits, chances)


@pytest.mark.kernel
def test_an_interval_that_becomes_narrow_is_left() -> None:
    """The last bit settles two words at once: were only one moved out, the last word would miss the interval."""
    come_back([1, 0, 1, 0, 0, 0, 0, 0, 1], [32768, 32768, 32768, 16, 65520, 65520, 65520, 32768, 16])


def come_back(bits: list[int], chances: list[int]) -> None:
    """The words are the twin's, and kernels and twin read the same bits from them."""
    words = oracle.coded(bits, chances)
    writer, reader, twin = coder(400), coder(words, decoding=True), oracle.Reader(words)
    for bit, chance in zip(bits, chances, strict=True):
        kernels.range_coder.split(bit, chance, writer)
        assert kernels.range_coder.split(0, chance, reader) == twin(0, chance) == bit
    written = writer.words[: writer.state[kernels.range_coder.USED]].tolist()
    assert [*written, (writer.state[kernels.range_coder.LOW] >> 32) + 1] == words


# --- the model ----------------------------------------------------------------------------------------------------


def check(ranks: U16, before: U16 | None = None) -> None:
    """The words are the twin's to the last bit, and kernels and twin read them alike."""
    words = cm.to_words(ranks, before, 40 * ranks.size + 100)
    assert words is not None
    lists = (np.zeros_like(ranks) if before is None else before).tolist()
    assert words.tolist() == oracle.words_of(ranks.tolist(), lists)
    assert oracle.ranks_of(words.tolist(), ranks.shape, lists) == ranks.tolist()
    np.testing.assert_array_equal(cm.from_words(words, ranks.shape, before), ranks)


def in_ranks(depth: U16, previous: U16) -> tuple[U16, U16]:
    values = palette.values_of(depth)
    return palette.to_ranks(depth, values), palette.to_ranks(previous, values)


@pytest.mark.kernel
@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (17, 1), (2, 2), (9, 14)], ids=str)
@pytest.mark.parametrize("value", [0, 1, 1000, 65535])
def test_even_images_are_as_the_twin_says(shape: tuple[int, int], value: int) -> None:
    check(np.full(shape, value, np.uint16))
    check(np.full(shape, value, np.uint16), np.full(shape, 1000, np.uint16))


@pytest.mark.kernel
def test_noise_is_as_the_twin_says() -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 65536, (12, 15), np.uint16)
    check(noise)
    check(noise, np.where(rng.random(noise.shape) < 0.5, noise, noise[::-1]))
    check(rng.choice([0, 1, 65535], (12, 15)).astype(np.uint16))


@pytest.mark.kernel
def test_a_room_is_as_the_twin_says() -> None:
    """Large enough for all that can be met: every guess is right at some pixel, lines are shared, counts are full."""
    depth, previous = in_ranks(codec_images.room(1, (40, 60)), codec_images.room(2, (40, 60)))
    check(depth)
    check(depth, previous)
    check(*in_ranks(bounds.moved(depth, Bound(10)), previous))


@pytest.mark.kernel
@settings(deadline=None)
@given(codec_images.drawn(), st.sampled_from([None, 0.0, 0.5, 0.9, 1.0]), st.integers(0, 2**32))
def test_drawn_images_are_as_the_twin_says(ranks: U16, alike: float | None, seed: int) -> None:
    rng = np.random.default_rng(seed)
    other = rng.permutation(ranks.ravel()).reshape(ranks.shape)
    check(ranks, None if alike is None else np.where(rng.random(ranks.shape) < alike, ranks, other))


@settings(deadline=None)
@given(st.lists(st.integers(0, 65535), max_size=60), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_words_that_mean_nothing_are_read_as_the_twin_reads_them(words: list[int], h: int, w: int, key: bool) -> None:
    before = None if key else codec_images.steps()[:h, :w].copy()
    lists = (np.zeros((h, w), int) if before is None else before).tolist()
    read = oracle.ranks_of(words, (h, w), lists)
    with contextlib.suppress(CodecError):  # there were too few
        assert cm.from_words(np.array(words, np.uint16), (h, w), before).tolist() == read


def test_tables_are_logistic() -> None:
    logits, chances, shares = cm.tables()
    assert (logits.tolist(), chances.tolist()) == (oracle.LOGITS, oracle.CHANCES)
    for i in (1, 700, 2048, 3000, 4094):
        assert chances[i] / 65536 == pytest.approx(1 / (1 + math.exp((2048 - i) / 256)), abs=1e-5)
        share = (i + 0.5) / 4096
        assert logits[i] == pytest.approx(256 * math.log(share / (1 - share)), abs=0.51)
    assert shares[:3].tolist() == [43690, 26214, 18724]


@pytest.mark.kernel
def test_bytes_never_change() -> None:
    """Compiled or not, on whatever machine: what was recorded must be read for ever."""
    assert [zlib.crc32(table.tobytes()) for table in cm.tables()] == TABLES
    first, second = codec_images.steps(), np.roll(codec_images.steps(), 1, axis=1)
    assert zlib.crc32(codec.encode(first, "cm")[20:]) == KEY
    assert zlib.crc32(codec.encode(second, "cm", previous=first)[20:]) == PREDICTED
    np.testing.assert_array_equal(codec.decode(codec.encode(second, "cm", previous=first), first), second)


# --- frames that follow each other ------------------------------------------------------------------------------


@settings(deadline=None)
@given(codec_images.drawn(), st.integers(0, 2**32))
def test_whatever_came_before(depth: U16, seed: int) -> None:
    rng = np.random.default_rng(seed)
    previous = np.where(rng.random(depth.shape) < 0.7, depth, rng.integers(0, 65536, depth.shape)).astype(np.uint16)
    data = codec.encode(depth, "cm", previous=previous)
    np.testing.assert_array_equal(codec.decode(data, previous), depth)


def test_the_same_again_takes_next_to_nothing() -> None:
    depth = codec_images.room(shape=(120, 160))
    key, again = codec.encode(depth, "cm"), codec.encode(depth, "cm", previous=depth)
    assert len(again) < 0.25 * len(key)
    np.testing.assert_array_equal(codec.decode(key, previous=depth + 1), depth)  # a key frame needs none


def test_the_wrong_frame_before_is_noticed() -> None:
    depth = codec_images.room()
    data = codec.encode(depth, "cm", previous=codec_images.room(1))
    with pytest.raises(CodecError, match="decode that first"):
        codec.decode(data)
    with pytest.raises(CodecError, match="another frame"):
        codec.decode(data, codec_images.room(2))
    with pytest.raises(InputError, match="same camera"):
        codec.decode(data, depth[1:])
    with pytest.raises(InputError, match="use mode 'cm'"):
        codec.encode(depth, "fast", previous=depth)


def test_sizes_of_real_frames(shared_data: Path) -> None:
    before, depth, _ = codec_images.real(shared_data)
    key, predicted = codec.encode(depth, "cm"), codec.encode(depth, "cm", previous=before)
    assert 8 * len(key) / depth.size < 0.74  # JPEG XL at effort 7: 0.84 over every tenth frame
    assert len(predicted) < len(key)


@pytest.mark.parametrize(("name", "jpeg_xl"), [("rs_0", 1.903), ("rs_1", 1.722), ("rs_2", 1.499), ("rs_3", 1.912)])
def test_sizes_of_noisy_frames(name: str, jpeg_xl: float, shared_data: Path) -> None:
    """Bits a pixel are at least 3 % below those of JPEG XL at effort 7."""
    depth: U16 = images.read(shared_data / "rgbd" / "raw_depth" / f"{name}.png")  # type: ignore[assignment]
    data = codec.encode(depth, "cm")
    assert 8 * len(data) / depth.size < 0.97 * jpeg_xl
    np.testing.assert_array_equal(codec.decode(data), depth)


def test_noise_grows_and_still_fits() -> None:
    depth = np.random.default_rng(0).integers(0, 65536, (300, 300), np.uint16)
    data = codec.encode(depth, "cm")
    assert len(data) > 2 * depth.size  # which is more than room was made for at first
    np.testing.assert_array_equal(codec.decode(data), depth)
