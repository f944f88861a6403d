"""Chunks that are damaged or lie about their size are refused before they take memory."""

import bz2
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import lz4.frame
import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.records import Chunk, Message

from depthkit.bag import BagWriter, unpacking
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError
from depthkit.types import FrameSet

PACK: dict[str, Callable[[bytes], bytes]] = {
    "lz4": lz4.frame.compress,
    "zstd": zstandard.compress,
    "zstd of unknown size": zstandard.ZstdCompressor(write_content_size=False).compress,
    "bz2": bz2.compress,
}
MESSAGE = struct.pack("<BQHIQQ", 5, 22 + 3, 1, 7, 8, 9) + b"abc"


def chunk(content: bytes, compression: str, size: int | None = None, crc: int = 0) -> Chunk:
    packed = PACK[compression](content) if compression else content
    size = len(content) if size is None else size
    return Chunk(compression.split()[0] if compression else "", packed, 0, 0, crc, size)


@pytest.mark.parametrize("name", PACK)
@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=300), st.integers(1, 300))
def test_all_or_nothing(name: str, data: bytes, times: int) -> None:
    content = data * times
    packed, kind = PACK[name](content), name.split()[0]
    assert unpacking.unpack(packed, kind) == unpacking.unpack(packed, kind, len(content)) == content
    if content:
        with pytest.raises(ValueError, match="more than"):
            unpacking.unpack(packed, kind, len(content) - 1)


@pytest.mark.parametrize("name", PACK)
def test_a_bomb_takes_no_more_than_is_allowed(name: str) -> None:
    packed = PACK[name](bytes(2**24))
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than the 1000 bytes"):
        unpacking.unpack(packed, name.split()[0], 1000)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("compression", ["", "lz4", "zstd"])
def test_chunks(compression: str) -> None:
    (record,) = unpacking.records(chunk(MESSAGE, compression, crc=zlib.crc32(MESSAGE)))
    assert isinstance(record, Message)
    assert (record.sequence, record.data) == (7, b"abc")


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        (chunk(MESSAGE, "lz4", size=2**40), "claims to hold 1099511627776 bytes"),
        (chunk(MESSAGE, "lz4", size=10), "more than the 10 bytes"),
        (chunk(MESSAGE, "zstd", size=100), "has 34 bytes of 100"),
        (chunk(MESSAGE, "", size=2), "has 34 bytes of 2"),
        (chunk(MESSAGE, "lz4", crc=1), "checksum"),
        (chunk(MESSAGE + bytes(90), "lz4"), "zeros instead of records"),
        (chunk(MESSAGE[:-1], "lz4"), "runs past its end"),
        (Chunk("zip", b"", 0, 0, 0, 1), "'zip' is not known"),
        (Chunk("lz4", b"no lz4 at all", 0, 0, 0, 1), "damaged"),
        (Chunk("zstd", b"no", 0, 0, 0, 1), "damaged"),
    ],
)
def test_what_is_no_chunk(damaged: Chunk, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        unpacking.records(damaged)


def test_a_frame_that_could_not_be_read_is_not_written(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig({"left": CameraModel(2000, 1000, 900, 900, 999, 499)})
    frames = FrameSet({"left": np.zeros((1000, 2000), np.uint8)}, rig)
    monkeypatch.setattr("depthkit.bag.writer.MOST", 2_500_000)
    with BagWriter(tmp_path / "walk.mcap", rig) as writer, pytest.raises(BagError, match="at most 1451424 can be"):
        writer.write(frames)
