"""MCAP files of others: with Foxglove's schemas, in both encodings, and bare ones of ROS 2."""

import base64
import contextlib
import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import make_reader

from depthkit import transforms
from depthkit.bag import Bag
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError
from depthkit.recordings import open_recording, protobuf
from depthkit.recordings.mcap_files import foreign_profile
from tests.bag_frames import record
from tests.test_recordings_ros import PERIOD, PINHOLE, POSE, START, foreign, noise, steps, stereo, survive


@pytest.fixture(scope="module")
def robot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_robot(tmp_path_factory.mktemp("foxglove") / "robot.mcap", 5)


def write_robot(path: Path, count: int) -> Path:
    """Depth as RawImage and colour as PNG, placed by transforms: written by Foxglove's own SDK."""
    foxglove = pytest.importorskip("foxglove", reason="the Foxglove SDK is not installed")
    messages: Any = pytest.importorskip("foxglove.messages")
    channels: Any = pytest.importorskip("foxglove.channels")
    with foxglove.open_mcap(path):
        calibration = {"width": 8, "height": 6, "K": PINHOLE.K.ravel().tolist(), "R": np.eye(3).ravel().tolist()}
        calibration |= {
            "P": np.column_stack([PINHOLE.K, np.zeros(3)]).ravel().tolist(),
            "distortion_model": "plumb_bob",
        }
        for name in ("depth", "color"):
            channel = channels.CameraCalibrationChannel(f"/{name}/calibration")
            channel.log(messages.CameraCalibration(frame_id=name, D=[0.0] * 5, **calibration))
        w, x, y, z = transforms.quaternion_from_rotation(POSE[:3, :3]).tolist()
        turn, move = (
            messages.Quaternion(x=x, y=y, z=z, w=w),
            messages.Vector3(**dict(zip("xyz", POSE[:3, 3], strict=True))),
        )
        each = {"parent_frame_id": "depth", "child_frame_id": "color", "translation": move, "rotation": turn}
        transform = messages.FrameTransform(**each)
        channels.FrameTransformsChannel("/tf").log(messages.FrameTransforms(transforms=[transform]))
        depth, color = channels.RawImageChannel("/depth/image"), channels.CompressedImageChannel("/color/image")
        for i in range(count):
            stamp = messages.Timestamp(*divmod(START + i * PERIOD, 10**9))
            shape = {"width": 8, "height": 6, "step": 16, "encoding": "16UC1", "data": steps(i).tobytes()}
            depth.log(messages.RawImage(timestamp=stamp, frame_id="depth", **shape), log_time=START + i)
            png = cv2.imencode(".png", noise(i, channels=3))[1].tobytes()
            picture = messages.CompressedImage(timestamp=stamp, frame_id="color", format="png", data=png)
            color.log(picture, log_time=START + i)
    return path


def test_foxglove_sdk(robot: Path) -> None:
    with foreign(robot) as recording:
        assert recording.info().form == "Foxglove MCAP"
        for i, frames in enumerate(recording):
            assert frames.stamp_device_ns == START + i * PERIOD
            assert frames.depth is not None
            np.testing.assert_allclose(frames.depth.depth[1:], steps(i)[1:] / 1000, rtol=1e-6)
            assert np.array_equal(frames.image("color"), noise(i, channels=3)[..., ::-1])
        assert recording.ledger().unreadable == {}
        assert recording[2].stamp_device_ns == START + 2 * PERIOD
        assert recording.rig.camera("depth") == PINHOLE
        np.testing.assert_allclose(recording.rig.T("depth", "color"), POSE, atol=1e-12)


def test_foxglove_json(shared_data: Path) -> None:
    """A real file of the Lichtblick project, whose calibration is for other pictures than it holds.

    Of its two calibrations of one frame the first is of a lens we know.
    """
    file = shared_data / "bags" / "lichtblick_custom-camera-model.mcap"
    with foreign(file) as recording:
        camera = recording.rig.camera("camera")
        assert (camera.fx, camera.cx, camera.cy, camera.distortion) == (800, 320, 240, (-0.2, 0.1, 0, 0, 0))
        assert list(recording) == []
        assert "520×360 but the rig's 'camera' camera 640×480" in recording.ledger().unreadable[9]
    rig = Rig({"color": CameraModel(520, 360, 500, 500, 260, 180)})
    with foreign(file, rig=rig, topics={"color": "/image/compressed"}) as recording, file.open("rb") as stream:
        messages = [
            json.loads(message.data) for _, _, message in make_reader(stream).iter_messages("/image/compressed")
        ]
        assert len(messages) == len(list(recording)) == 10
        for values, frames in zip(messages, recording, strict=True):
            assert frames.stamp_device_ns == values["timestamp"]["sec"] * 10**9
            jpeg = np.frombuffer(base64.b64decode(values["data"]), np.uint8)
            bgr = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
            assert bgr is not None
            assert np.array_equal(frames.image("color"), bgr[..., ::-1])


def test_damaged_foxglove(robot: Path, tmp_path: Path) -> None:
    data, path = robot.read_bytes(), tmp_path / "rotten.mcap"
    rng = np.random.default_rng(3)
    for _ in range(60):
        rotten = np.frombuffer(data, np.uint8).copy()
        rotten[rng.integers(0, len(data), 20)] = rng.integers(0, 256, 20)
        path.write_bytes(rotten.tobytes())
        survive(path)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    for name in ("foxglove.RawImage", "foxglove.CameraCalibration", "foxglove.FrameTransforms"):
        with contextlib.suppress(ValueError, TypeError, AttributeError, OverflowError, struct.error):
            protobuf.read(name, data)


def test_bare_mcap_of_ros(tmp_path: Path) -> None:
    (file,) = stereo(tmp_path, "mcap", 4).glob("*.mcap")
    with foreign(file) as recording:
        assert len(list(recording)) == 3


def test_our_own_are_bags(tmp_path: Path) -> None:
    record(tmp_path / "own.mcap", 2)
    with open_recording(tmp_path / "own.mcap") as bag:
        assert isinstance(bag, Bag)
    data = (tmp_path / "own.mcap").read_bytes()
    (tmp_path / "own.mcap").write_bytes(data[:-100])
    assert foreign_profile(tmp_path / "own.mcap") is None  # cut off: left to Bag, which knows what to do


def test_a_foreign_file_without_pictures(tmp_path: Path) -> None:
    foxglove = pytest.importorskip("foxglove", reason="the Foxglove SDK is not installed")
    with foxglove.open_mcap(tmp_path / "log.mcap"):
        foxglove.log("/words", {"text": "hello"})
    with pytest.raises(BagError, match="holds no pictures of ROS or Foxglove; it has /words"):
        open_recording(tmp_path / "log.mcap")
