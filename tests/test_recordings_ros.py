"""ROS recordings of each kind, written with the rosbags library, and a real one of librealsense."""

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from depthkit import transforms
from depthkit.cameras import CameraModel, Rig
from depthkit.codec import rvl
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings import Recording, open_recording, pixels, topics
from tests.ros_recordings import KINDS, Kind, RosWriter

CAMERA = CameraModel(8, 6, 9.0, 9.5, 3.5, 2.5, (0.1, -0.02, 1e-3, -1e-3, 0.0), "brown_conrady")
PINHOLE = replace(CAMERA, distortion=(), model="pinhole")
POSE = transforms.from_rotation_translation(transforms.rotation_from_vector([0.1, -0.2, 0.3]), [0.01, 0.02, 0.03])
START, PERIOD = 1_600_000_000_000_000_123, 33_333_333


def noise(i: int, dtype: Any = np.uint8, channels: int = 1) -> NDArray[Any]:
    shape = (6, 8) if channels == 1 else (6, 8, channels)
    return np.random.default_rng(i).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def foreign(path: Path, **wishes: Any) -> Recording:
    recording = open_recording(path, **wishes)
    assert isinstance(recording, Recording)
    return recording


def stereo(folder: Path, kind: Kind, count: int) -> Path:
    """A raw stereo pair whose geometry is in R and P alone, as ROS's camera_calibration leaves it."""
    with RosWriter(folder, kind) as writer:
        R_left, R_right = (transforms.rotation_from_vector(v) for v in ([0.01, 0.02, 0], [-0.02, 0.01, 0.03]))
        P = np.column_stack([PINHOLE.K, [-9.0 * 0.12, 0, 0]])
        writer.info("/stereo/left/camera_info", "cam", CAMERA, "plumb_bob", R_left)
        writer.info("/stereo/right/camera_info", "cam", CAMERA, "plumb_bob", R_right, P)
        for i in range(count):
            stamp = START + i * PERIOD
            writer.image("/stereo/left/image_raw", "cam", stamp, noise(i), "mono8", pad=3)
            if i != 2:
                writer.image(
                    "/stereo/right/image_raw", "cam", stamp + 1000, noise(100 + i, np.uint16), "16UC1", big=True
                )
    return writer.path


@pytest.mark.parametrize("kind", KINDS)
def test_stereo(tmp_path: Path, kind: Kind) -> None:
    with foreign(stereo(tmp_path, kind, 30)) as recording:
        assert [frames.sequence for frames in recording] == [i for i in range(30) if i != 2]
        for frames in [*recording, recording[-1], recording[3], recording[20], recording[4]]:
            i = frames.sequence
            assert frames.stamp_device_ns == START + i * PERIOD
            assert np.array_equal(frames.image("left"), noise(i))
            assert np.array_equal(frames.image("right"), noise(100 + i, np.uint16))
        why = "no right: nothing within the tolerance"
        assert recording.ledger().left_over == {"left": {"/stereo/left/image_raw[2]": why}}
        assert recording.info().gaps == ((1, 1),)
        assert [recording.seek(seconds) for seconds in (0, 0.03, 0.05, 9)] == [0, 1, 2, 29]
        assert [frames.sequence for frames in recording.frames(27)] == [28, 29]
        assert recording.rig.left == CAMERA
        # R and P say it so: a rectified point is R_left p_left, and the right one sees it 12 cm further left.
        p = np.array([0.3, -0.2, 2.0])
        rectified = transforms.rotation_from_vector([0.01, 0.02, 0]) @ p - [0.12, 0, 0]
        right = transforms.rotation_from_vector([-0.02, 0.01, 0.03]).T @ rectified
        np.testing.assert_allclose(transforms.apply(recording.rig.T("right", "left"), p), right, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_depth_and_color_placed_by_tf(tmp_path: Path, kind: Kind) -> None:
    """Through a chain of frames; colour at half the rate; depth of 0, and depth in mm."""
    T_base_depth, T_base_color = POSE, POSE @ POSE
    with RosWriter(tmp_path, kind) as writer:
        writer.transform("/tf", "base", "color_optical", POSE)  # older than and overruled by /tf_static
        writer.transform("/tf_static", "base", "depth_optical", T_base_depth)
        writer.transform("/tf_static", "base", "arm", T_base_color @ transforms.inverse(POSE))
        writer.transform("/tf_static", "arm", "color_optical", POSE)
        writer.info("/camera/depth/camera_info", "depth_optical", PINHOLE, "plumb_bob")
        writer.info("/camera/color/camera_info", "color_optical", CAMERA, "plumb_bob")
        for i in range(6):
            writer.image("/camera/depth/image_rect_raw", "depth_optical", START + i * PERIOD, steps(i), "16UC1")
            if i % 2 == 0:
                stamp = START + i * PERIOD + 5_000_000
                writer.image("/camera/color/image_raw", "color_optical", stamp, noise(i, channels=3), "bgr8")
    with foreign(writer.path) as recording:
        assert recording.ledger().pictures == {"depth": 6, "color": 3}
        for i, frames in enumerate(recording):
            assert frames.depth is not None
            assert np.array_equal(frames.depth.measured, steps(i) > 0)
            np.testing.assert_allclose(frames.depth.depth[0, 1:], steps(i)[0, 1:] / 1000, rtol=1e-6)
            assert set(frames.images) == ({"color"} if i % 2 == 0 else set())
            if frames.images:
                assert np.array_equal(frames.image("color"), noise(i, channels=3)[..., ::-1])
        expected = transforms.inverse(T_base_color) @ T_base_depth
        np.testing.assert_allclose(recording.rig.T("color", "depth"), expected, atol=1e-12)


def test_two_clocks(tmp_path: Path) -> None:
    """The recorder's clock counts 1 ms a message: 5 ms a frame, which is 33.3 ms on the device's."""
    with RosWriter(tmp_path, "mcap") as writer:
        for i in range(50):
            for topic, late in (("depth", 0), ("rgb", 2_000_000 + 100_000 * i), ("ir", 40_000_000)):
                writer.image(f"/{topic}/image", topic, START + i * PERIOD + late, steps(i), "16UC1")
            writer.info("/depth/camera_info", "depth", PINHOLE, "plumb_bob")
            writer.info("/rgb/camera_info", "depth", PINHOLE, "plumb_bob")
    rig = Rig(dict.fromkeys(("depth", "color", "ir"), PINHOLE))
    with foreign(writer.path, rig=rig, tolerance=0.007) as recording:
        info, frames = recording.info(), list(recording)
    assert info.lags.keys() == {"color", "ir"}
    color, ir = info.lags["color"], info.lags["ir"]
    assert (sum(color.lags), sum(ir.lags)) == (50, 49)
    assert (color.edges_ms[0], color.edges_ms[-1]) == pytest.approx((2, 6.9))
    assert sum(ir.edges_ms) / len(ir.edges_ms) == pytest.approx(40 - PERIOD / 1e6)
    assert info.ledger.left_over == {"ir": {"/ir/image[49]": "before or after the other stream"}}
    assert info.clocks is not None
    assert info.clocks.rate_ppm == pytest.approx((5_000_000 / PERIOD - 1) * 1e6)
    assert info.clocks.offset_ns == 1_700_000_000_001_000_000 - START
    assert [each.stamp_host_ns - frames[0].stamp_host_ns for each in frames] == [5_000_000 * i for i in range(50)]


def steps(i: int) -> NDArray[np.uint16]:
    values = np.full((6, 8), 1500 + i, np.uint16)
    values[0, 0] = 0
    return values


@pytest.mark.parametrize("kind", ["ros1", "sqlite"])
def test_compressed(tmp_path: Path, kind: Kind) -> None:
    inverse = np.array([[0, 500, 1000]], np.uint16)
    header = struct.pack("<iff", 0, 1000.0, 100.0)
    with RosWriter(tmp_path, kind) as writer:
        writer.info("/a/depth/camera_info", "f", PINHOLE, "plumb_bob")
        writer.info("/a/rgb/camera_info", "f", CAMERA, "plumb_bob")
        for i in range(2):
            topic, png = "/a/depth/image_raw/compressedDepth", cv2.imencode(".png", steps(i))[1].tobytes()
            size = struct.pack("<ii", *steps(i).shape[::-1])
            coded = png if i else size + rvl.encode(steps(i))
            form = "16UC1; compressedDepth " + ("png" if i else "rvl")
            writer.compressed(topic, "f", START + i * PERIOD, form, bytes(12) + coded)
            png = cv2.imencode(".png", noise(i, channels=3))[1].tobytes()
            writer.compressed("/a/rgb/image_raw/compressed", "f", START + i * PERIOD, "bgr8; png compressed bgr8", png)
            writer.image("/a/rgb/image_raw", "f", START + i * PERIOD, noise(i, channels=3), "bgr8")
        writer.compressed(topic, "f", START + 2 * PERIOD, "16UC1; compressedDepth rvl", bytes(20))
        writer.compressed(topic, "f", START + 3 * PERIOD, "16UC1; compressedDepth png", bytes(12) + png[:40])
    compressed = {"depth": topic, "color": "/a/rgb/image_raw/compressed"}
    with foreign(writer.path, topics=compressed) as recording, foreign(writer.path) as raw:
        assert "/a/rgb/image_raw/compressed" in raw.ledger().ignored
        assert recording.digest() == raw.digest()
        assert len(list(recording)) == 2
        assert np.array_equal(recording[1].image("color"), noise(1, channels=3)[..., ::-1])
        assert "0×0 px" in recording.ledger().unreadable[2]
        assert recording.ledger().unreadable.keys() == {2, 3}
    metres = pixels.compressed("32FC1; compressedDepth png", header + cv2.imencode(".png", inverse)[1].tobytes())
    np.testing.assert_allclose(metres, [[np.nan, 2.5, 1000 / 900]], rtol=1e-6)


@pytest.mark.parametrize(
    ("encoding", "coded", "expected"),
    [
        ("rgba8", [[[1, 2, 3, 9]]], [[[1, 2, 3]]]),
        ("bgra8", [[[1, 2, 3, 9]]], [[[3, 2, 1]]]),
        ("8UC3", [[[1, 2, 3]]], [[[3, 2, 1]]]),
        ("uyvy", [[[128, 100], [128, 100]]], [[[98, 98, 98]] * 2]),
        ("yuv422_yuy2", [[[100, 128], [100, 128]]], [[[98, 98, 98]] * 2]),
        ("bayer_rggb8", [[200, 100] * 4, [100, 50] * 4] * 4, [[[200, 100, 50]] * 8] * 8),
        ("bayer_bggr8", [[50, 100] * 4, [100, 200] * 4] * 4, [[[200, 100, 50]] * 8] * 8),
        ("bayer_gbrg8", [[100, 50] * 4, [200, 100] * 4] * 4, [[[200, 100, 50]] * 8] * 8),
        ("bayer_grbg8", [[100, 200] * 4, [50, 100] * 4] * 4, [[[200, 100, 50]] * 8] * 8),
    ],
)
def test_encodings(encoding: str, coded: list[Any], expected: list[Any]) -> None:
    data = np.array(coded, np.uint8)
    height, width = data.shape[:2]
    image = pixels.raw(encoding, height, width, data.nbytes // height, False, data.ravel())
    assert image.tolist() == expected


def test_what_cannot_be_shown() -> None:
    with pytest.raises(BagError, match="'hdr9' is not known"):
        pixels.raw("hdr9", 1, 1, 1, False, np.zeros(1, np.uint8))


@pytest.mark.parametrize(
    ("topic", "role"),
    [
        ("/camera/aligned_depth_to_color/image_raw", "depth"),
        ("/camera/infra1/image_rect_raw", "left"),
        ("/device_0/sensor_0/Infrared_2/image/data", "right"),
        ("/cam0/image_raw", "left"),
        ("/camera/rgb/image_color", "color"),
        ("/ir/image", "ir"),
        ("/usb_cam/image_raw/compressed", "usb_cam"),
        ("/bright/image_raw", "bright"),
    ],
)
def test_roles(topic: str, role: str) -> None:
    assert topics.role(topic) == role


def test_surplus_bytes(tmp_path: Path) -> None:
    """Some versions of librealsense leave four behind each image."""
    with RosWriter(tmp_path, "ros1", surplus=4) as writer:
        writer.info("/left/camera_info", "f", CAMERA, "plumb_bob")
        writer.image("/left/image_raw", "f", START, noise(1), "mono8")
    with foreign(writer.path) as recording:
        assert np.array_equal(recording[0].image("left"), noise(1))


@pytest.mark.parametrize("tolerance", [None, 0.11])
def test_librealsense(shared_data: Path, tolerance: float | None) -> None:
    """Its colour image is 102 ms from the nearest depth, more than half of the period of 6 fps.

    The figures of the rig are what pyrealsense2 2.59 says of this file.
    """
    file = shared_data / "bags" / "librealsense_single_depth_color_640x480.bag"
    with foreign(file, tolerance=tolerance) as recording:
        frames = list(recording)
        assert len(frames) == 2
        assert [set(each.images) for each in frames] == [{"color"} if tolerance else set(), set()]
        assert len(recording.ledger().left_over) == (0 if tolerance else 1)
        assert frames[0].stamp_device_ns == 360_815_089_000
        assert frames[0].depth is not None
        assert 1.4 < np.nanmedian(frames[0].depth.depth) < 1.6
        assert recording.rig.camera("depth").fx == pytest.approx(390.431, abs=1e-3)
        T = recording.rig.T("color", "depth")
        np.testing.assert_allclose(T[:3, 3], [0.0143113, 0.000602306, 0.000610804], rtol=1e-5)
        by_columns = [0.999863, 0.0103087, -0.012927, -0.01031, 0.999947, -3.97579e-05, 0.0129259, 0.00017303, 0.999916]
        np.testing.assert_allclose(T[:3, :3].T.ravel(), by_columns, atol=1e-6)


def test_librealsense_db3() -> None:
    """A file that pyrealsense2 2.59 wrote from a made-up device: half millimetres, a pose, stamps 33.3 ms apart."""
    with foreign(Path(__file__).parent / "data" / "librealsense_2.59.db3") as recording:
        assert len(recording) == 5
        for k, frames in enumerate(recording):
            assert frames.stamp_device_ns == 1_000_000_000 + 33_300_000 * k
            assert frames.depth is not None
            np.testing.assert_allclose(frames.depth.depth, (2000 + k) * 0.0005, rtol=1e-6)
            assert np.array_equal(np.unique(frames.image("color").reshape(-1, 3), axis=0), [[30 + k, 20, 10]])
        assert recording.ledger().unreadable == {}
        assert recording.rig.camera("depth") == CameraModel(64, 48, 50, 50, 31.5, 23.5)
        expected = np.array([[0.8, -0.6, 0, 0.01], [0.6, 0.8, 0, 0.02], [0, 0, 1, 0.03], [0, 0, 0, 1]])
        np.testing.assert_allclose(recording.rig.T("color", "depth"), expected, atol=1e-6)


def test_cameras_that_are_nowhere(tmp_path: Path) -> None:
    with RosWriter(tmp_path, "ros1") as writer:
        for side in ("left", "right"):
            writer.info(f"/{side}/camera_info", side, CAMERA, "plumb_bob")
            writer.image(f"/{side}/image_raw", side, START, noise(1), "mono8")
    with pytest.raises(CalibrationError, match="where its right camera"):
        open_recording(writer.path)
    rig = Rig.stereo(CAMERA, CAMERA, transforms.from_rotation_translation(np.eye(3), [-0.1, 0, 0]))
    with foreign(writer.path, rig=rig) as recording:
        assert recording.rig is rig
    with pytest.raises(BagError, match=r"no pictures on /up; they are on /left/image_raw"):
        open_recording(writer.path, topics={"left": "/up"})


@pytest.mark.parametrize(
    ("lens", "distortion", "model"),
    [
        ("plumb_bob", (0.0,) * 5, "pinhole"),
        ("equidistant", (0.1, 0.2, 0.3, 0.4), "fisheye"),
        ("rational_polynomial", (0.1,) * 8, "brown_conrady"),
        ("Inverse Brown Conrady", (0.1,) * 5, None),
    ],
)
def test_lenses(tmp_path: Path, lens: str, distortion: tuple[float, ...], model: str | None) -> None:
    with RosWriter(tmp_path, "mcap") as writer:
        camera = replace(PINHOLE, distortion=distortion, model="fisheye" if len(distortion) == 4 else "brown_conrady")
        writer.info("/left/camera_info", "f", camera, lens)
        writer.image("/left/image_raw", "f", START, noise(1), "mono8")
    if model is None:
        with pytest.raises(CalibrationError, match="Inverse Brown Conrady"):
            open_recording(writer.path)
    else:
        with foreign(writer.path) as recording:
            assert recording.rig.left.model == model


@pytest.mark.parametrize(
    "name", ["ros1_turtlesim/example-bz2.bag", "ros2_rosbag2/mcap/wbag", "ros2_rosbag2/sqlite3/talker"]
)
def test_recordings_without_pictures(shared_data: Path, name: str) -> None:
    with pytest.raises(BagError, match="holds no pictures; its topics are"):
        open_recording(shared_data / "bags" / name)


@pytest.mark.parametrize("kind", KINDS)
def test_cut_off_and_scrambled(tmp_path: Path, kind: Kind) -> None:
    """Wherever the file ends or rots, the worst that happens is a BagError or a frame less."""
    whole = stereo(tmp_path, kind, 4)
    file = next(each for each in [whole, *whole.glob("*")] if each.suffix in (".bag", ".db3", ".mcap"))
    data = file.read_bytes()
    rng = np.random.default_rng(7)
    for cut in (0, 10, len(data) // 3, len(data) // 2, len(data) - 5):
        file.write_bytes(data[:cut])
        survive(whole)
    for _ in range(30):
        rotten = np.frombuffer(data, np.uint8).copy()
        rotten[rng.integers(0, len(data), 20)] = rng.integers(0, 256, 20)
        file.write_bytes(rotten.tobytes())
        survive(whole)


def survive(path: Path, **wishes: Any) -> None:
    try:
        with foreign(path, **wishes) as recording:
            read = len(list(recording))
            assert read + len(recording.ledger().unreadable) == len(recording)
    except (BagError, CalibrationError):
        pass
