"""ROS 1 .bag files, ROS 2 recordings in SQLite or MCAP, and ROS 1 in MCAP, read with the rosbags library.

All image messages, librealsense's recordings among them.
"""

import bz2
import struct
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import lz4.frame
import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.rosbag1 import Reader as Reader1
from rosbags.typesys import Stores, get_typestore

from depthkit.arrays import F64
from depthkit.bag import unpacking
from depthkit.cameras import Rig
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings import pixels, realsense, topics
from depthkit.recordings.assembly import assemble
from depthkit.recordings.contents import DEPTH, Contents, Shot, Wishes, closed_on_error, need_rig
from depthkit.recordings.cursor import Cursor, Place, places
from depthkit.recordings.geometry import Calibration, Tree, build_rig, transform
from depthkit.recordings.mcap_files import check_chunks, foreign_profile
from depthkit.recordings.pairs import reference_role
from depthkit.recordings.pictures import MILLIMETRES
from depthkit.recordings.ros1_mcap import Ros1McapReader

_PICTURES = {"sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"}
_CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
_TRANSFORMS = {"tf2_msgs/msg/TFMessage", "tf/msg/tfMessage"}
_PACKED = {bz2.decompress: "bz2", lz4.frame.decompress: "lz4"}
_SURPLUS = 4
"""Bytes that some versions of librealsense leave behind each image of a .bag."""


def matches(path: Path) -> bool:
    """Files by their names, folders with ROS 2's metadata, and MCAP files of either ROS."""
    named = path.suffix in (".bag", ".db3") or (path / "metadata.yaml").is_file()
    return named or foreign_profile(path) in ("ros1", "ros2")


def read(path: Path, wishes: Wishes) -> Contents:
    """All pictures by their headers' stamps; opening reads the file once from end to end."""
    reader = _open(path)
    with closed_on_error(reader.close):
        return _Bag(reader, _bounded(reader)).contents(path, wishes)


def _bounded(reader: AnyReader | Ros1McapReader) -> bool:
    """Have chunks of ROS 1 unpacked into no more memory than others; True if messages are left for us to unpack.

    rosbags unpacks whatever there is: a few kilobytes may become gigabytes.
    """
    packed = False
    for each in reader.readers if isinstance(reader, AnyReader) else []:
        if isinstance(each, Reader1):
            for place, chunk in each.chunks.items():
                if chunk.decompressor in _PACKED:
                    bounded = partial(unpacking.unpack, compression=_PACKED[chunk.decompressor])
                    each.chunks[place] = chunk._replace(decompressor=bounded)
        elif each.compression_mode == "message":
            each.storage.metadata = each.storage.metadata._replace(compression_mode=None)
            packed = True
    return packed


def _open(path: Path) -> AnyReader | Ros1McapReader:
    if foreign_profile(path) == "ros1":
        return Ros1McapReader(path)
    for file in path.glob("*.mcap") if path.is_dir() else [path] if path.suffix == ".mcap" else []:
        check_chunks(file)
    reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE))
    reader.open()
    return reader


class _Bag:
    """An open recording: its messages by topic; `packed`: each is packed by Zstandard."""

    def __init__(self, reader: AnyReader | Ros1McapReader, packed: bool) -> None:
        self._reader, self._packed = reader, packed
        self._cursors: dict[str, Cursor] = {}

    def contents(self, path: Path, wishes: Wishes) -> Contents:
        """The recording ready to be read; BagError without pictures."""
        chosen, ignored = topics.choose(self._topics(_PICTURES), wishes.topics)
        if not chosen:
            raise BagError(f"{path} holds no pictures; its topics are {', '.join(sorted(self._reader.topics))}")
        headers = {role: list(self._headers(topic)) for role, topic in chosen.items()}
        frames = {role: found[0][1] for role, found in headers.items() if found}
        return assemble(
            "ROS 2 recording" if self._reader.is2 else "ROS 1 bag" if path.suffix == ".bag" else "ROS 1 MCAP",
            {role: [shot for shot, _ in found] for role, found in headers.items()},
            wishes,
            find_rig=lambda: self._rig(path, chosen, frames),
            read=lambda role, shot: self._pixels(chosen[role], shot.place),
            depth_unit=realsense.depth_unit(self._reader.topics, self._messages, chosen.get(DEPTH, "")) or MILLIMETRES,
            close=self._reader.close,
            ignored=ignored,
        )

    def _topics(self, kinds: set[str]) -> list[str]:
        return [name for name, topic in self._reader.topics.items() if topic.msgtype in kinds and topic.msgcount]

    def _headers(self, topic: str) -> Iterator[tuple[Shot, str]]:
        """Each message of a topic as a shot, and the frame it is seen in."""
        found = [(time, *_header(data, self._reader.is2)) for time, data in self._data(topic)]
        devices = realsense.stamps_ns(self._reader.topics, self._messages, topic)
        stamps = (
            [stamp or time for time, stamp, _ in found] if devices is None or len(devices) != len(found) else devices
        )
        for place, stamp, (time, _, frame) in zip(places(time for time, *_ in found), stamps, found, strict=True):
            yield Shot(stamp, f"{topic}[{place.number}]", place, time), frame

    def _pixels(self, topic: str, place: Place) -> NDArray[Any]:
        cursor = self._cursors.setdefault(topic, Cursor(lambda time: (data for _, data in self._data(topic, time))))
        message = self._deserialize(cursor.at(place), str(self._reader.topics[topic].msgtype))
        if hasattr(message, "format"):
            return pixels.compressed(message.format, message.data.tobytes())
        shape = message.height, message.width, message.step
        return pixels.raw(message.encoding, *shape, bool(message.is_bigendian), message.data)

    def _deserialize(self, data: bytes, kind: str) -> Any:
        try:
            return self._reader.deserialize(data, kind)
        except AnyReaderError:
            if self._reader.is2:
                raise
            return self._reader.deserialize(data[:-_SURPLUS], kind)

    def _data(self, topic: str, start: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Time and bytes of a topic's messages from that time on."""
        connections = self._reader.topics[topic].connections
        for _, time, data in self._reader.messages(connections, start=start):
            yield time, unpacking.unpack(data, "zstd") if self._packed else bytes(data)

    def _messages(self, topic: str) -> Iterator[Any]:
        kind = str(self._reader.topics[topic].msgtype)
        return (self._deserialize(data, kind) for _, data in self._data(topic))

    def _rig(self, path: Path, chosen: dict[str, str], frames: dict[str, str]) -> Rig:
        infos = self._topics({_CAMERA_INFO})
        extrinsics = realsense.extrinsics(self._reader.topics, self._messages)
        calibrations = {}
        for role, topic in chosen.items():
            info = topics.calibration_topic(topic, infos)
            if info is None or role not in frames:
                raise need_rig(path, "recording", sorted(chosen))
            stream = realsense.stream(topic)
            frame = stream if stream in extrinsics else frames[role]
            calibrations[role] = _calibration(next(self._messages(info)), frame)
        rectified = [role for role, topic in chosen.items() if topics.is_rectified(topic)]
        return build_rig(
            calibrations, rectified, self._tree(extrinsics), reference_role(chosen), f"CameraInfo in {path.name}"
        )

    def _tree(self, extrinsics: Mapping[str, F64]) -> Tree:
        """Frames by /tf_static, else by the first word of /tf on them; and librealsense's streams."""
        links = {stream: ("", T) for stream, T in extrinsics.items()}
        for topic in sorted(self._topics(_TRANSFORMS), key=lambda topic: not topic.endswith("tf_static")):
            for message in self._messages(topic):
                for each in message.transforms:
                    T = _transform(each.transform)
                    links.setdefault(each.child_frame_id.strip("/"), (each.header.frame_id.strip("/"), T))
        return Tree(links)


def _header(data: bytes, is2: bool) -> tuple[int, str]:
    """Stamp in ns and frame of a message that starts with a std_msgs/Header, without reading the rest of it."""
    if is2:
        order = "<" if data[1] & 1 else ">"
        seconds, nanoseconds, length = struct.unpack_from(f"{order}iII", data, 4)
        frame = data[16 : 16 + length - 1]
    else:
        _, seconds, nanoseconds, length = struct.unpack_from("<IIII", data)
        frame = data[16 : 16 + length]
    return seconds * 10**9 + nanoseconds, bytes(frame).decode().strip("/")


def _calibration(message: Any, frame: str) -> Calibration:
    """ROS 1 writes the matrices in capitals, ROS 2 does not."""
    if message.binning_x > 1 or message.binning_y > 1 or message.roi.x_offset or message.roi.y_offset:
        raise CalibrationError("the recording's pictures are binned or cut out, which is not supported: give rig=")
    D, K, R, P = (np.asarray(getattr(message, name if hasattr(message, name) else name.upper())) for name in "dkrp")
    matrices = K.reshape(3, 3), R.reshape(3, 3), P.reshape(3, 4)
    return Calibration(frame, message.width, message.height, message.distortion_model, D.tolist(), *matrices)


def _transform(message: Any) -> Any:
    t, q = message.translation, message.rotation
    return transform([t.x, t.y, t.z], [q.w, q.x, q.y, q.z])
