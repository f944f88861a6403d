"""Damage inside MCAP files, behind lengths, compression and checksums, which are made to fit again."""

import struct
import zlib
from collections.abc import Iterator
from random import Random
from typing import Any

import lz4.frame
import zstandard
from mcap.data_stream import RecordBuilder
from mcap.records import Channel, Chunk, McapRecord, Message, Metadata, Schema
from mcap.stream_reader import breakup_chunk
from mcap.writer import MCAP0_MAGIC

from depthkit.bag import layout
from tests.fuzz_bombs import BOMBS_HOLD, bomb
from tests.fuzz_damage import ABSURD, anyhow, odd_json
from tests.test_bag_damage import whole_records, with_rebuilt_index


def mcap_records(data: bytes, rng: Random) -> bytes:
    """A record is gone, doubled, elsewhere or damaged inside; lengths are right, places in the index are not."""
    records = list(_mcap_spans(data))
    at = rng.randrange(len(records))
    record = records.pop(at)
    if rng.random() < 0.5:
        content = anyhow(record[9:], rng)
        records.insert(at, record[:1] + struct.pack("<Q", len(content)) + content)
    else:
        for _ in range(rng.randint(0, 2)):
            records.insert(rng.randint(0, len(records)), record)
    return MCAP0_MAGIC + b"".join(records) + MCAP0_MAGIC


def _mcap_spans(data: bytes) -> Iterator[bytes]:
    at, end = len(MCAP0_MAGIC), len(data) - len(MCAP0_MAGIC)
    while at < end:
        (length,) = struct.unpack_from("<Q", data, at + 1)
        yield data[at : at + 9 + length]
        at += 9 + length


def mcap_message(data: bytes, rng: Random) -> bytes:
    """A message, or what the file says of it, is damaged; chunk, checksum and index are as they must be."""
    return _mcap_rewritten(data, rng, _damaged_chunk)


def mcap_bomb(data: bytes, rng: Random) -> bytes:
    """A chunk that unpacks to a gigabyte, whatever size it says."""
    return _mcap_rewritten(data, rng, _bomb_chunk, index=False)


def mcap_own_texts(data: bytes, rng: Random) -> bytes:
    """The rig or the ledger of a recording of depthkit's is another, and its checksum fits."""
    records = list(whole_records(data))
    chosen = rng.choice([each for each in records if isinstance(each, Metadata)])
    name = rng.choice([key for key in chosen.metadata if not key.endswith("_sha256")])
    text = odd_json(chosen.metadata[name].encode(), rng).decode()
    chosen.metadata |= (
        layout.with_checksum(name, text) if name != "format" else {name: rng.choice(("x", "-1", "9" * 9))}
    )
    return with_rebuilt_index(_written(records))


def _mcap_rewritten(data: bytes, rng: Random, change: Any, index: bool = True) -> bytes:
    records = list(whole_records(data))
    chosen = rng.choice([i for i, each in enumerate(records) if isinstance(each, Chunk)])
    if index:
        records[chosen] = change(records[chosen], rng)
        return with_rebuilt_index(_written(records))
    # A chunk as long as the one before, so that the index is still right.
    old: Any = records[chosen]
    before, after = RecordBuilder(), RecordBuilder()
    old.write(before)
    change(old, rng).write(after)
    return _same_place(data, before.end(), after.end())  # type: ignore[no-untyped-call]


def _same_place(data: bytes, old: bytes, new: bytes) -> bytes:
    """`new` instead of `old`; what follows moves, and the index at the end is made to fit again."""
    at = data.index(old)
    moved = data[:at] + new + data[at + len(old) :]
    return _mcap_shifted(moved, at, len(new) - len(old), len(new))


def _mcap_shifted(data: bytes, changed: int, shift: int, length: int) -> bytes:
    """The file with places after `changed` in its chunk indexes and footer moved, and no checksum of its index."""
    out = [MCAP0_MAGIC]
    for record in _mcap_spans(data):
        content = bytearray(record[9:])
        if record[0] == 0x08:
            (start,) = struct.unpack_from("<Q", content, 16)
            if start > changed:
                struct.pack_into("<Q", content, 16, start + shift)
            elif start == changed:
                struct.pack_into("<Q", content, 24, length)
        if record[0] == 0x02:
            summary, offsets, _ = struct.unpack_from("<QQI", content)
            struct.pack_into("<QQI", content, 0, summary + shift, offsets and offsets + shift, 0)
        out.append(record[:9] + content)
    return b"".join([*out, MCAP0_MAGIC])


def _written(records: list[McapRecord]) -> bytes:
    out = RecordBuilder()
    out.write(MCAP0_MAGIC)
    for each in records:
        each.write(out)
    written: bytes = out.end()  # type: ignore[no-untyped-call]
    return written


def _damaged_chunk(chunk: Chunk, rng: Random) -> Chunk:
    records = breakup_chunk(chunk)
    chosen = rng.choice([each for each in records if isinstance(each, Message)] if rng.random() < 0.8 else records)
    _damage_record(chosen, rng)
    return _chunk_of(chunk, _written(records)[len(MCAP0_MAGIC) :], rng.choice(("", chunk.compression)))


def _damage_record(record: Any, rng: Random) -> None:
    if isinstance(record, Message) and rng.random() < 0.8:
        record.data = _damaged_content(record.data, rng)
    elif isinstance(record, Message):
        setattr(record, rng.choice(("log_time", "publish_time", "sequence")), rng.choice(ABSURD) % 2**32)
    elif isinstance(record, Channel):
        name = rng.choice(("topic", "message_encoding"))
        setattr(record, name, anyhow(getattr(record, name).encode(), rng).decode("utf-8", "ignore"))
    elif isinstance(record, Schema):
        record.data = anyhow(record.data, rng)


def _damaged_content(data: bytes, rng: Random) -> bytes:
    """A message damaged as what it is: JSON, JSON in a ROS string, or bytes."""
    if data[:2] == b'{"':
        return odd_json(data, rng)
    if data[8:10] == b'{"' and rng.random() < 0.8:  # CDR: four bytes, and the length of the string
        text = odd_json(data[8:].rstrip(b"\0"), rng) + b"\0"
        return data[:4] + struct.pack("<I", len(text)) + text
    return anyhow(data, rng)


def _chunk_of(chunk: Chunk, content: bytes, compression: str) -> Chunk:
    packed = {"": bytes, "lz4": lz4.frame.compress, "zstd": zstandard.compress}[compression](content)
    times = chunk.message_start_time, chunk.message_end_time
    return Chunk(
        compression, packed, message_start_time=times[0], message_end_time=times[1],
        uncompressed_crc=zlib.crc32(content), uncompressed_size=len(content),
    )  # fmt: skip


def _bomb_chunk(chunk: Chunk, rng: Random) -> Chunk:
    holds = rng.choice(BOMBS_HOLD)
    packed = bomb(chunk.compression or "zstd", holds)
    said = rng.choice((chunk.uncompressed_size, holds, holds, *ABSURD[3:]))
    times = chunk.message_start_time, chunk.message_end_time
    return Chunk(
        chunk.compression or "zstd", packed, message_start_time=times[0], message_end_time=times[1],
        uncompressed_crc=0, uncompressed_size=said,
    )  # fmt: skip
