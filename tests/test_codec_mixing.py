"""Context mixing: the coder and the mixer beside naive twins, bytes that must never change, and the frame before."""

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import codec, kernels
from depthkit.arrays import U16
from depthkit.codec import cm
from depthkit.errors import CodecError, InputError
from tests import codec_images
from tests import oracle_codec as oracle

INTERVAL = (1 << 48) - 1
TABLES = [3470203142, 1981583311, 455830196]
KEY, PREDICTED = 3667033849, 3444475859


def coder(words: list[int] | int, decoding: bool = False) -> Any:
    """With few slots, for tests that also run without a compiler; `words` are those to read, or how many to write."""
    rc, state = kernels.range_coder, [0, INTERVAL, 0, 0, 0]
    room = np.zeros(words, np.uint16) if isinstance(words, int) else np.array(words, np.uint16)
    if decoding:
        first = [*room[:3].tolist(), 0, 0, 0]
        state = [0, INTERVAL, first[0] << 32 | first[1] << 16 | first[2], 3, 1]
    slots, weights = np.full(64, 1 << 30, np.int32), np.full((4, rc.INPUTS), 19660, np.int32)
    return rc.Coder(np.array(state), room, np.zeros(rc.INPUTS, np.int64), slots, weights, *cm.tables())


@pytest.mark.kernel
@pytest.mark.parametrize("sure", [16, 300, 32768, 65520])
def test_bits_are_coded_as_on_paper(sure: int) -> None:
    rng = np.random.default_rng(sure)
    chances = np.where(rng.random(300) < 0.5, sure, rng.integers(16, 65521, 300)).tolist()
    bits = (rng.integers(0, 65536, 300) < chances).astype(int).tolist()
    words = oracle.coded(bits, chances)
    writer, reader = coder(400), coder(words, decoding=True)
    for bit, chance in zip(bits, chances, strict=True):
        kernels.range_coder.split(bit, chance, writer)
        assert kernels.range_coder.split(0, chance, reader) == bit
    assert writer.words[: writer.state[kernels.range_coder.USED]].tolist() == words[:-1]


@pytest.mark.kernel
def test_predictions_are_mixed_as_on_paper() -> None:
    rng = np.random.default_rng(1)
    logits, chances, _ = (table.tolist() for table in cm.tables())
    twin, ours, expected, bits = oracle.Mixer(logits, chances), coder(1000), [], []
    for _ in range(500):
        names, chosen = rng.integers(0, 64, kernels.range_coder.INPUTS).tolist(), int(rng.integers(0, 4))
        if len(set(names)) < len(names):
            continue
        bits.append(int(rng.random() < names[0] / 64))
        expected.append(twin.chance(names, chosen))
        twin.learn(names, chosen, bits[-1])
        ours.contexts[:] = names
        kernels.range_coder.mixed(bits[-1], chosen, ours)
    used = ours.state[kernels.range_coder.USED]
    assert ours.words[:used].tolist() == oracle.coded(bits, expected)[:-1]


def test_tables_are_logistic() -> None:
    logits, chances, shares = cm.tables()
    for i in (1, 700, 2048, 3000, 4094):
        assert chances[i] / 65536 == pytest.approx(1 / (1 + math.exp((2048 - i) / 256)), abs=1e-5)
        share = (i + 0.5) / 4096
        assert logits[i] == pytest.approx(256 * math.log(share / (1 - share)), abs=0.51)
    assert shares[:3].tolist() == [32768, 21845, 16384]


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
    assert 8 * len(key) / depth.size < 0.78  # JPEG XL at effort 7: 0.84 over every tenth frame
    assert len(predicted) < len(key)


def test_noise_grows_and_still_fits() -> None:
    depth = np.random.default_rng(0).integers(0, 65536, (300, 300), np.uint16)
    data = codec.encode(depth, "cm")
    assert len(data) > 2 * depth.size  # which is more than room was made for at first
    np.testing.assert_array_equal(codec.decode(data), depth)
