"""What librealsense's recordings, .bag and since 2.58 .db3, say on topics of their own.

Streams are named /device_0/sensor_0/Depth_0. Values are messages of fitting types in a .bag, text in a .db3.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.recordings.geometry import transform

Messages = Callable[[str], Iterator[Any]]
"""The messages of a topic."""


def stream(topic: str) -> str:
    """The stream a topic belongs to."""
    return "/".join(topic.split("/")[:4])


def extrinsics(topics: Iterable[str], messages: Messages) -> dict[str, F64]:
    """`T_reference_stream` of each stream; the recording holds its inverse, from the reference to the stream."""
    own = [topic for topic in topics if re.fullmatch(r"/device_\d+/sensor_\d+/\w+/tf/\w+", topic)]
    return {stream(topic): transforms.inverse(_pose(next(messages(topic)))) for topic in own}


def depth_unit(topics: Iterable[str], messages: Messages, topic: str) -> float | None:
    """Metres a step of a depth topic; None if it is not librealsense's."""
    sensor = "/".join(topic.split("/")[:3])
    for option in {f"{sensor}/option/Depth{space}Units/value" for space in " _"} & set(topics):
        return float(next(messages(option)).data)
    return None


def stamps_ns(topics: Iterable[str], messages: Messages, topic: str) -> list[int] | None:
    """The device's stamps of the pictures of a .db3, whose headers have the time since recording began; else None."""
    notes = f"{stream(topic)}/image/metadata"
    if notes not in topics or not topic.startswith(f"{stream(topic)}/image/data/compressed"):
        return None
    return [round(float(_values(message.data)["timestamp"]) * 1e6) for message in messages(notes)]


def _pose(message: Any) -> F64:
    if hasattr(message, "data"):
        values = _values(message.data)
        R, t = (np.array(values[key].split(","), np.float64) for key in ("rotation", "translation"))
        return transforms.from_rotation_translation(R.reshape(3, 3).T, t)  # by columns
    t, q = message.translation, message.rotation
    return transform([t.x, t.y, t.z], [q.w, q.x, q.y, q.z])


def _values(text: str) -> Mapping[str, str]:
    """The values of "key=value;key=value"."""
    return dict(pair.split("=", 1) for pair in text.split(";") if "=" in pair)
