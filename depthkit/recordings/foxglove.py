"""MCAP files with Foxglove's schemas, RawImage, CompressedImage, CameraCalibration and FrameTransform(s).

In Protocol Buffers or JSON, as the Foxglove SDK and many robots' own software write them.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit.cameras import Rig
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings import pixels, protobuf, topics
from depthkit.recordings.assembly import assemble
from depthkit.recordings.contents import Contents, Shot, Wishes, closed_on_error, need_rig
from depthkit.recordings.cursor import Cursor, Place, places
from depthkit.recordings.geometry import Calibration, Tree, build_rig, transform
from depthkit.recordings.mcap_files import McapFile, foreign_profile
from depthkit.recordings.pairs import reference_role

_PICTURES = ("foxglove.RawImage", "foxglove.CompressedImage")
_TRANSFORM = "foxglove.FrameTransform"


def matches(path: Path) -> bool:
    """An MCAP file that neither depthkit nor ROS recorded."""
    return foreign_profile(path) not in (None, "ros1", "ros2")


def read(path: Path, wishes: Wishes) -> Contents:
    """All pictures by their own stamps; opening reads the file once from end to end."""
    file = McapFile(path)
    with closed_on_error(file.close):
        recording = _Messages(file)
        chosen, ignored = topics.choose(recording.topics(*_PICTURES), wishes.topics)
        if not chosen:
            raise BagError(f"{path} holds no pictures of ROS or Foxglove; it has {recording.listed()}")

        def read_shot(role: str, shot: Shot) -> NDArray[Any]:
            return _pixels(recording.message(chosen[role], shot.place))

        streams = {role: recording.shots(topic) for role, topic in chosen.items()}
        rig = partial(_rig, path, recording, chosen)
        return assemble("Foxglove MCAP", streams, wishes, rig, read_shot, close=file.close, ignored=ignored)


class _Messages:
    """The messages of an open file by topic, as plain values."""

    def __init__(self, file: McapFile) -> None:
        self._file = file
        self._cursors: dict[str, Cursor] = {}

    def topics(self, *schemas: str) -> list[str]:
        """Topics with messages of these schemas."""
        return [topic for topic, (schema, _) in self._file.kinds.items() if schema.name in schemas]

    def listed(self) -> str:
        """All topics and their kinds, in words."""
        return (
            ", ".join(f"{topic} ({schema.name})" for topic, (schema, _) in sorted(self._file.kinds.items()))
            or "no topics"
        )

    def messages(self, topic: str) -> Iterator[dict[str, Any]]:
        """All messages of a topic."""
        return (self._decode(topic, data) for _, data in self._file.messages(topic))

    def message(self, topic: str, place: Place) -> dict[str, Any]:
        """One message."""
        messages_from = Cursor(lambda time: (data for _, data in self._file.messages(topic, time)))
        return self._decode(topic, self._cursors.setdefault(topic, messages_from).at(place))

    def shots(self, topic: str) -> list[Shot]:
        """The messages of a topic as shots, by their own stamp or, where it has none, the time they were logged at."""
        found = [(time, _stamp(self._decode(topic, data))) for time, data in self._file.messages(topic)]
        times = places(time for time, _ in found)
        return [
            Shot(stamp or time, f"{topic}[{place.number}]", place, time)
            for place, (time, stamp) in zip(times, found, strict=True)
        ]

    def _decode(self, topic: str, data: bytes) -> dict[str, Any]:
        schema, encoding = self._file.kinds[topic]
        if encoding not in ("json", "protobuf"):
            raise BagError(f"{topic} is encoded as {encoding!r}: only Protocol Buffers and JSON can be read")
        return protobuf.read_json(data) if encoding == "json" else protobuf.read(schema.name, data)


def _stamp(values: Mapping[str, Any]) -> int:
    stamp = values.get("timestamp", {})
    return int(stamp.get("sec", 0)) * 10**9 + int(stamp.get("nsec", 0))


def _pixels(values: Mapping[str, Any]) -> NDArray[Any]:
    if "format" in values:
        return pixels.compressed(values["format"], values["data"])
    shape = values["height"], values["width"], values["step"]
    return pixels.raw(values["encoding"], *shape, False, np.frombuffer(values["data"], np.uint8))


def _rig(path: Path, recording: _Messages, chosen: Mapping[str, str]) -> Rig:
    infos = {topic: next(recording.messages(topic)) for topic in recording.topics("foxglove.CameraCalibration")}
    calibrations = {}
    for role, topic in chosen.items():
        frame = next(recording.messages(topic)).get("frame_id", "")
        same_frame = (info for info, values in sorted(infos.items()) if values.get("frame_id") == frame)
        beside = topics.calibration_topic(topic, infos) or next(same_frame, None)
        if beside is None:
            raise need_rig(path, "recording", sorted(chosen))
        calibrations[role] = _calibration(infos[beside], frame)
    rectified = [role for role, topic in chosen.items() if topics.is_rectified(topic)]
    source = f"CameraCalibration in {path.name}"
    return build_rig(calibrations, rectified, _tree(recording), reference_role(chosen), source)


def _calibration(values: Mapping[str, Any], frame: str) -> Calibration:
    try:
        shapes = {"K": (3, 3), "R": (3, 3), "P": (3, 4)}
        K, R, P = (np.reshape(values.get(key) or np.zeros(shape), shape) for key, shape in shapes.items())
        size = values["width"], values["height"]
    except (KeyError, ValueError) as error:
        raise CalibrationError(f"a CameraCalibration in the recording is not complete ({error}): give rig=") from error
    return Calibration(frame, *size, values.get("distortion_model", ""), values.get("D", []), K, R, P)


def _tree(recording: _Messages) -> Tree:
    """Frames by the first word on each."""
    links: dict[str, tuple[str, Any]] = {}
    for topic in recording.topics(_TRANSFORM, f"{_TRANSFORM}s"):
        for message in recording.messages(topic):
            for each in message.get("transforms", [message]):
                t, q = each.get("translation", {}), each.get("rotation", {})
                T = transform([t.get(k, 0) for k in "xyz"], [q.get(k, 0) for k in "wxyz"])
                links.setdefault(each.get("child_frame_id", ""), (each.get("parent_frame_id", ""), T))
    return Tree(links)
