"""Every format of `convert`, read by someone else's reader, by our own, or by what its documentation says."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from mcap.reader import make_reader

from depthkit import exports, transforms
from depthkit.arrays import F64
from depthkit.bag import Bag, FrameDigest
from depthkit.cameras import CameraModel, Rig
from depthkit.exports import ConversionLedger, Format, convert
from depthkit.exports.nerfstudio import NerfstudioLayout
from depthkit.recordings import open_recording
from depthkit_calib import load_rig
from tests.rgbd_frames import CAMERA, PERIOD_NS, RIG, START_NS, Scripted, depth_image, frame, pose, steps, without

SCENES = "7scenes_0_199"


def converted(tmp_path: Path, form: Format, numbers: range | list[int] = range(4)) -> Path:
    convert(Scripted(map(frame, numbers)), tmp_path / form, form)
    return tmp_path / form


def pixels(file: Path) -> Any:
    image = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image if image.ndim == 2 else image[..., ::-1]


def sha256(array: Any) -> str:
    return hashlib.sha256(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes()).hexdigest()


# --- real data, file against file ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "color", "depth", "factor"),
    [("tum", "rgb", "depth", 5), ("open3d", "color", "depth", 1), ("folders", "color", "depth", 1),
     ("nerfstudio", "images", "depth", 1)],
)  # fmt: skip
def test_real_pictures_keep_every_pixel(
    shared_data: Path, tmp_path: Path, form: Format, color: str, depth: str, factor: int
) -> None:
    source = shared_data / "rgbd" / SCENES
    with open_recording(source) as recording:
        ledger = convert(recording, tmp_path / "out", form, start=20, frames=5, every=7)
    assert (ledger.frames.received, ledger.frames.written) == (5, 5)
    colors, depths = (sorted((tmp_path / "out" / folder).iterdir()) for folder in (color, depth))
    assert len(colors) == len(depths) == 5
    for i, number in enumerate(range(20, 55, 7)):
        original = f"{source}/frame-{number:06d}"
        assert sha256(pixels(colors[i])) == sha256(pixels(Path(f"{original}.color.jpg")))
        wanted = pixels(Path(f"{original}.depth.png")).astype(np.uint32)
        wanted = np.where((wanted == 65535) | (wanted * factor > 65535), 0, wanted * factor).astype(np.uint16)
        assert sha256(pixels(depths[i])) == sha256(wanted)


@pytest.mark.parametrize("form", ["tum", "open3d", "folders", "mcap"])
def test_our_own_readers_give_the_same_frames_back(tmp_path: Path, form: Format) -> None:
    with open_recording(converted(tmp_path, form)) as back:
        assert len(back) == 4
        for i, each in enumerate(back.frames()):
            assert np.array_equal(each.image("color"), frame(i).image("color"))
            assert each.depth is not None
            kept = steps(i) if form != "tum" else np.where(steps(i) > 13107, 0, steps(i))
            assert np.array_equal(np.nan_to_num(np.rint(each.depth.depth * 1000)).astype(np.uint16), kept)
            np.testing.assert_allclose(each.meta["T_world_camera"], pose(i), atol=1e-15)
            assert each.rig.camera("color") == each.rig.camera("depth") == CAMERA  # its lens too
            assert ("right" in each.images) == (form in ("folders", "mcap"))
            if "right" in each.images:
                assert np.array_equal(each.image("right"), frame(i).image("right"))  # 16 bits
            assert each.stamp_device_ns == (0 if form == "open3d" else frame(i).stamp_device_ns)


def test_rig_json_is_a_rig_file_for_all_commands(tmp_path: Path) -> None:
    rig = load_rig(converted(tmp_path, "folders") / "rig.json")
    assert rig.to_dict() == RIG.to_dict()


def test_depth_alone_is_read_back(tmp_path: Path) -> None:
    convert(Scripted([without(frame(0), "color", "right")]), tmp_path / "out", "folders")
    with open_recording(tmp_path / "out") as back:
        (only,) = back.frames()
        assert only.images == {}
        assert only.depth is not None
        assert np.array_equal(only.depth.measured, steps(0) > 0)


def test_a_rig_json_of_others_is_none_of_ours(tmp_path: Path) -> None:
    folder = converted(tmp_path, "open3d")
    (folder / "rig.json").write_text('{"name": "left hand"}')
    with open_recording(folder) as back:
        assert back.rig.camera("color").K.tolist() == CAMERA.K.tolist()  # of camera_intrinsic.json
        assert back.rig.camera("color").distortion == ()


def test_depth_of_no_camera_in_the_rig_gets_one(tmp_path: Path) -> None:
    rig = Rig({"left": CAMERA, "color": CAMERA}, {"color": transforms.from_rotation_translation(np.eye(3), [1, 2, 3])})
    small = CameraModel(32, 24, 20, 20, 16, 12)
    for name, camera, place in (("own", small, np.eye(4)), ("left", CAMERA, rig.T_camera_rig["left"])):
        each = Scripted([_with_rig(rig, camera)], rig)
        convert(each, tmp_path / name, "folders")
        back = load_rig(tmp_path / name / "rig.json")
        assert back.camera("depth") == camera
        assert np.array_equal(back.T_camera_rig["depth"], place)


def _with_rig(rig: Rig, camera: CameraModel) -> Any:
    given = without(frame(0), "right")
    return replace(given, rig=rig, depth=depth_image(np.full((24, 32), 2.0), camera))


# --- formats by themselves -------------------------------------------------------------------------------------------


def test_tum_lists(tmp_path: Path) -> None:
    folder = converted(tmp_path, "tum", [0, 1, 5])
    for name in ("rgb", "depth"):
        lines = [line.split() for line in (folder / f"{name}.txt").read_text().splitlines() if line[0] != "#"]
        assert [file for _, file in lines] == [f"{name}/{stamp}.png" for stamp, _ in lines]
        assert [int(stamp.replace(".", "")) for stamp, _ in lines] == [START_NS + i * PERIOD_NS for i in (0, 1, 5)]
        assert sorted(f"{name}/{file.name}" for file in (folder / name).iterdir()) == [file for _, file in lines]
    truth = np.loadtxt(folder / "groundtruth.txt")
    for i, (_, *t, qx, qy, qz, qw) in zip([0, 1, 5], truth, strict=True):
        R, _ = cv2.Rodrigues(pose(i)[:3, :3])
        angle = float(np.linalg.norm(R))
        wanted = [*(np.ravel(R) / angle * np.sin(angle / 2)), np.cos(angle / 2)]
        np.testing.assert_allclose(np.array([qx, qy, qz, qw]) * np.sign(qw * wanted[3]), wanted, atol=1e-12)
        np.testing.assert_allclose(t, pose(i)[:3, 3])


def test_frames_without_stamps_get_some(shared_data: Path, tmp_path: Path) -> None:
    """7-Scenes keeps none, and files called by them all would be one."""
    with open_recording(shared_data / "rgbd" / SCENES) as recording:
        ledger = convert(recording, tmp_path / "tum", "tum", frames=4)
    assert ledger.stamps_made_up == 3
    with open_recording(tmp_path / "tum") as back:
        assert [each.stamp_device_ns for each in back] == [0, 33333333, 66666666, 99999999]


def test_open3d_reads_its_folder(tmp_path: Path) -> None:
    o3d = pytest.importorskip("open3d", reason="Open3D, whose folder this is, is not installed or cannot be loaded")
    folder = converted(tmp_path, "open3d")
    camera = o3d.io.read_pinhole_camera_intrinsic(str(folder / "camera_intrinsic.json"))
    assert (camera.width, camera.height) == CAMERA.size
    assert camera.intrinsic_matrix.tolist() == CAMERA.K.tolist()
    path = o3d.io.read_pinhole_camera_trajectory(str(folder / "trajectory.log"))
    for i, parameters in enumerate(path.parameters):
        np.testing.assert_allclose(parameters.extrinsic, np.linalg.inv(pose(i)), atol=1e-9)
    assert len(path.parameters) == 4
    image = o3d.geometry.RGBDImage.create_from_color_and_depth(
        *(o3d.io.read_image(str(folder / name / "00002.png")) for name in ("color", "depth")),
        depth_scale=1000,
        depth_trunc=100,
        convert_rgb_to_intensity=False,
    )
    assert np.array_equal(np.asarray(image.color), frame(2).image("color"))
    np.testing.assert_allclose(np.asarray(image.depth), steps(2) / 1000, rtol=1e-6)


POINTS = np.array([[0.2, -0.1, 1.5], [-0.5, 0.3, 2.0], [0.0, 0.0, 1.0], [0.4, 0.4, 3.0]])


@pytest.mark.parametrize(
    ("distortion", "model"),
    [((), "pinhole"), (CAMERA.distortion, "brown_conrady"), ((0.1, -0.02, 1e-3, -2e-3), "brown_conrady"),
     ((0.1, -0.02, 1e-3, -2e-3, 0.01, 0, 0, 0), "brown_conrady"), ((0.02, 0.01, -0.003, 0.001), "fisheye")],
)  # fmt: skip
def test_nerfstudio_sees_points_where_we_do(distortion: tuple[float, ...], model: str) -> None:
    """Its axes are OpenGL's, and its pixels count from the corner; lenses as OpenCV projects with those numbers."""
    camera = CameraModel(32, 24, 30.0, 31.0, 15.25, 11.75, distortion, model)
    layout = NerfstudioLayout()
    given = replace(without(frame(3), "right", "depth"), rig=Rig({"color": camera}))
    assert layout.place(given) == {"color": "images/frame_000000.png"}
    values = json.loads(layout.texts()["transforms.json"])
    world = transforms.apply(pose(3), POINTS)
    gl = transforms.apply(np.linalg.inv(values["frames"][0]["transform_matrix"]), world)
    assert (gl[:, 2] < 0).all()  # in front is along −z
    np.testing.assert_allclose(_nerfstudio_projection(values, gl), camera.project(POINTS) + 0.5, atol=1e-6)


def _nerfstudio_projection(values: dict[str, Any], gl: F64) -> F64:
    """Pixels counted from the corner of points in OpenGL's camera frame."""
    assert {"w": 32, "h": 24}.items() <= values.items()
    K = np.array([[values["fl_x"], 0, values["cx"]], [0, values["fl_y"], values["cy"]], [0, 0, 1.0]])
    points, zero = (gl * [1, -1, -1]).reshape(-1, 1, 3), np.zeros(3)
    if values["camera_model"] == "OPENCV_FISHEYE":
        lens = np.array([values[f"k{n}"] for n in (1, 2, 3, 4)])
        return np.asarray(cv2.fisheye.projectPoints(points, zero, zero, K, lens)[0].reshape(-1, 2), np.float64)
    assert values["camera_model"] == "OPENCV"
    lens = np.array([values.get(name, 0.0) for name in ("k1", "k2", "p1", "p2", "k3")])
    return np.asarray(cv2.projectPoints(points, zero, zero, K, lens)[0].reshape(-1, 2), np.float64)


def test_nerfstudio_names_its_files(tmp_path: Path) -> None:
    folder = converted(tmp_path, "nerfstudio")
    values = json.loads((folder / "transforms.json").read_text())
    assert [each["file_path"] for each in values["frames"]] == [f"images/frame_{i:06d}.png" for i in range(4)]
    for i, each in enumerate(values["frames"]):
        assert np.array_equal(pixels(folder / each["file_path"]), frame(i).image("color"))
        assert np.array_equal(pixels(folder / each["depth_file_path"]), steps(i))


def test_folders_keep_numbers_and_stamps(tmp_path: Path) -> None:
    rows = (converted(tmp_path, "folders", [3, 4, 9]) / "frames.csv").read_text().splitlines()
    stamps = [START_NS + i * PERIOD_NS for i in (3, 4, 9)]
    assert rows[1:] == [
        f"{k:06d}.png,{i},{stamp},{stamp + 7}" for k, (i, stamp) in enumerate(zip([3, 4, 9], stamps, strict=True))
    ]
    with open_recording(tmp_path / "folders") as back:
        assert [(each.sequence, each.stamp_device_ns, each.stamp_host_ns) for each in back.frames()] == [
            (i, stamp, stamp + 7) for i, stamp in zip([3, 4, 9], stamps, strict=True)
        ]


def smooth(i: int) -> Any:
    """A frame that a video codec keeps well, of odd size."""
    camera = CameraModel(65, 47, 60, 60, 32, 23)
    ramp = (np.add.outer(np.arange(47), np.arange(65)) * 2 + 3 * i).astype(np.uint8)
    depth = depth_image(np.where(ramp > 20, 1 + ramp / 100, np.nan), camera)
    rig = Rig({"left": camera, "color": camera, "depth": camera})
    return replace(frame(i), images={"left": ramp, "color": np.dstack([ramp] * 3)}, rig=rig, depth=depth)


def test_videos_by_another_reader(tmp_path: Path) -> None:
    """OpenCV's FFmpeg finds every frame, looking as it did; a gap in time is a pause."""
    numbers = [*range(10), *range(30, 36)]
    rig = smooth(0).rig
    convert(Scripted((replace(smooth(i), rig=rig) for i in numbers), rig), tmp_path / "video", "video")
    for role in ("left", "color", "depth"):
        file = str(tmp_path / "video" / f"{role}.mp4")
        seen = list(_video(file))
        assert len(seen) == len(numbers)
        for i, image in zip(numbers, seen, strict=True):
            assert image.shape == (48, 66, 3)
            wanted = smooth(i).image("left") if role != "depth" else _grey(smooth(i).depth.depth)
            assert np.abs(image[:47, :65, 1].astype(int) - wanted).mean() < 3
        with av.open(file) as container:
            stamps = sorted(
                float((packet.pts or 0) * packet.time_base) for packet in container.demux(video=0) if packet.size
            )
        np.testing.assert_allclose(np.diff(stamps), np.diff(numbers) * PERIOD_NS / 1e9, atol=2e-5)


def _video(file: str) -> Iterator[Any]:
    video = cv2.VideoCapture(file)
    while (read := video.read())[0]:
        yield read[1]


def _grey(depth: Any) -> Any:
    return np.where(np.isnan(depth), 0, np.rint(255 * np.minimum(0.25 / np.nan_to_num(depth, nan=1.0), 1)))


def test_our_own_recording_loses_nothing(tmp_path: Path) -> None:
    digest = FrameDigest()
    for i in range(6):
        digest.update(frame(i))
    ledger = convert(Scripted(map(frame, range(6))), tmp_path / "walk.mcap")  # the name tells the format
    with Bag(tmp_path / "walk.mcap") as bag:
        assert bag.digest() == digest.hexdigest()
        assert bag.info().ledger == ledger.to_dict()
    with (tmp_path / "walk.mcap").open("rb") as file:
        topics = Counter(channel.topic for _, channel, _ in make_reader(file).iter_messages())
    assert topics["/color/image_raw"] == topics["/right/image_raw"] == topics["/depth/image_rect/codec"] == 6


@pytest.mark.parametrize("form", [form for form in exports.FORMATS if form != "mcap"])
def test_the_ledger_is_in_the_output(tmp_path: Path, form: Format) -> None:
    ledger: ConversionLedger = convert(Scripted(map(frame, range(3))), tmp_path / "out", form)
    assert json.loads((tmp_path / "out" / "ledger.json").read_text()) == ledger.to_dict()
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
    assert ledger.lost
