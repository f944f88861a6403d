"""Folders of other people's data sets: real ones, and small ones with a known truth."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit import images, transforms
from depthkit.arrays import U16, Image
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings import Recording, open_recording
from depthkit.types import Reason

CAMERA = CameraModel(8, 6, 9.0, 9.0, 3.5, 2.5)
RGBD = Rig({"color": CAMERA})
STEREO = Rig.stereo(CAMERA, CAMERA, transforms.from_rotation_translation(np.eye(3), [-0.1, 0, 0]))


def grey(i: int) -> Image:
    return np.full((6, 8), i, np.uint8)


def depth(i: int) -> U16:
    steps = np.full((6, 8), 1000 + i, np.uint16)
    steps[0, :3] = 0, 65535, 1
    return steps


def foreign(path: Path, rig: Rig | None = None, tolerance: float | None = None) -> Recording:
    recording = open_recording(path, rig=rig, tolerance=tolerance)
    assert isinstance(recording, Recording)
    return recording


def tum_folder(folder: Path, colors: list[str], depths: list[str]) -> Path:
    """A TUM folder with the given stamps; picture i of each list holds i."""
    for name, stamps, picture in (("rgb", colors, grey), ("depth", depths, depth)):
        (folder / name).mkdir(parents=True)
        for i, stamp in enumerate(stamps):
            images.write_png(folder / name / f"{stamp}.png", picture(i))
        lines = ["# made for a test", *(f"{stamp} {name}/{stamp}.png" for stamp in stamps)]
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_tum_pairs_the_nearest_stamps(tmp_path: Path) -> None:
    folder = tum_folder(
        tmp_path, ["1305031102.175304", "1305031102.211214", "1305031109.5"], ["1305031102.160407", "1305031102.226738"]
    )
    pose = "1305031102.2267 1 2 3 0 0 0.7071067811865476 0.7071067811865476\n"
    (folder / "groundtruth.txt").write_text("# stamp t q\n" + pose)
    with foreign(folder, RGBD) as recording:
        frames = list(recording)
        assert len(recording) == len(frames) == 2
        assert [f.stamp_device_ns for f in frames] == [1305031102160407000, 1305031102226738000]  # to the nanosecond
        assert [f.image("color")[0, 0] for f in frames] == [0, 1]
        ledger = recording.ledger()
        assert ledger.pictures == {"color": 3, "depth": 2}
        assert ledger.left_over == {"color": {"rgb/1305031109.5.png": "before or after the other stream"}}
        lags = recording.info().lags
        assert lags.keys() == {"color"}
        assert (lags["color"].edges_ms[0], lags["color"].edges_ms[-1]) == pytest.approx((-15.524, 14.897))
        assert (lags["color"].lags[0], lags["color"].lags[-1], sum(lags["color"].lags)) == (1, 1, 2)
        assert recording.info().clocks is None  # there is only one
        assert "T_world_camera" not in frames[0].meta
        T = np.array(frames[1].meta["T_world_camera"])
        np.testing.assert_allclose(T @ [1, 0, 0, 1], [1, 3, 3, 1], atol=1e-12)  # a quarter turn about z, then (1, 2, 3)
        first = frames[0].depth
        assert first is not None
        np.testing.assert_allclose(first.depth[0, :4], [np.nan, 65535 / 5000, 1 / 5000, 0.2], rtol=1e-6)
        assert first.reason[0, :2].tolist() == [Reason.NO_DATA, 0]


@pytest.mark.parametrize(("name", "fx"), [("freiburg1", 517.3), ("freiburg2", 520.9), ("freiburg3", 535.4)])
def test_tum_knows_its_cameras_by_name(tmp_path: Path, name: str, fx: float) -> None:
    folder = tum_folder(tmp_path / f"rgbd_dataset_{name}_xyz", ["1.0"], ["1.0"])
    with foreign(folder) as recording:
        assert recording.rig.camera("depth").fx == recording.rig.camera("color").fx == fx
        assert name in recording.rig.provenance["source"]
        assert list(recording) == []  # 8×6 is not what this camera sees
        assert "640×480" in recording.ledger().unreadable[0]


def test_a_recording_that_names_no_camera_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="rig="):
        open_recording(tum_folder(tmp_path, ["1.0"], ["1.0"]))
    with pytest.raises(CalibrationError, match="no camera for its color, depth"):
        open_recording(tmp_path, rig=STEREO)


def test_damaged_pictures_are_counted(tmp_path: Path) -> None:
    folder = tum_folder(tmp_path, ["1.0", "2.0", "3.0", "4.0"], ["1.0", "2.0", "3.0", "4.0"])
    (folder / "rgb" / "2.0.png").unlink()
    (folder / "depth" / "3.0.png").write_bytes((folder / "depth" / "3.0.png").read_bytes()[:30])
    with foreign(folder, RGBD) as recording:
        for _ in range(2):  # the second pass counts nothing twice
            assert [frames.sequence for frames in recording.frames()] == [0, 3]
            assert recording.ledger().unreadable.keys() == {1, 2}
        with pytest.raises(BagError, match=r"at frame 1: no such file"):
            recording[1]
    with pytest.raises(BagError, match="closed"):
        recording[0]


@pytest.mark.parametrize("text", ["1.0", "one rgb/1.png", "\xff\xfe", ""])
def test_damaged_lists(tmp_path: Path, text: str) -> None:
    folder = tum_folder(tmp_path, ["1.0"], ["1.0"])
    (folder / "rgb.txt").write_bytes(text.encode("latin-1"))
    with pytest.raises(BagError):
        open_recording(folder, rig=RGBD)


def test_seven_scenes(shared_data: Path) -> None:
    with foreign(shared_data / "rgbd" / "7scenes_0_199") as recording:
        assert len(recording) == 200
        camera = recording.rig.camera("depth")
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == (585, 585, 320, 240)
        frames, source = recording[117], shared_data / "rgbd" / "7scenes_0_199" / "frame-000117"
        steps = cv2.imread(f"{source}.depth.png", cv2.IMREAD_UNCHANGED)
        assert steps is not None
        assert frames.depth is not None
        unknown = (steps == 0) | (steps == 65535)
        assert np.array_equal(~frames.depth.measured, unknown)
        np.testing.assert_allclose(frames.depth.depth[~unknown] * 1000, steps[~unknown], rtol=1e-6)
        bgr = cv2.imread(f"{source}.color.jpg")
        assert bgr is not None
        assert np.array_equal(frames.image("color"), bgr[..., ::-1])
        pose = np.loadtxt(f"{source}.pose.txt")
        np.testing.assert_allclose(frames.meta["T_world_camera"], pose, atol=2e-4)


def test_seven_scenes_as_microsoft_ships_it(tmp_path: Path) -> None:
    """Without a camera file the documented camera is taken, at the size it is documented for alone."""
    for i, size in enumerate([(480, 640), (480, 640)]):
        images.write_png(tmp_path / f"frame-00000{i}.color.png", np.zeros((*size, 3), np.uint8))
        images.write_png(tmp_path / f"frame-00000{i}.depth.png", np.full(size, 1500, np.uint16))
    (tmp_path / "frame-000001.pose.txt").write_text("-1.#IND " * 16)
    with foreign(tmp_path) as recording:
        assert recording.rig.camera("depth").K.tolist() == [[585, 0, 320], [0, 585, 240], [0, 0, 1]]
        assert "documentation" in recording.rig.provenance["source"]
        assert [dict(frames.meta) for frames in recording] == [{}, {}]


def test_redwood(shared_data: Path) -> None:
    with foreign(shared_data / "rgbd" / "open3d_redwood") as recording:
        assert len(recording) == 5
        assert recording.rig.camera("color").K.tolist() == [[525, 0, 319.5], [0, 525, 239.5], [0, 0, 1]]
        frames = recording[4]
        assert frames.depth is not None
        assert 0.5 < np.nanmedian(frames.depth.depth) < 4
        assert frames.meta["T_world_camera"][0][3] == pytest.approx(-0.3075481222199825)
        assert recording.digest() == recording.digest()


def test_redwood_frames_agree_on_where_things_are(shared_data: Path) -> None:
    """Scale, camera and poses together: points of frame 4 seen from frame 0 have frame 0's depth."""
    with foreign(shared_data / "rgbd" / "open3d_redwood") as recording:
        first, last = recording[0], recording[4]
    assert first.depth is not None
    assert last.depth is not None
    camera = last.depth.camera
    v, u = np.nonzero(last.depth.measured)
    z = last.depth.depth[v, u]
    rays = np.column_stack([camera.unproject(np.column_stack([u, v])), np.ones(len(u))])
    T = np.linalg.inv(first.meta["T_world_camera"]) @ last.meta["T_world_camera"]
    points = transforms.apply(T, rays * z[:, None])
    uv = np.rint(camera.project(points))
    inside = np.all((uv >= 0) & (uv < camera.size), axis=1)
    seen = first.depth.depth[uv[inside, 1].astype(int), uv[inside, 0].astype(int)]
    moved = np.nanmedian(np.abs(last.depth.depth - first.depth.depth))
    assert np.nanmedian(np.abs(seen - points[inside, 2])) < min(0.01, moved / 2)


@pytest.mark.parametrize("form", ["folders", "names"])
def test_plain_stereo(tmp_path: Path, form: str) -> None:
    """Natural order, numbers padded or not, and what has no partner is named."""
    for role, numbers in (("left", [2, 10, 1, 7]), ("right", [10, 2, 1, 8])):
        for i in numbers:
            digits = f"{i:04d}" if role == "right" else str(i)
            file = tmp_path / (f"{role}/{digits}.png" if form == "folders" else f"{role}_{digits}.png")
            file.parent.mkdir(exist_ok=True)
            images.write_png(file, grey(i))
    with foreign(tmp_path, STEREO) as recording:
        values = [(frames.image("left")[0, 0], frames.image("right")[0, 0]) for frames in recording]
        assert values == [(1, 1), (2, 2), (10, 10)]
        left, right = ("left/7.png", "right/0008.png") if form == "folders" else ("left_7.png", "right_0008.png")
        assert recording.ledger().left_over == {
            "left": {left: "no right of that name"},
            "right": {right: "no left of that name"},
        }
        assert recording.info().lags == {}
        assert recording.info().frames == 3


def test_two_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("left_1.png", "left_01.png", "right_1.png"):
        images.write_png(tmp_path / name, grey(0))
    with pytest.raises(BagError, match="two left pictures"):
        open_recording(tmp_path, rig=STEREO)


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="no such file or folder"):
        open_recording(tmp_path / "gone")
    (tmp_path / "notes.txt").write_text("left, right")
    for nothing in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(BagError, match="holds no recording"):
            open_recording(nothing)
    tum = tum_folder(tmp_path / "apart", ["1.0"], ["2.0"])
    with pytest.raises(BagError, match="1 depth, 1 color pictures but no frame"):
        open_recording(tum, rig=RGBD)
    assert len(open_recording(tum, rig=RGBD, tolerance=1.0)) == 1
