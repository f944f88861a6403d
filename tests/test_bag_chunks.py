"""Chunks of a recording: what is in them, in which order, when they are compressed, and that readers agree."""

import io
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import lz4.frame
import numpy as np
import pytest
from mcap.data_stream import ReadDataStream, RecordBuilder
from mcap.reader import make_reader
from mcap.records import Channel, Chunk, McapRecord, Message, MessageIndex, Schema
from mcap.stream_reader import StreamReader, breakup_chunk
from numpy.typing import NDArray

from depthkit.arrays import U8
from depthkit.bag import Bag, BagWriter, Packing, chunks, ros
from depthkit.bag.chunks import Moment
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError
from depthkit.types import FrameSet
from tests.bag_frames import RIG, device_frames, frame_set, record, same, write

NOISE: U8 = np.random.default_rng(0).integers(0, 256, (240, 320), np.uint8)
FLAT: U8 = np.full((240, 320), 7, np.uint8)


def picture(pixels: NDArray[np.uint8]) -> ros.Message:
    return ros.Message("/eye", ros.IMAGE, ros.image(pixels, "eye", 1))


@pytest.mark.parametrize(("pictures", "compression"), [([NOISE], ""), ([FLAT], "lz4"), ([NOISE, FLAT, FLAT], "lz4")])
def test_a_chunk_is_compressed_where_it_shrinks(pictures: list[U8], compression: str) -> None:
    messages = [picture(each) for each in pictures]
    chunk = chunks.pack([chunks.record(i + 1, each, Moment(5, 6, 7)) for i, each in enumerate(messages)])
    read = Chunk.read(ReadDataStream(io.BytesIO(b"".join(chunk.parts)[9:])))
    assert (read.compression, read.message_start_time, read.message_end_time) == (compression, 5, 5)
    plain = lz4.frame.decompress(read.data) if compression else read.data
    assert len(plain) == read.uncompressed_size == chunk.size
    assert [(each.channel_id, each.data) for each in all_messages(read)] == [
        (i + 1, b"".join(each.parts)) for i, each in enumerate(messages)
    ]


def test_pixels_are_not_copied() -> None:
    chunk = chunks.pack([chunks.record(1, picture(NOISE), Moment(5, 6, 7))])
    assert any(np.shares_memory(np.frombuffer(part, np.uint8), NOISE) for part in chunk.parts)


def test_a_chunk_is_what_the_mcap_library_writes() -> None:
    message = picture(NOISE)
    ours = chunks.pack([chunks.record(3, message, Moment(5, 6, 7))], b"")
    builder = RecordBuilder()
    Message(channel_id=3, log_time=5, publish_time=6, sequence=7, data=b"".join(message.parts)).write(builder)
    content: bytes = builder.end()  # type: ignore[no-untyped-call]
    assert b"".join(ours.parts).endswith(content)
    assert chunks.parse(memoryview(b"".join(ours.parts)[9:])) == Chunk.read(
        ReadDataStream(io.BytesIO(b"".join(ours.parts)[9:]))
    )


def test_indexes_of_messages_say_where_each_lies(tmp_path: Path) -> None:
    record(tmp_path / "walk.mcap", 3)
    content, counts = (tmp_path / "walk.mcap").read_bytes(), Counter[int]()
    with (tmp_path / "walk.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    for place in summary.chunk_indexes:
        chunk = Chunk.read(ReadDataStream(io.BytesIO(content[place.chunk_start_offset + 9 :])))
        plain = lz4.frame.decompress(chunk.data) if chunk.compression else chunk.data
        for channel, at in place.message_index_offsets.items():
            index = MessageIndex.read(ReadDataStream(io.BytesIO(content[at + 9 :])))
            assert index.channel_id == channel
            for stamp, offset in index.records:
                message = Message.read(ReadDataStream(io.BytesIO(plain[offset + 9 :])), 22)
                assert (message.channel_id, message.log_time) == (channel, stamp)
                counts[channel] += 1
    assert counts == summary.statistics.channel_message_counts


def test_a_topic_may_come_later(tmp_path: Path) -> None:
    """Depth in steps, then depth that is in none, whose topics the file has not seen before."""
    frames = [device_frames(0), device_frames(1), frame_set(2), device_frames(3), frame_set(4)]
    write(tmp_path / "walk.mcap", frames, Packing(depth="fast"))
    assert_declared(tmp_path / "walk.mcap")
    with Bag(tmp_path / "walk.mcap") as bag:
        assert all(same(a, b) for a, b in zip(bag, frames, strict=True))


@pytest.mark.parametrize("compressible", [False, True])
def test_frames_packed_side_by_side_stay_in_order(tmp_path: Path, compressible: bool) -> None:
    """Their channels are declared before they are used, whichever thread was the first to want one."""
    camera = CameraModel(320, 240, 300.0, 300.0, 159.5, 119.5)
    rig = Rig(dict.fromkeys(("left", "right", "ir"), camera))
    image = FLAT if compressible else NOISE
    with BagWriter(tmp_path / "walk.mcap", rig) as writer:
        done = [writer.submit(FrameSet({role: image + np.uint8(i) for role in rig.cameras}, rig, i)) for i in range(30)]
        [each.result() for each in done]
        with Bag(writer.location) as bag:
            assert not bag.finished
            assert [each.sequence for each in bag] == list(range(30))
    assert_declared(tmp_path / "walk.mcap")
    with Bag(tmp_path / "walk.mcap") as bag:
        assert all(np.array_equal(bag[i].image("ir"), image + np.uint8(i)) for i in range(30))


def test_a_refused_frame_among_others(tmp_path: Path) -> None:
    frames = [frame_set(i) for i in range(6)]
    frames[0], frames[3] = (replace(frames[i], meta={"gain": float("nan")}) for i in (0, 3))
    with BagWriter(tmp_path / "walk.mcap", RIG) as writer:
        done = [writer.submit(each) for each in frames]
        assert [refused(each) for each in done] == [True, False, False, True, False, False]
        with Bag(writer.location) as bag:
            assert [each.sequence for each in bag] == [1, 2, 4, 5]
    assert_declared(tmp_path / "walk.mcap")
    with Bag(tmp_path / "walk.mcap") as bag:
        assert all(same(a, frames[i]) for a, i in zip(bag, (1, 2, 4, 5), strict=True))


def refused(done: Future[None]) -> bool:
    try:
        done.result()
    except BagError:
        return True
    return False


def assert_declared(path: Path) -> None:
    """Read from front to end, every message is of a channel, and every channel of a schema, that came before."""
    schemas, channels = set(), set()
    for each in from_the_front(path):
        if isinstance(each, Schema):
            schemas.add(each.id)
        elif isinstance(each, Channel):
            assert each.schema_id in schemas
            channels.add(each.id)
        elif isinstance(each, Message):
            assert each.channel_id in channels


def from_the_front(path: Path) -> Iterator[McapRecord]:
    with path.open("rb") as file:
        yield from StreamReader(file, validate_crcs=True).records


def all_messages(chunk: Chunk) -> list[Message]:
    return [each for each in breakup_chunk(chunk, validate_crc=True) if isinstance(each, Message)]
