"""Azure Kinect recordings, .mkv: MJPEG colour, depth in mm and infrared as big-endian 16 bits, and the calibration.

The attached calibration.json holds the factory's numbers as shares of each sensor's full size: 1024×1024 for depth,
4096×3072 for colour. A mode scales the sensor (binning) and cuts it; the numbers below are those of Microsoft's SDK.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthkit import images, transforms
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError
from depthkit.recordings.assembly import assemble
from depthkit.recordings.contents import DEPTH, Contents, Shot, Wishes, closed_on_error, need_rig
from depthkit.recordings.video import Packets, pyav

_FORM = "Azure Kinect recording"
_TRACKS = {"COLOR": "color", "DEPTH": DEPTH, "IR": "ir"}
_CUT = {(640, 576): (1024, 192, 180), (320, 288): (512, 96, 90), (512, 512): (512, 0, 0), (1024, 1024): (1024, 0, 0)}
"""Of the depth sensor by the size of the pictures: its size in that mode, and how far right and down they start."""


class _Track(NamedTuple):
    stream: Any
    role: str
    size: tuple[int, int]


def matches(path: Path) -> bool:
    """A Matroska file with tracks of that camera; BagError if PyAV is not installed."""
    if path.suffix != ".mkv" or not path.is_file():
        return False
    with pyav(path).open(str(path)) as container:
        return any(_tracks(container))


def read(path: Path, wishes: Wishes) -> Contents:
    """All pictures by the device's clock; opening reads the file once."""
    container = pyav(path).open(str(path))
    with closed_on_error(container.close):
        tracks = {track.role: track for track in _tracks(container)}
        packets = Packets(container)

        def read_shot(role: str, shot: Shot) -> NDArray[Any]:
            data = packets.at(tracks[role].stream, shot.place)
            if role == "color":
                return images.decode(data, shot.name)
            width, height = tracks[role].size
            return np.frombuffer(data, ">u2").reshape(height, width).astype(np.uint16)

        streams = _shots(container, tracks)
        rig = partial(_rig, path, container, tracks)
        return assemble(_FORM, streams, wishes, rig, read_shot, close=container.close)


def _tracks(container: Any) -> Iterator[_Track]:
    for stream in container.streams.video:
        role = _TRACKS.get(stream.metadata.get("title", ""))
        if role is not None:
            yield _Track(stream, role, (stream.width, stream.height))


def _shots(container: Any, tracks: Mapping[str, _Track]) -> dict[str, list[Shot]]:
    """Every packet with a picture as a shot, on the device's clock."""
    roles = {track.stream.index: track.role for track in tracks.values()}
    offset = int(container.metadata.get("K4A_START_OFFSET_NS", 0))
    found: dict[str, list[Shot]] = {role: [] for role in tracks}
    for packet in container.demux():
        role = roles.get(packet.stream.index)
        if role is not None and packet.pts is not None and packet.size:
            stamp = offset + round(packet.pts * packet.time_base * 10**9)
            found[role].append(Shot(stamp, f"{role}[{len(found[role])}]", packet.pts))
    return {role: shots for role, shots in found.items() if shots}


def _rig(path: Path, container: Any, tracks: Mapping[str, _Track]) -> Rig:
    """From the attached calibration; the common frame is the depth camera's."""
    attached = [each.data for each in container.streams if each.type == "attachment" and "calibration" in each.name]
    if not attached:
        raise need_rig(path, _FORM, sorted(tracks))
    cameras = json.loads(attached[0].rstrip(b"\0"))["CalibrationInformation"]["Cameras"]
    known = {camera["Purpose"].removeprefix("CALIBRATION_CameraPurpose"): camera for camera in cameras}
    models, poses = {}, {}
    for role, track in tracks.items():
        values = known["PhotoVideo" if role == "color" else "Depth"]
        models[role] = camera_of(values, track.size, role == "color")
        R, t = values["Rt"]["Rotation"], values["Rt"]["Translation"]
        poses[role] = transforms.from_rotation_translation(np.reshape(R, (3, 3)), t)
    serial = container.metadata.get("K4A_DEVICE_SERIAL_NUMBER", "unknown")
    return Rig(models, poses, {"source": f"calibration of Azure Kinect {serial} in {path.name}"})


def camera_of(values: Mapping[str, Any], size: tuple[int, int], color: bool) -> CameraModel:
    """The camera of a sensor's entry in calibration.json for pictures of a size.

    ModelParameters are cx, cy, fx, fy as shares of the sensor's size, k1–k6, two that are 0, and p2, p1. The SDK counts
    pixels from their corners, hence the half.
    """
    width, height = size
    if color:  # scaled to the width; 16:9 pictures are the middle of 4:3 ones
        full = width, round(width * 3 / 4)
        left, top = 0, (full[1] - height) // 2
    elif size in _CUT:
        side, left, top = _CUT[size]
        full = side, side
    else:
        raise BagError(f"Azure Kinect has no depth mode of {width}×{height}")
    cx, cy, fx, fy, k1, k2, k3, k4, k5, k6, _, _, p2, p1 = values["Intrinsics"]["ModelParameters"]
    lens = k1, k2, p1, p2, k3, k4, k5, k6
    principal = cx * full[0] - left - 0.5, cy * full[1] - top - 0.5
    return CameraModel(width, height, fx * full[0], fy * full[1], *principal, lens, "brown_conrady")
