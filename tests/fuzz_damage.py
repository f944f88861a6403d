"""Ways to damage the bytes of a file, from a flipped bit to absurd numbers: each takes bytes and a chance."""

import json
import re
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Damage = Callable[[bytes, Random], bytes]

ABSURD = (0, 1, 2, 3, 127, 255, 65535, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
"""Lengths, counts and places that no small file has, and the smallest."""

_FLOATS = (float("nan"), float("inf"), -1.0, 0.0, 1e308, 5e-324)
_DEEP = "[" * 100_000

ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 0.5, 1e308, float("nan"), float("inf"), 2**31, 2**63, -(2**70), 10**400,
    "", "x", "1", "../..", "\0", [], [[]], [1, "x"], {}, {"x": 1}, "9" * 5000,
)  # fmt: skip
"""What a value in JSON may be instead: of another type, or of no sense."""

_ODD_WORDS = (
    "", "nan", "inf", "-1", "0", "1e999", "9" * 400, "1e-400", "x", '"', "[", "]", "{", "}", "\0", "é", "-", ",", ":",
    "*a", "&a", "!!python/object:os.system", "../../x", "true", "null", "1.2.3", "0x10", "\\", "%", "[[", "=", "1_0",
    _DEEP, "{a: " * 20_000,
)  # fmt: skip


def cut(data: bytes, rng: Random) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data) + 1)]


def flip(data: bytes, rng: Random) -> bytes:
    """Up to eight bits are wrong, anywhere."""
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        damaged[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def scramble(data: bytes, rng: Random) -> bytes:
    """A stretch of noise."""
    at, size = rng.randrange(len(data) + 1), rng.randint(1, 40)
    return data[:at] + rng.randbytes(size) + data[at + size :]


def absurd_number(data: bytes, rng: Random) -> bytes:
    """An integer of 1 to 8 bytes that makes no sense, at any place, in either order of bytes."""
    size = rng.choice((1, 2, 4, 8))
    number = (rng.choice(ABSURD) % 256**size).to_bytes(size, rng.choice(("little", "big")))
    return overwritten(data, rng, number)


def absurd_float(data: bytes, rng: Random) -> bytes:
    """NaN, infinity or an extreme number at any place."""
    return overwritten(data, rng, struct.pack(rng.choice(("<d", "<f", ">d")), rng.choice(_FLOATS[:4])))


def overwritten(data: bytes, rng: Random, value: bytes) -> bytes:
    """The value instead of as many bytes, at places that are a multiple of its size or not."""
    at = rng.randrange(len(data) + 1)
    if rng.random() < 0.5:
        at -= at % len(value)
    return data[:at] + value + data[at + len(value) :]


def remove(data: bytes, rng: Random) -> bytes:
    """A stretch is missing."""
    start, stop = _stretch(data, rng)
    return data[:start] + data[stop:]


def repeat(data: bytes, rng: Random) -> bytes:
    """A stretch is there twice."""
    start, stop = _stretch(data, rng)
    return data[:stop] + data[start:]


def blank(data: bytes, rng: Random) -> bytes:
    """A stretch is zero, as file systems leave it after a crash."""
    start, stop = _stretch(data, rng)
    return data[:start] + bytes(stop - start) + data[stop:]


def odd_json(data: bytes, rng: Random) -> bytes:
    """JSON of which one value is another, gone, or nested very deep."""
    values = json.loads(data)
    holders = list(_holders(values))
    if not holders:
        return data
    if rng.random() < 0.05:
        return _DEEP.encode()
    holder, key = rng.choice(holders)
    if rng.random() < 0.2:
        del holder[key]
    else:
        holder[key] = rng.choice(ODD_VALUES)
    return json.dumps(values).encode()


def odd_word(data: bytes, rng: Random) -> bytes:
    """Text of which one word or number is another."""
    words = list(re.finditer(rb"[\w.+-]+|[^\w\s]", data))
    if not words:
        return data
    chosen = rng.choice(words)
    return data[: chosen.start()] + rng.choice(_ODD_WORDS).encode() + data[chosen.end() :]


def odd_lines(data: bytes, rng: Random) -> bytes:
    """Text of which a line is gone, doubled or elsewhere."""
    lines = data.splitlines(keepends=True)
    if lines:
        line = lines.pop(rng.randrange(len(lines)))
        for _ in range(rng.randint(0, 2)):
            lines.insert(rng.randint(0, len(lines)), line)
    return b"".join(lines)


BYTES: tuple[Damage, ...] = (cut, flip, scramble, absurd_number, absurd_float, remove, repeat, blank)
TEXT: tuple[Damage, ...] = (odd_word, odd_word, odd_lines)


def one_of(ways: Sequence[Damage]) -> Damage:
    """Damage of any of these kinds."""
    return lambda data, rng: rng.choice(ways)(data, rng)


anyhow = one_of(BYTES)


def _stretch(data: bytes, rng: Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(start + rng.choice((1, 4, 40, 400, 4000)), len(data))


def _holders(values: Any) -> list[tuple[Any, Any]]:
    """Each list and table in a value with each of its keys."""
    keys = list(values) if isinstance(values, dict) else range(len(values)) if isinstance(values, list) else ()
    return [(values, key) for key in keys] + [pair for key in keys for pair in _holders(values[key])]
