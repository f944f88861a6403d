"""ZED cameras without the SDK: both views in one video, the factory's file, and the simulated room for truth."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit import images, open_camera
from depthkit.arrays import F32, F64, U8, Image, Mask
from depthkit.cameras import Rig
from depthkit.errors import CalibrationError, CameraNotFound, InputError
from depthkit.live import LiveCamera, LiveConfig
from depthkit.pipeline import PipelineConfig, Reconstructor
from depthkit.rectify import Rectifier
from depthkit.stereo import Sgm
from depthkit.types import FrameSet
from depthkit_calib import load_rig
from depthkit_drivers import zed
from depthkit_drivers.zed import ZedDriver
from depthkit_tools.main import main
from tests.rig_files import row_errors_and_disparities
from tests.webcams import FakeVideoCapture, plug_in
from tests.zed_scene import HD, VGA, RoomSeenBy, conf, rig_in

ALL = LiveConfig(queue=100, when_full="block")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A factory's file of ours and a video as its camera would give it."""
    folder = tmp_path_factory.mktemp("zed")
    (folder / "SN1234.conf").write_text(conf())
    RoomSeenBy(rig_in(conf(), "HD", HD)).film(folder / "room.mkv", range(3))
    return folder


def uri(folder: Path) -> str:
    return f"zed:?device={folder / 'room.mkv'}&conf={folder / 'SN1234.conf'}&realtime=0"


def first(name: str) -> tuple[Rig, FrameSet]:
    with open_camera(name, ALL) as camera:
        return camera.rig, next(iter(camera.frames()))


def matched(left: Image, right: Image) -> tuple[F64, F64]:
    """(N,) disparities and differences of rows of corners, found again by Lucas–Kanade's method."""
    grey = [images.to_u8(images.to_grey(each)) for each in (left, right)]
    corners = np.asarray(cv2.goodFeaturesToTrack(grey[0], 800, 0.01, 8), np.float32)
    found, good = _tracked(grey[0], grey[1], corners)
    back, again = _tracked(grey[1], grey[0], found)
    sure = good & again & (np.abs(back - corners).max((1, 2)) < 0.2)
    apart = (corners - found)[sure, 0].astype(np.float64)
    return apart[:, 0], apart[:, 1]


def _tracked(before: U8, after: U8, corners: F32) -> tuple[F32, Mask]:
    there, good, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, corners.copy(), winSize=(21, 21), maxLevel=5)
    return np.asarray(there, np.float32), np.asarray(good).ravel() != 0


def test_rectified_rows_meet_and_disparities_are_positive(folder: Path) -> None:
    """And not if the rotation of the file is read the other way round."""
    rig, frames = first(uri(folder))
    rectifier = Rectifier(rig)
    disparities, rows = matched(rectifier.left(frames.image("left")), rectifier.right(frames.image("right")))
    assert len(rows) > 150
    assert abs(np.median(rows)) < 0.03
    assert np.median(np.abs(rows)) < 0.1
    assert np.quantile(disparities, 0.02) > 5
    turned = rig.T("right", "left").copy()
    turned[:3, :3] = turned[:3, :3].T
    wrong = Rectifier(Rig.stereo(rig.left, rig.right, turned))
    _, rows = matched(wrong.left(frames.image("left")), wrong.right(frames.image("right")))
    assert 2.5 < abs(np.median(rows)) < 4  # twice 2.3 mrad, at some 700 px


def test_the_sign_of_the_rotation_by_points_alone(folder: Path) -> None:
    """Of 1.1 and 2.3 mrad: the other direction gives about 3.4 px."""
    truth = rig_in(conf(), "HD", HD)
    rig = load_rig(folder / "SN1234.conf", HD)
    T = truth.T("right", "left")
    rows, disparities = row_errors_and_disparities(rig, T[:3, :3], -T[:3, 3])
    assert rows.max() < 4e-5
    assert disparities.min() > 0
    rows, _ = row_errors_and_disparities(rig, T[:3, :3].T, -T[:3, 3])
    assert 3 < rows.max() < 4


def depth_errors_px(frames: FrameSet, rig: Rig, room: RoomSeenBy) -> tuple[F64, float]:
    """Of the depth measured: error in px of disparity, and which share of the known depth was measured."""
    reconstruct = Reconstructor(rig, PipelineConfig(sgm=Sgm(num_disparities=128)))
    measured = reconstruct(frames)
    rectifier = reconstruct.rectifier
    assert rectifier is not None
    truth = room.truth(0, rectifier.rig.left, rectifier.T_rectified_left)
    both = measured.depth.measured & truth.measured
    fB = rectifier.rig.left.fx * rectifier.rig.baseline
    return np.abs(fB / measured.depth.depth[both] - fB / truth.depth[both]).astype(
        np.float64
    ), both.sum() / truth.measured.sum()


def test_depth_is_true(folder: Path) -> None:
    rig, frames = first(uri(folder))
    errors, share = depth_errors_px(frames, rig, RoomSeenBy(rig_in(conf(), "HD", HD)))
    assert np.median(errors) < 0.15
    assert np.mean(errors < 1) > 0.95
    assert share > 0.6


def test_depth_by_a_real_factory_file(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "zed" / "zed-cam-sn-1010.conf"
    room = RoomSeenBy(rig_in(path.read_text(), "VGA", VGA))
    room.film(tmp_path / "room.mkv", [0])
    rig, frames = first(f"zed:1010?device={tmp_path / 'room.mkv'}&conf={path}&realtime=0")
    rectifier = Rectifier(rig)
    disparities, rows = matched(rectifier.left(frames.image("left")), rectifier.right(frames.image("right")))
    assert np.median(np.abs(rows)) < 0.1
    assert np.quantile(disparities, 0.02) > 2
    errors, share = depth_errors_px(frames, rig, room)
    assert np.median(errors) < 0.2
    assert np.mean(errors < 1) > 0.95
    assert share > 0.6


def test_a_recording_has_pictures_and_rig(folder: Path, tmp_path: Path) -> None:
    rig, _ = first(uri(folder))
    assert (
        main(["record", uri(folder).replace("realtime=0", "realtime=1"), str(tmp_path / "a.mcap"), "--frames", "3"])
        == 0
    )
    with open_camera(tmp_path / "a.mcap") as recording:
        assert recording.rig.digest() == rig.digest()
        frames = list(recording.frames())
    room = RoomSeenBy(rig_in(conf(), "HD", HD))
    assert len(frames) == 3
    assert all(np.array_equal(each.image("right"), room.frame(each.sequence).image("right")) for each in frames)


def test_the_factory_file_is_found_by_serial_number(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zed, "SETTINGS", tmp_path)
    video = f"device={folder / 'room.mkv'}"
    with pytest.raises(CalibrationError, match=r"no SN1234\.conf, .*calib/\?SN=1234 there by that name .*conf=FILE"):
        open_camera(f"zed:1234?{video}")
    with pytest.raises(CalibrationError, match=r"no SN<serial>\.conf"):
        open_camera(f"zed:?{video}")
    (tmp_path / "SN1234.conf").write_text(conf())
    for name in (f"zed:1234?{video}", f"zed:?{video}"):
        with open_camera(name) as camera:
            assert isinstance(camera, LiveCamera)
            assert camera.serial == "1234"
            assert camera.rig.digest() == load_rig(folder / "SN1234.conf", HD).digest()
    (tmp_path / "SN99.conf").write_text(conf())
    with pytest.raises(CalibrationError, match="files of 2 cameras: say which"):
        open_camera(f"zed:?{video}")
    with pytest.raises(CalibrationError, match=r"SN99\.conf is of another camera than zed:1234"):
        open_camera(f"zed:1234?{video}&conf={tmp_path / 'SN99.conf'}")
    with pytest.raises(InputError, match=r"none\.conf"):
        open_camera(f"zed:?{video}&conf=none.conf")


def test_a_size_that_the_factory_file_has_not(tmp_path: Path) -> None:
    (tmp_path / "SN1.conf").write_text(conf())
    rig = rig_in(conf(), "HD", HD)
    small = Rig({role: camera.resized(*VGA) for role, camera in rig.cameras.items()}, rig.T_camera_rig)
    RoomSeenBy(small).film(tmp_path / "vga.mkv", [0])
    with pytest.raises(CalibrationError, match="holds calibrations for 1280×720 images; not 672×376"):
        open_camera(f"zed:?device={tmp_path / 'vga.mkv'}&conf={tmp_path / 'SN1.conf'}")


def test_the_camera_is_found_by_its_maker(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among video devices, and asked for HD if nobody says how large its pictures are to be."""
    own = f"conf={folder / 'SN1234.conf'}"
    plug_in(tmp_path / "others", monkeypatch)
    assert ZedDriver().discover() == []
    with pytest.raises(CameraNotFound, match="none of its kind was found"):
        open_camera(f"zed:?{own}")
    plug_in(tmp_path / "zeds", monkeypatch, vendor="2b03", name="ZED 2")
    assert [each.uri for each in ZedDriver().discover()] == ["zed:?device=0", "zed:?device=2"]
    with pytest.raises(CameraNotFound, match="say which of device=0, device=2"):
        open_camera(f"zed:?{own}")
    with open_camera(f"zed:?device=2&{own}") as camera:
        assert isinstance(camera, LiveCamera)
        assert [str(each) for each in camera.streams] == [f"{side} 1280×720 YUYV 60 fps" for side in ("left", "right")]
        assert next(iter(camera.frames())).image("left").shape == (720, 1280, 3)
    assert all(each.number == 2 and each.released for each in FakeVideoCapture.opened)
