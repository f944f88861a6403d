"""Azure Kinect's .mkv: a real one, the SDK's own figures for a calibration, and longer ones written with PyAV."""

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from depthkit import transforms
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError
from depthkit.recordings import open_recording
from depthkit.recordings.azure_kinect import camera_of
from tests.test_recordings_ros import foreign, noise, steps, survive

av: Any = pytest.importorskip("av", reason="PyAV is not installed: pip install 'depthkit[video]'")

CAMERA = CameraModel(8, 6, 9.0, 9.5, 3.5, 2.5)
RIG = Rig({"color": CAMERA, "depth": CAMERA})

# A device's calibration.json and what Microsoft's SDK made of it for 640×576 depth and 1920×1080 colour, as published
# by the project 3DReconstruct.
DEPTH = [
    0.5122697949409485, 0.49451231956481934, 0.4921168386936188, 0.4921667277812958, 3.1305770874023438,
    2.324939012527466, 0.1304156482219696, 3.458651542663574, 3.350114583969116, 0.6629416346549988, 0, 0,
    -0.0000511557373101823, 0.00008132171933539212,
]  # fmt: skip
COLOR = [
    0.4967627227306366, 0.5108628273010254, 0.470907062292099, 0.6274453997612, 0.7227460145950317,
    -2.8855903148651123, 1.6327226161956787, 0.6021990180015564, -2.7196261882781982, 1.565053105354309, 0, 0,
    -0.0001431911950930953, 0.0007828465895727277,
]  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "size", "is_color", "expected"),
    [
        (DEPTH, (640, 576), False, (503.927643, 503.978729, 332.064270, 325.880615)),
        (COLOR, (1920, 1080), True, (904.141541, 903.521362, 953.284424, 555.142456)),
    ],
)
def test_modes_are_the_sdks(
    parameters: list[float], size: tuple[int, int], is_color: bool, expected: tuple[float, ...]
) -> None:
    camera = camera_of({"Intrinsics": {"ModelParameters": parameters}}, size, is_color)
    np.testing.assert_allclose((camera.fx, camera.fy, camera.cx, camera.cy), expected, rtol=1e-6)
    k1, k2, k3, k4, k5, k6 = parameters[4:10]
    assert camera.distortion == (k1, k2, parameters[13], parameters[12], k3, k4, k5, k6)


@pytest.mark.parametrize(("half", "full"), [((320, 288), (640, 576)), ((512, 512), (1024, 1024))])
def test_binned_modes_see_the_same(half: tuple[int, int], full: tuple[int, int]) -> None:
    binned, whole = (camera_of({"Intrinsics": {"ModelParameters": DEPTH}}, size, False) for size in (half, full))
    assert (whole.fx, whole.fy) == pytest.approx((2 * binned.fx, 2 * binned.fy))
    # Two by two pixels are one, whose centre is between theirs.
    assert (whole.cx + 0.5, whole.cy + 0.5) == pytest.approx((2 * (binned.cx + 0.5), 2 * (binned.cy + 0.5)))


def test_a_real_recording(shared_data: Path) -> None:
    folder = shared_data / "tof" / "azure_kinect"
    with foreign(folder / "recording.mkv") as recording:
        (frames,) = recording
        assert frames.image("color").shape == (720, 1280, 3)
        assert frames.image("ir").dtype == np.uint16
        assert frames.depth is not None
        assert 1.4 < np.nanmedian(frames.depth.depth) < 1.6  # the wrong order of bytes would give tens of metres
        assert frames.stamp_device_ns == (336_277 + 463_945) * 1000
        rt = json.loads((folder / "calibration.json").read_text())["CalibrationInformation"]["Cameras"][1]["Rt"]
        T = recording.rig.T("color", "depth")
        np.testing.assert_allclose(T[:3, :3].ravel(), rt["Rotation"], atol=1e-6)
        np.testing.assert_allclose(T[:3, 3], rt["Translation"], atol=1e-9)


def test_depth_and_color_see_the_same_edges(shared_data: Path) -> None:
    """Calibration, extrinsics and lens together: edges of depth, seen from the colour camera, lie on its edges."""
    with foreign(shared_data / "tof" / "azure_kinect" / "recording.mkv") as recording:
        frames, rig = recording[0], recording.rig
    assert frames.depth is not None
    depth = frames.depth.depth
    behind = cv2.dilate(np.nan_to_num(depth, nan=0), np.ones((9, 9)))
    v, u = np.nonzero((behind - depth > 0.3) & (depth < 1.2))  # the cup, its handle, the edge of the table
    rays = np.column_stack([rig.camera("depth").unproject(np.column_stack([u, v])), np.ones(len(u))])
    points = transforms.apply(rig.T("color", "depth"), rays * depth[v, u, None])
    grey = cv2.GaussianBlur(cv2.cvtColor(frames.image("color"), cv2.COLOR_RGB2GRAY), (0, 0), 2)
    edges = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))

    def strength(*shift: int) -> float:
        at = np.rint(rig.camera("color").project(points) + np.array(shift))
        inside = np.all((at >= 0) & (at < rig.camera("color").size), axis=1)
        column, row = at[inside].astype(int).T
        return float(edges[row, column].mean())

    assert strength(0, 0) > 1.3 * max(strength(8, 0), strength(-8, 0), strength(0, 8), strength(0, -8))


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("mkv") / "long.mkv", 60)


def write_recording(path: Path, count: int) -> Path:
    """Frames of depth, colour for every other one, in the tracks and formats of the device."""
    with av.open(str(path), "w", format="matroska", options={"allow_raw_vfw": "1"}) as container:
        depth = container.add_stream("rawvideo", rate=30, width=8, height=6, pix_fmt="gray16be")
        color = container.add_mux_stream("mjpeg", width=8, height=6)
        depth.codec_context.time_base = Fraction(1, 1000)
        for stream, title in ((depth, "DEPTH"), (color, "COLOR")):
            stream.metadata["title"], stream.time_base = title, Fraction(1, 1000)
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(steps(i), format="gray16be")
            frame.pts, frame.time_base = 33 * i, Fraction(1, 1000)
            container.mux(depth.encode(frame))
            if i % 2 == 0:
                packet = av.Packet(jpeg(i))
                packet.stream, packet.pts, packet.dts, packet.time_base = color, 33 * i, 33 * i, Fraction(1, 1000)
                packet.is_keyframe = True
                container.mux(packet)
    return path


def jpeg(i: int) -> bytes:
    return cv2.imencode(".jpg", noise(i, channels=3))[1].tobytes()


def test_every_frame_by_order_and_by_number(long_recording: Path) -> None:
    with foreign(long_recording, rig=RIG) as recording:
        assert len(recording) == 60
        assert recording.ledger().pictures == {"depth": 60, "color": 30}
        for i, frames in [*enumerate(recording), *((i, recording[i]) for i in (59, 0, 31, 30, 58))]:
            assert frames.stamp_device_ns == 33_000_000 * i
            assert frames.depth is not None
            np.testing.assert_allclose(frames.depth.depth[1:], steps(i)[1:] / 1000, rtol=1e-6)
            assert set(frames.images) == ({"color"} if i % 2 == 0 else set())
            if frames.images:
                bgr = cv2.imdecode(np.frombuffer(jpeg(i), np.uint8), cv2.IMREAD_COLOR)
                assert bgr is not None
                assert np.array_equal(frames.image("color"), bgr[..., ::-1])
        assert recording.ledger().unreadable == {}
        assert recording.digest() == recording.digest()


def test_damaged(long_recording: Path, tmp_path: Path) -> None:
    data, path = long_recording.read_bytes(), tmp_path / "rotten.mkv"
    rng = np.random.default_rng(5)
    for cut in (0, 100, len(data) // 2):
        path.write_bytes(data[:cut])
        survive(path, rig=RIG)
    for _ in range(20):
        rotten = np.frombuffer(data, np.uint8).copy()
        rotten[rng.integers(0, len(data), 20)] = rng.integers(0, 256, 20)
        path.write_bytes(rotten.tobytes())
        survive(path, rig=RIG)


def test_without_pyav(long_recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BagError, match=r"pip install 'depthkit\[video\]'"):
        open_recording(long_recording)
