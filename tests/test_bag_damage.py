"""Files that are no whole recording: each is refused in one clear line, and nothing wrong is ever read."""

import io
import itertools
import struct
from collections.abc import Container, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.data_stream import RecordBuilder
from mcap.exceptions import EndOfFile
from mcap.reader import make_reader
from mcap.records import (
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Message,
    Metadata,
    MetadataIndex,
    Statistics,
)
from mcap.stream_reader import StreamReader, breakup_chunk
from mcap.writer import MCAP0_MAGIC, Writer

from depthkit.bag import Bag
from depthkit.cameras import Rig
from depthkit.errors import BagError
from depthkit.types import FrameSet
from tests.bag_frames import RIG, frame_set, record, same


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bag") / "walk.mcap"
    record(path, 3)
    return path


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(BagError, match=r"cannot open the recording .*nothing\.mcap: No such file"):
        Bag(tmp_path / "nothing.mcap")
    with pytest.raises(BagError, match="Is a directory"):
        Bag(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x89MCAP", b"ply\nformat ascii 1.0\n", b"\0" * 1000, b"\x89MCAP1\r\n" * 9])
def test_not_an_mcap(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cloud.ply").write_bytes(content)
    with pytest.raises(BagError, match=r"cloud\.ply is not an MCAP recording$"):
        Bag(tmp_path / "cloud.ply")


@settings(deadline=None, max_examples=100)
@given(cut=st.integers(8, 10**6))
def test_cut_off(recording: Path, tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """Wherever the file ends: the frames whose last chunk is whole are there, and no other."""
    data = recording.read_bytes()
    cut = 8 + cut % (len(data) - 8)
    path = tmp_path_factory.getbasetemp() / "cut.mcap"
    path.write_bytes(data[:cut])
    if cut < chunk_ends(recording)[0] and read_or_refuse(path) is None:
        with pytest.raises(BagError, match=r"cut\.mcap is (cut off before its first frame|damaged)"):
            Bag(path)
        return
    with Bag(path) as bag:
        assert not bag.finished
        assert len(bag) == sum(end <= cut for end in chunk_ends(recording)[1::2])
        assert len(bag) <= bag.frames_begun <= len(bag) + 1
        assert all(same(each, frame_set(i)) for i, each in enumerate(bag.frames()))


@settings(deadline=None, max_examples=500)
@given(st.data())
def test_a_wrong_byte_is_noticed_or_harmless(
    recording: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any one byte changed: the same frames and calibration come out, or a BagError does, and nothing else."""
    content = bytearray(recording.read_bytes())
    # Most bytes are pixels; the last part is the index.
    at = data.draw(st.integers(0, len(content) - 1) | st.integers(len(content) - 6000, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.mcap"
    path.write_bytes(content)
    read = read_or_refuse(path)
    if read is not None:
        rig, frames = read
        assert rig.to_dict() == RIG.to_dict()
        assert len(frames) == 3
        assert all(same(each, frame_set(i)) for i, each in enumerate(frames))


def read_or_refuse(path: Path) -> tuple[Rig, list[FrameSet]] | None:
    try:
        with Bag(path) as bag:
            return bag.rig, list(bag.frames())
    except BagError:
        return None


@pytest.mark.parametrize("name", [b"/depthkit/frame", b"/left/image_raw"])
def test_a_wrong_byte_in_the_index(recording: Path, tmp_path: Path, name: bytes) -> None:
    """A wrong topic there would hide frames or images without a trace."""
    content = bytearray(recording.read_bytes())
    content[content.rindex(name) + 5] ^= 1
    (tmp_path / "index.mcap").write_bytes(content)
    with pytest.raises(BagError, match="its index does not match its checksum"):
        Bag(tmp_path / "index.mcap")


def test_damage_names_the_frame_and_spares_the_others(recording: Path, tmp_path: Path) -> None:
    content = bytearray(recording.read_bytes())
    at = content.index(frame_set(1).image("color").tobytes()[:60])
    content[at] ^= 1
    (tmp_path / "spot.mcap").write_bytes(content)
    with Bag(tmp_path / "spot.mcap") as bag:
        assert same(bag[0], frame_set(0))
        assert same(bag[2], frame_set(2))
        with pytest.raises(BagError, match=r"spot\.mcap is damaged at frame 1 \("):
            bag[1]


def test_foreign_recording(tmp_path: Path) -> None:
    with (tmp_path / "foreign.mcap").open("wb") as file:
        writer = Writer(file)
        writer.start("ros2")
        writer.register_channel("/scan", "cdr", writer.register_schema("x/msg/Y", "ros2msg", b""))
        writer.register_channel("/imu", "cdr", 1)
        writer.finish()  # type: ignore[no-untyped-call]
    with pytest.raises(BagError, match=r"was not recorded by depthkit \(its topics: /imu, /scan\).*open_recording"):
        Bag(tmp_path / "foreign.mcap")


def test_real_foreign_recordings(shared_data: Path) -> None:
    paths = sorted((shared_data / "bags").rglob("*.mcap"))
    assert paths
    for path in paths:
        with pytest.raises(BagError, match="open_recording"):
            Bag(path)


def test_newer_format(tmp_path: Path) -> None:
    with (tmp_path / "newer.mcap").open("wb") as file:
        writer = Writer(file)
        writer.start("ros2")
        writer.add_metadata("depthkit", {"format": "3"})
        writer.finish()  # type: ignore[no-untyped-call]
    with pytest.raises(BagError, match=r"has format 3, this depthkit reads 2: upgrade depthkit"):
        Bag(tmp_path / "newer.mcap")


def test_repacked_recording(recording: Path, tmp_path: Path) -> None:
    with recording.open("rb") as source, (tmp_path / "repacked.mcap").open("wb") as file:
        reader = make_reader(source)
        writer = Writer(file)
        writer.start("ros2")
        for metadata in reader.iter_metadata():
            writer.add_metadata(metadata.name, metadata.metadata)
        summary = reader.get_summary()
        assert summary is not None
        for schema in summary.schemas.values():
            writer.register_schema(schema.name, schema.encoding, schema.data)
        for channel in summary.channels.values():
            writer.register_channel(channel.topic, channel.message_encoding, channel.schema_id)
        for _, channel, message in reader.iter_messages():
            writer.add_message(channel.id, message.log_time, message.data, message.publish_time, message.sequence)
        writer.finish()  # type: ignore[no-untyped-call]
    with pytest.raises(BagError, match="use the original, not a repacked copy"):
        Bag(tmp_path / "repacked.mcap")


@pytest.mark.parametrize("lost", [1, 500, 1500, 4000, 6000])
def test_a_rebuilt_index_brings_the_frames_back(recording: Path, tmp_path: Path, lost: int) -> None:
    """Cut the frames themselves, rebuild the index as 'mcap recover' does: all frames before the cut are there."""
    ends = chunk_ends(recording)
    cut = ends[-1] - lost
    (tmp_path / "whole.mcap").write_bytes(with_rebuilt_index(recording.read_bytes()[:cut]))
    with Bag(tmp_path / "whole.mcap") as bag:
        assert len(bag) == sum(end <= cut for end in ends[1::2])  # a frame ends with its second chunk
        assert all(same(each, frame_set(i)) for i, each in enumerate(bag.frames()))


@pytest.mark.parametrize(("lost", "left"), [({3}, [0, 2]), ({3, 4}, [0, None]), ({2}, [0, None, 2])])
def test_images_never_join_another_frame(
    recording: Path, tmp_path: Path, lost: set[int], left: list[int | None]
) -> None:
    """Whole chunks lost in the middle: a frame comes back with its own images or not at all."""
    (tmp_path / "holes.mcap").write_bytes(with_rebuilt_index(recording.read_bytes(), lost))
    with Bag(tmp_path / "holes.mcap") as bag:
        assert len(bag) == len(left)
        for i, number in enumerate(left):
            if number is None:
                with pytest.raises(BagError, match=f"is damaged at frame {i}"):
                    bag[i]
            else:
                assert same(bag[i], frame_set(number))


def chunk_ends(recording: Path) -> list[int]:
    """Where each chunk ends, by the file's own index; a frame ends with every second one."""
    with recording.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    return sorted(each.chunk_start_offset + each.chunk_length for each in summary.chunk_indexes)


def with_rebuilt_index(data: bytes, lost: Container[int] = ()) -> bytes:
    """The whole chunks but the lost ones, and the metadata, of a file that was cut off, with an index made anew."""
    out, summary, statistics = RecordBuilder(), RecordBuilder(), Statistics(0, 0, {}, 0, 0, 0, 0, 0, 0)
    out.write(MCAP0_MAGIC)
    chunks = itertools.count()
    for each in whole_records(data):
        if isinstance(each, Chunk) and next(chunks) in lost:
            continue
        start = out.count
        each.write(out)
        if isinstance(each, Metadata):
            MetadataIndex(start, out.count - start, each.name).write(summary)
        if isinstance(each, Chunk):
            index = _index_of(each, start, out.count - start, summary, statistics)
            index.write(summary)
    DataEnd(0).write(out)
    summary_start = out.count
    statistics.write(summary)
    out.write(summary.end())  # type: ignore[no-untyped-call]
    Footer(summary_start, 0, 0).write(out)
    out.write(MCAP0_MAGIC)
    whole: bytes = out.end()  # type: ignore[no-untyped-call]
    return whole


def whole_records(data: bytes) -> Iterator[McapRecord]:
    try:
        for each in StreamReader(io.BytesIO(data), emit_chunks=True).records:
            if isinstance(each, Header | Metadata) or (isinstance(each, Chunk) and _whole(each)):
                yield each
    except (EndOfFile, struct.error):  # cut off between two records, or within one
        return


def _whole(chunk: Chunk) -> bool:
    try:
        return bool(breakup_chunk(chunk, validate_crc=True))
    except (ValueError, RuntimeError):
        return False


def _index_of(chunk: Chunk, start: int, length: int, summary: RecordBuilder, statistics: Statistics) -> ChunkIndex:
    counts = statistics.channel_message_counts
    channels = {}
    for each in breakup_chunk(chunk):
        if isinstance(each, Message):
            counts[each.channel_id] = counts.get(each.channel_id, 0) + 1
            channels[each.channel_id] = 0
        else:
            each.write(summary)
    return ChunkIndex(
        chunk_length=length, chunk_start_offset=start, compression=chunk.compression, compressed_size=len(chunk.data),
        message_end_time=chunk.message_end_time, message_start_time=chunk.message_start_time, message_index_length=0,
        message_index_offsets=channels, uncompressed_size=chunk.uncompressed_size,
    )  # fmt: skip
