"""Foxglove's messages from their two encodings, Protocol Buffers and JSON, as plain values under the same names.

Of Protocol Buffers this is the wire format alone, with the field numbers of Foxglove's published schemas.
"""

import base64
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_MOST_FIELDS = 2**16
"""In a message, whose pictures are one field each: more are damage, which would take minutes to read."""

Value = int | bytes
Fields = Mapping[int, tuple[str, Callable[[Any], Any]]]


def read_json(data: bytes) -> dict[str, Any]:
    """The values of a JSON message; its `data` in base64 become bytes."""
    values: dict[str, Any] = json.loads(data)
    return {**values, "data": base64.b64decode(values["data"])} if "data" in values else values


def read(name: str, data: bytes) -> dict[str, Any]:
    """The values of a message of that schema. Raises ValueError for bytes that are none."""
    if name == "foxglove.FrameTransforms":
        one = _message(_SCHEMAS["foxglove.FrameTransform"])
        return {
            "transforms": [one(value) for number, value in fields(data) if number == 1 and isinstance(value, bytes)]
        }
    return _message(_SCHEMAS[name])(data)


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of each field in the order of the wire: integers, or the bytes of all else."""
    at = count = 0
    while at < len(data):
        tag, at = _varint(data, at)
        count, kind = count + 1, tag & 7
        if tag < 8 or count > _MOST_FIELDS:
            raise ValueError("the message has fields of no sense")
        if kind == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        size, at = _varint(data, at) if kind == 2 else ({1: 8, 5: 4}.get(kind, -1), at)
        if not 0 <= size <= len(data) - at:
            raise ValueError("a field of the message runs past its end")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("the message ends inside a number")
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def _message(known: Fields) -> Callable[[bytes], dict[str, Any]]:
    """A reader of one message; fields it does not know are left out, and repeated ones keep the last."""

    def read_fields(data: bytes) -> dict[str, Any]:
        found = ((known[number], value) for number, value in fields(data) if number in known)
        return {name: convert(value) for (name, convert), value in found}

    return read_fields


def _text(value: bytes) -> str:
    return value.decode()


def _fixed32(value: bytes) -> int:
    return int.from_bytes(value, "little")


def _double(value: bytes) -> float:
    return float(struct.unpack("<d", value)[0])


def _doubles(value: bytes) -> list[float]:
    return [each for (each,) in struct.iter_unpack("<d", value)]


_STAMP = ("timestamp", _message({1: ("sec", int), 2: ("nsec", int)}))
_VECTOR = {1: ("x", _double), 2: ("y", _double), 3: ("z", _double)}
_SCHEMAS: dict[str, Fields] = {
    "foxglove.RawImage": {
        1: _STAMP, 2: ("width", _fixed32), 3: ("height", _fixed32), 4: ("encoding", _text), 5: ("step", _fixed32),
        6: ("data", bytes), 7: ("frame_id", _text),
    },
    "foxglove.CompressedImage": {1: _STAMP, 2: ("data", bytes), 3: ("format", _text), 4: ("frame_id", _text)},
    "foxglove.CameraCalibration": {
        1: _STAMP, 2: ("width", _fixed32), 3: ("height", _fixed32), 4: ("distortion_model", _text),
        5: ("D", _doubles), 6: ("K", _doubles), 7: ("R", _doubles), 8: ("P", _doubles), 9: ("frame_id", _text),
    },
    "foxglove.FrameTransform": {
        1: _STAMP, 2: ("parent_frame_id", _text), 3: ("child_frame_id", _text),
        4: ("translation", _message(_VECTOR)), 5: ("rotation", _message({**_VECTOR, 4: ("w", _double)})),
    },
}  # fmt: skip
