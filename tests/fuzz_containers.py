"""Damage inside other containers: what a length, a checksum or a packer protects is damaged all the same."""

import sqlite3
import struct
import zlib
from collections.abc import Iterator
from random import Random
from typing import Any

import zstandard

from tests.fuzz_bombs import BOMBS_HOLD, bomb
from tests.fuzz_damage import ODD_VALUES, Damage, anyhow, odd_json
from tests.fuzz_mcap import mcap_bomb, mcap_message, mcap_records

# --- ROS 1 -----------------------------------------------------------------------------------------------------------


def bag_records(data: bytes, rng: Random) -> bytes:
    """A value of a record's header, or its content, is damaged; lengths are kept."""
    spans = [span for span in _bag_spans(data, 13, len(data)) if span[1] > span[0]]
    start, stop = rng.choice(spans)
    damaged = anyhow(data[start:stop], rng)[: stop - start]
    return data[:start] + damaged.ljust(stop - start, b"\0") + data[stop:]


def _bag_spans(data: bytes, at: int, end: int) -> Iterator[tuple[int, int]]:
    """Where values of headers and contents of records are, of those inside plain chunks too."""
    while at + 8 <= end:
        stop = at + 4 + struct.unpack_from("<I", data, at)[0]
        at, fields = at + 4, b""
        while at < stop:
            (size,) = struct.unpack_from("<I", data, at)
            fields = data[at + 4 : at + 4 + size]
            yield at + 4 + fields.index(b"=") + 1, at + 4 + size
            at += 4 + size
        begin = at + 4
        at = begin + struct.unpack_from("<I", data, stop)[0]
        yield begin, at
        if b"compression=none" in data[stop - 60 : stop]:
            yield from _bag_spans(data, begin, at)


def bag_bomb(data: bytes, rng: Random) -> bytes:
    """The first chunk unpacks to a gigabyte; the index is moved to fit."""
    kind, holds = rng.choice(("lz4", "bz2")), rng.choice(BOMBS_HOLD)
    start = 13 + 4 + 4 + 4096 - 8  # the bag's own header fills 4096 bytes
    (head,) = struct.unpack_from("<I", data, start)
    at = start + 4 + head
    (size,) = struct.unpack_from("<I", data, at)
    fields = [f"compression={kind}".encode(), b"op=\x05", b"size=" + struct.pack("<I", holds)]
    header = b"".join(struct.pack("<I", len(each)) + each for each in fields)
    packed = bomb(kind, holds)
    chunk = struct.pack("<I", len(header)) + header + struct.pack("<I", len(packed)) + packed
    place = data.index(b"index_pos=") + 10
    moved = struct.unpack_from("<Q", data, place)[0] + len(chunk) - (at + 4 + size - start)
    return data[:place] + struct.pack("<Q", moved) + data[place + 8 : start] + chunk + data[at + 4 + size :]


# --- SQLite ----------------------------------------------------------------------------------------------------------


def sqlite_cell(data: bytes, rng: Random) -> bytes:
    """One value of one table is damaged or of another type; the file is a good database."""
    with sqlite3.connect(":memory:") as base:
        base.deserialize(data)
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        table = rng.choice([*tables, "messages"])
        rows = base.execute(f"SELECT rowid, * FROM {table}").fetchall()
        columns = [name for _, name, *_ in base.execute(f"PRAGMA table_info({table})")]
        if not rows:
            return data
        row, column = rng.choice(rows), rng.randrange(len(columns))
        value: Any = row[column + 1]
        if isinstance(value, bytes) and rng.random() < 0.8:
            value = anyhow(value, rng)
        else:
            value = rng.choice([each for each in ODD_VALUES if isinstance(each, str | float | None)] + [-1, 2**40, b""])
        try:
            base.execute(f"UPDATE {table} SET {columns[column]} = ? WHERE rowid = ?", (value, row[0]))
        except sqlite3.Error:  # a number that must be one
            return data
        base.commit()
        return bytes(base.serialize())


# --- Matroska --------------------------------------------------------------------------------------------------------

_MASTERS = {0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0xE0, 0x1549A966, 0x1941A469, 0x61A7, 0x1254C367}


def ebml_elements(data: bytes, rng: Random) -> bytes:
    """The content of an element, or its length, is damaged; those around it are as they were."""
    start, stop, size_at = rng.choice(list(_ebml_spans(data, 0, len(data))))
    if rng.random() < 0.3:
        return data[:size_at] + rng.randbytes(1) + data[size_at + 1 :]
    content = anyhow(data[start:stop], rng)[: stop - start].ljust(stop - start, b"\0")
    return data[:start] + content + data[stop:]


def _ebml_spans(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Start and end of the contents of all elements, and where their lengths are."""
    while at < end and data[at]:
        name, size_at = data[at : at + 9 - data[at].bit_length()], at + 9 - data[at].bit_length()
        width = 9 - data[size_at].bit_length()
        size = int.from_bytes(data[size_at : size_at + width], "big") & ((1 << 7 * width) - 1)
        start = size_at + width
        stop = end if size == (1 << 7 * width) - 1 else min(start + size, end)
        yield start, stop, size_at
        if int.from_bytes(name, "big") in _MASTERS:
            yield from _ebml_spans(data, start, stop)
        at = stop


# --- pictures and compressed depth -----------------------------------------------------------------------------------


def png_chunks(data: bytes, rng: Random) -> bytes:
    """A PNG of which one chunk is damaged, gone or doubled; checksums fit."""
    chunks = list(_png_chunks(data))
    at = rng.randrange(len(chunks))
    kind, content = chunks.pop(at)
    if kind == b"IHDR":
        content = struct.pack(">II", *rng.choices((0, 1, 8, 4000, 30000, 65535, 2**31 - 1), k=2)) + content[8:]
    elif kind == b"IDAT" and rng.random() < 0.3:
        content = zlib.compress(bytes(2**24))
    elif kind == b"IDAT" and rng.random() < 0.5:
        content = zlib.compress(anyhow(zlib.decompress(content), rng))
    else:
        content = anyhow(content, rng)
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        chunks.insert(at, (kind, content))
    sizes = [struct.pack(">I", len(body)) for _, body in chunks]
    sums = [struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks]
    parts = [size + name + body + crc for size, (name, body), crc in zip(sizes, chunks, sums, strict=True)]
    return data[:8] + b"".join(parts)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def jpeg_size(data: bytes, rng: Random) -> bytes:
    """A JPEG that claims another size, some of them huge, with the little data there is."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", *rng.choices((0, 1, 8, 5000, 20000, 30000, 65535), k=2)) + data[at + 4 :]


def codec_payload(data: bytes, rng: Random) -> bytes:
    """Compressed depth whose palette or words are damaged before Zstandard packs them."""
    head, payload = bytearray(data[:20]), data[20:]
    if data[5] == 2:
        payload = _repacked(payload, rng)
    elif data[5] == 3:
        size = int.from_bytes(payload[:4], "little")
        colors = _repacked(payload[4 : 4 + size], rng)
        payload = struct.pack("<I", len(colors)) + colors + payload[4 + size :]
    else:
        payload = anyhow(payload, rng)
    struct.pack_into("<I", head, 12, len(payload))
    if rng.random() < 0.3:
        struct.pack_into("<HH", head, 8, *rng.choices((1, 16, 256, 4095), k=2))
    return bytes(head) + payload


def _repacked(data: bytes, rng: Random) -> bytes:
    plain = bytes(2**26) if rng.random() < 0.1 else anyhow(zstandard.decompress(data), rng)
    return zstandard.ZstdCompressor(write_content_size=rng.random() < 0.8).compress(plain)


_MCAP: tuple[Damage, ...] = (mcap_records, mcap_message, mcap_message, mcap_message)

DAMAGES: dict[str, tuple[Damage, ...]] = {
    ".mcap": _MCAP,
    ".svo2": _MCAP,
    ".bag": (bag_records,),
    ".db3": (sqlite_cell,),
    ".mkv": (ebml_elements,),
    ".png": (png_chunks,),
    ".jpg": (jpeg_size,),
    ".json": (odd_json,),
    ".dkdc": (codec_payload,),
}
"""By the ending of a file, what can be done to it besides what can be done to all bytes."""

BOMBS: dict[str, Damage] = {".mcap": mcap_bomb, ".svo2": mcap_bomb, ".bag": bag_bomb}
"""Done once in a hundred: they take a second each where they are unpacked."""
