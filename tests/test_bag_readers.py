"""Other people's readers open a recording as it is: the mcap library, rosbags, and CDR read by hand."""

import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import NonSeekingReader, make_reader
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from depthkit import transforms
from depthkit.bag import BagWriter, ros
from depthkit.cameras import CameraModel, Rig
from depthkit.types import DepthImage, FrameSet
from tests.bag_frames import COLOR, DEPTH, HOST0, LEFT, PERIOD, RIG, RIGHT, Cdr, frame_set, record

COUNT = 4
IMAGES = {"left": "mono8", "right": "mono16", "color": "rgb8"}
DEPTH_IMAGES = {"image_rect": "32FC1", "reason": "mono16", "confidence": "32FC1"}
TOPICS = {
    *(f"/{role}/{name}" for role in IMAGES for name in ("image_raw", "camera_info")),
    *(f"/depth/{name}" for name in (*DEPTH_IMAGES, "camera_info")),
    "/imu",
    "/tf_static",
    "/depthkit/frame",
}
SAMPLES = [1 + i % 3 for i in range(COUNT)]  # of the IMU, in each of the frames


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bag") / "walk.mcap"
    record(path, COUNT)
    return path


def test_container(recording: Path) -> None:
    """A ROS 2 MCAP: ROS tools refuse a file with any other encoding in it."""
    with recording.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        assert reader.get_header().profile == "ros2"
        summary = reader.get_summary()
        assert summary is not None
        assert summary.statistics is not None
        assert {channel.topic for channel in summary.channels.values()} == TOPICS
        assert {channel.message_encoding for channel in summary.channels.values()} == {"cdr"}
        assert {schema.encoding for schema in summary.schemas.values()} == {"ros2msg"}
        assert summary.statistics.message_count == COUNT * 11 + 1 + sum(SAMPLES)
        (metadata,) = reader.iter_metadata()
    assert metadata.name == "depthkit"
    assert Rig.from_dict(json.loads(metadata.metadata["rig"])).digest() == RIG.digest()


@pytest.mark.parametrize("seeking", [True, False])
def test_times_and_pairing(recording: Path, seeking: bool) -> None:
    """log_time is the host's stamp, publish_time the device's, sequence the frame: in the index and in the stream."""
    data = io.BytesIO(recording.read_bytes())
    reader = make_reader(data, validate_crcs=True) if seeking else NonSeekingReader(data, validate_crcs=True)
    seen = []
    for _, channel, message in reader.iter_messages():
        frame = frame_set(message.sequence)
        assert (message.log_time, message.publish_time) == (frame.stamp_host_ns, frame.stamp_device_ns)
        if channel.topic != "/tf_static":
            seen.append((channel.topic, message.sequence))
    frames = itertools.product(TOPICS - {"/tf_static", "/imu"}, range(COUNT))
    samples = [("/imu", i) for i in range(COUNT) for _ in range(SAMPLES[i])]
    assert sorted(seen) == sorted([*frames, *samples])


def test_images_through_rosbags(recording: Path) -> None:
    for role, encoding in IMAGES.items():
        messages = list(rosbags_messages(recording, f"/{role}/image_raw"))
        assert len(messages) == COUNT
        for i, message in enumerate(messages):
            assert message.encoding == encoding
            assert header(message) == (role, HOST0 + i * PERIOD)
            expected = frame_set(i).image(role)
            assert message.step == expected.strides[0]
            assert np.array_equal(as_array(message, expected.dtype), expected)


def test_depth_through_rosbags(recording: Path) -> None:
    for name, encoding in DEPTH_IMAGES.items():
        messages = list(rosbags_messages(recording, f"/depth/{name}"))
        assert len(messages) == COUNT
        for i, message in enumerate(messages):
            assert (message.encoding, message.header.frame_id) == (encoding, "depth")
            depth = frame_set(i).depth
            assert depth is not None
            expected = getattr(depth, {"image_rect": "depth"}.get(name, name))
            assert as_array(message, expected.dtype).tobytes() == expected.tobytes()


@pytest.mark.parametrize(("role", "camera"), [("left", LEFT), ("right", RIGHT), ("color", COLOR), ("depth", DEPTH)])
def test_calibration_through_rosbags(recording: Path, role: str, camera: CameraModel) -> None:
    infos = list(rosbags_messages(recording, f"/{role}/camera_info"))
    images = list(rosbags_messages(recording, f"/{role}/{'image_rect' if role == 'depth' else 'image_raw'}"))
    assert [header(each) for each in infos] == [header(each) for each in images]  # how ROS pairs them
    for info in infos:
        assert (info.width, info.height) == camera.size
        assert info.k.reshape(3, 3).tolist() == camera.K.tolist()
        assert info.p.reshape(3, 4)[:, :3].tolist() == camera.K.tolist()
        assert info.p.reshape(3, 4)[:, 3].tolist() == [0, 0, 0]
        assert info.r.reshape(3, 3).tolist() == np.eye(3).tolist()


@pytest.mark.parametrize(("camera", "frame"), [(DEPTH, "depth"), (LEFT, "left"), (replace(LEFT, fx=9.0), "depth")])
def test_the_frame_of_depth(tmp_path: Path, camera: CameraModel, frame: str) -> None:
    """Depth is seen from the rig's camera that it shares its model with, and from one of its own if there is none."""
    zeros = np.zeros(camera.size[::-1], np.float32)
    depth = DepthImage(zeros, zeros.astype(np.uint16), zeros, camera)
    with BagWriter(tmp_path / "depth.mcap", RIG) as writer:
        writer.write(FrameSet({}, RIG, depth=depth))
    (message,) = rosbags_messages(tmp_path / "depth.mcap", "/depth/image_rect")
    assert message.header.frame_id == frame


def test_transforms_through_rosbags(recording: Path) -> None:
    """Each transform maps a camera's points into the rig's frame, as ROS's tf means it."""
    (message,) = rosbags_messages(recording, "/tf_static")
    assert RIG.T_imu_rig is not None
    placed = {**RIG.T_camera_rig, "imu": RIG.T_imu_rig}
    assert {each.child_frame_id for each in message.transforms} == set(placed)
    for each in message.transforms:
        assert each.header.frame_id == "rig"
        q, t = each.transform.rotation, each.transform.translation
        R = transforms.rotation_from_quaternion([q.w, q.x, q.y, q.z])
        T_rig_camera = transforms.from_rotation_translation(R, [t.x, t.y, t.z])
        np.testing.assert_allclose(T_rig_camera @ placed[each.child_frame_id], np.eye(4), atol=1e-12)


def test_imu_through_rosbags(recording: Path) -> None:
    """Stamps of samples are as far before the image's as they are on the device's clock; orientation is not known."""
    messages = rosbags_messages(recording, "/imu")
    for frame in map(frame_set, range(COUNT)):
        felt = frame.imu
        assert felt is not None
        for i in range(len(felt)):
            message = next(messages)
            before = frame.stamp_device_ns - int(felt.stamps_ns[i])
            assert header(message) == ("imu", frame.stamp_host_ns - before)
            turn, push = message.angular_velocity, message.linear_acceleration
            assert [turn.x, turn.y, turn.z] == felt.angular_velocity[i].tolist()
            assert [push.x, push.y, push.z] == felt.acceleration[i].tolist()
            assert message.orientation_covariance[0] == -1
    assert next(messages, None) is None


def test_frame_records_through_rosbags(recording: Path) -> None:
    for i, message in enumerate(rosbags_messages(recording, "/depthkit/frame")):
        record = json.loads(message.data)
        frame = frame_set(i)
        assert record["index"] == record["sequence"] == i
        assert record["stamps_ns"] == {"device": frame.stamp_device_ns, "host": frame.stamp_host_ns}
        assert record["images"] == IMAGES
        assert CameraModel.from_dict(record["depth"]["camera"]) == DEPTH
        assert record["meta"] == {"exposure_us": 100 + i}


@pytest.mark.parametrize("kind", [ros.IMAGE, ros.CAMERA_INFO, ros.TRANSFORMS, ros.IMU, ros.TEXT])
@pytest.mark.parametrize("release", [Stores.ROS2_FOXY, Stores.ROS2_HUMBLE, Stores.ROS2_JAZZY])
def test_definitions_parse_back(kind: str, release: Stores) -> None:
    """The text in the file gives the very types of each ROS 2 release, by ROS's own hash."""
    store = get_typestore(Stores.EMPTY)
    store.register(get_types_from_msg(ros.definition(kind).decode(), kind))
    assert store.hash_rihs01(kind) == get_typestore(release).hash_rihs01(kind)


def test_image_read_by_hand(recording: Path) -> None:
    with recording.open("rb") as file:
        for i, (_, _, message) in enumerate(make_reader(file).iter_messages(topics="/color/image_raw")):
            cdr, image = Cdr(message.data), frame_set(i).image("color")
            assert cdr.number("i") * 10**9 + cdr.number("I") == HOST0 + i * PERIOD
            assert cdr.string() == "color"
            assert (cdr.number("I"), cdr.number("I")) == image.shape[:2]
            assert (cdr.string(), cdr.number("B"), cdr.number("I")) == ("rgb8", 0, 30)
            assert cdr.bytes() == image.tobytes()


@pytest.mark.parametrize(
    ("model", "distortion", "name", "expected"),
    [
        ("pinhole", (), "plumb_bob", [0, 0, 0, 0, 0]),
        ("brown_conrady", (1, 2, 3, 4), "plumb_bob", [1, 2, 3, 4, 0]),
        ("brown_conrady", (1, 2, 3, 4, 5), "plumb_bob", [1, 2, 3, 4, 5]),
        ("brown_conrady", tuple(range(8)), "rational_polynomial", list(range(8))),
        ("brown_conrady", tuple(range(12)), "rational_polynomial", list(range(12))),
        ("fisheye", (1, 2, 3, 4), "equidistant", [1, 2, 3, 4]),
    ],
)
def test_lens_models_by_hand(model: str, distortion: tuple[float, ...], name: str, expected: list[float]) -> None:
    """ROS's names for the models, REP and sensor_msgs/distortion_models.hpp; d after the header and the size."""
    camera = CameraModel(640, 480, 500.0, 501.0, 319.5, 239.5, tuple(map(float, distortion)), model)
    cdr = Cdr(b"".join(ros.camera_info(camera, "eye", 1_000_000_002)))
    assert (cdr.number("i"), cdr.number("I"), cdr.string()) == (1, 2, "eye")
    assert (cdr.number("I"), cdr.number("I"), cdr.string()) == (480, 640, name)
    assert [cdr.number("d") for _ in range(cdr.number("I"))] == expected
    assert [cdr.number("d") for _ in range(9)] == [500, 0, 319.5, 0, 501, 239.5, 0, 0, 1]


def rosbags_messages(path: Path, topic: str) -> Iterator[Any]:
    """Messages read with the definitions in the file alone."""
    with AnyReader([path]) as reader:
        connections = [each for each in reader.connections if each.topic == topic]
        for connection, _, data in reader.messages(connections):
            yield reader.deserialize(data, connection.msgtype)


def header(message: Any) -> tuple[str, int]:
    stamp = message.header.stamp
    return message.header.frame_id, stamp.sec * 10**9 + stamp.nanosec


def as_array(message: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    shape = (
        (message.height, message.width, 3) if message.encoding.startswith("rgb") else (message.height, message.width)
    )
    array: NDArray[Any] = np.frombuffer(message.data.tobytes(), dtype).reshape(shape)
    return array
