"""Webcams: videos in their place, pixel by pixel, and OpenCV's capture imitated where a device would be needed."""

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit import open_camera
from depthkit.arrays import U8
from depthkit.capture import Camera
from depthkit.errors import (
    AccessDenied,
    CalibrationError,
    CameraNotFound,
    DeviceBusy,
    InputError,
    UnsupportedMode,
)
from depthkit.live import LiveCamera, LiveConfig, Patience
from depthkit.rectify import Rectifier
from depthkit.sim import rigs
from depthkit.sim.options import Options
from depthkit.types import FrameSet
from depthkit_calib import save_rig
from depthkit_drivers.uvc import UvcDriver
from depthkit_drivers.webcam import Webcam
from depthkit_tools.main import main
from tests.webcams import FPS, FakeVideoCapture, plug_in, write_video

ALL = LiveConfig(queue=100, when_full="block", patience=Patience(silence=5, given_up=20))
WIDTH, HEIGHT, COUNT = 64, 48, 12


def picture(i: int, width: int = WIDTH, height: int = HEIGHT) -> U8:
    """Smooth, so that lossy codecs keep it, and each its own."""
    v, u = np.mgrid[:height, :width]
    return np.stack([u * 200 // width, v * 200 // height, np.full_like(u, 15 * i)], -1).astype(np.uint8)


def whole(i: int) -> U8:
    return np.hstack([picture(i), picture(i + 1)])


def take(camera: Camera, count: int) -> list[FrameSet]:
    return list(itertools.islice(camera.frames(), count))


@pytest.fixture
def webcams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plug_in(tmp_path, monkeypatch)
    return tmp_path / "dev"


@pytest.fixture
def live() -> Callable[[str], LiveCamera]:
    def opened(uri: str) -> LiveCamera:
        camera = open_camera(uri, ALL)
        assert isinstance(camera, LiveCamera)
        return camera

    return opened


@pytest.mark.parametrize(
    ("codec", "name", "tolerance"), [("FFV1", "a.mkv", 0), ("MJPG", "a.avi", 6), ("mp4v", "a.mp4", 8)]
)
def test_a_side_by_side_video_gives_both_views(tmp_path: Path, codec: str, name: str, tolerance: int) -> None:
    path = write_video(tmp_path / name, map(whole, range(COUNT)), codec)
    with open_camera(f"uvc:{path}?layout=side_by_side&realtime=0", ALL) as camera:
        frames = take(camera, COUNT)
        assert isinstance(camera, LiveCamera)
        assert camera.stats().missing == {}
    assert [each.sequence for each in frames] == list(range(COUNT))
    for i, each in enumerate(frames):
        assert each.stamp_device_ns == pytest.approx(i * 1e9 / FPS, abs=1e6)
        for role, number in (("left", i), ("right", i + 1)):
            error = np.abs(each.image(role).astype(int) - picture(number))
            assert np.percentile(error, 99) <= tolerance, role


def test_the_other_layouts(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", [np.vstack([picture(3), picture(8)])] * 4, "FFV1")
    with open_camera(f"uvc:{path}?layout=top_bottom&realtime=0") as camera:
        (frames,) = take(camera, 1)
    assert np.array_equal(frames.image("left"), picture(3))
    assert np.array_equal(frames.image("right"), picture(8))
    with open_camera(f"uvc:{path}?layout=top_bottom&streams=right&realtime=0") as camera:
        (frames,) = take(camera, 1)
    assert frames.images.keys() == camera.rig.cameras.keys() == {"right"}
    with open_camera(f"uvc:{path}?realtime=0") as camera:
        (frames,) = take(camera, 1)
    assert np.array_equal(frames.image("color"), np.vstack([picture(3), picture(8)]))


def test_a_video_keeps_its_pace_and_begins_again_as_a_camera_plugged_in(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", map(whole, range(COUNT)), "FFV1")
    with open_camera(f"uvc:{path}", ALL) as camera:
        start = time.monotonic()
        frames = take(camera, COUNT + 3)
        assert time.monotonic() - start > (COUNT - 1) / FPS
        assert isinstance(camera, LiveCamera)
        assert camera.stats().reopens == 1
    assert "camera lost" in frames[COUNT].meta["gap"]
    assert np.array_equal(frames[COUNT].image("color"), whole(0))


def test_a_pair_of_videos_is_paired_by_time(tmp_path: Path) -> None:
    left = write_video(tmp_path / "l.mkv", map(picture, range(COUNT)), "FFV1")
    right = write_video(tmp_path / "r.mkv", (picture(i + 2) for i in range(COUNT)), "FFV1")
    with open_camera(f"uvc:{left},{right}?realtime=0", ALL) as camera:
        frames = take(camera, COUNT)
    for i, each in enumerate(frames):
        assert np.array_equal(each.image("left"), picture(i))
        assert np.array_equal(each.image("right"), picture(i + 2))


def test_without_a_rig_pictures_come_but_no_depth(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", map(whole, range(COUNT)), "FFV1")
    with open_camera(f"uvc:{path}?layout=side_by_side") as camera:
        assert camera.rig.provenance["source"] == "not calibrated"
        with pytest.raises(CalibrationError, match="never calibrated"):
            Rectifier(camera.rig)
    with pytest.raises(InputError, match="none"):
        open_camera(f"uvc:{path}?layout=side_by_side&rig={tmp_path / 'none.toml'}")


def test_a_recording_has_the_pictures_and_the_rig(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", map(whole, range(COUNT)), "FFV1")
    rig = rigs.make(Options(size=(WIDTH, HEIGHT)))
    save_rig(tmp_path / "rig.toml", rig)
    uri = f"uvc:{path}?layout=side_by_side&rig={tmp_path / 'rig.toml'}"
    assert main(["record", uri, str(tmp_path / "walk.mcap"), "--frames", "8"]) == 0
    with open_camera(tmp_path / "walk.mcap") as recording:
        assert recording.rig.digest() == rig.digest()
        frames = list(recording.frames())
    assert len(frames) == 8
    assert all(np.array_equal(each.image("right"), picture(each.sequence + 1)) for each in frames)


def test_modes_are_tried_and_what_came_is_read_back(webcams: Path, live: Callable[[str], LiveCamera]) -> None:
    with live("uvc:0?layout=side_by_side&size=1280x720&format=MJPG") as camera:
        assert [str(each) for each in camera.streams] == [f"{side} 1280×720 MJPG 60 fps" for side in ("left", "right")]
        assert {(each.width, each.height) for each in camera.profiles()} == {(320, 480), (640, 720), (1280, 720)}
        (frames,) = take(camera, 1)
        assert frames.image("left").shape == (720, 1280, 3)
        assert tuple(frames.image("left")[0, 0]) == (1, 20, 10)
        assert frames.stamp_device_ns == 5_000_000_000
    with live("uvc:0") as camera:  # looking for modes leaves it as it was
        assert [str(each) for each in camera.streams] == ["color 640×480 YUYV 60 fps"]
    with pytest.raises(UnsupportedMode, match="no mode 1000×700; it has 1280×720 YUYV at 60 fps"):
        open_camera("uvc:0?size=1000x700")
    with pytest.raises(InputError, match="four letters"):
        open_camera("uvc:0?format=rgb8x")
    assert all(each.released for each in FakeVideoCapture.opened)


def test_a_webcam_that_takes_no_rate(webcams: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeVideoCapture, "set", lambda *_: False)
    with pytest.raises(UnsupportedMode, match="no mode 25 fps; it has 640×480 YUYV at 60 fps"):
        open_camera("uvc:0?fps=25")


def test_settings_are_read_back(webcams: Path, live: Callable[[str], LiveCamera]) -> None:
    with live("uvc:0?gain=7&auto_exposure=0") as camera:
        assert dict(camera.options) == {"exposure": 157.0, "gain": 7.0, "auto_exposure": False}
        assert FakeVideoCapture.opened[-1].values[cv2.CAP_PROP_AUTO_EXPOSURE] == 1  # V4L2's "by hand"
        camera.options["exposure"] = 80
        camera.options["auto_exposure"] = True
        assert FakeVideoCapture.opened[-1].values[cv2.CAP_PROP_AUTO_EXPOSURE] == 3
        with pytest.raises(InputError, match=r"exposure=99999\.0 is not possible: 0 has 5000\.0 now"):
            camera.options["exposure"] = 99999
        with pytest.raises(InputError, match="no option 'focus'; it has exposure, gain, auto_exposure"):
            camera.options["focus"] = 1


def test_webcams_that_do_not_open(webcams: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CameraNotFound, match=r"video7': there are /dev/video0 \(Stereo Cam\), /dev/video2"):
        open_camera("uvc:7")
    with pytest.raises(CameraNotFound, match=r"none\.avi"):
        open_camera("uvc:/none.avi")
    monkeypatch.setattr(FakeVideoCapture, "busy", {0})
    with pytest.raises(DeviceBusy, match="close the program that has it"):
        open_camera("uvc:0")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(AccessDenied, match=r"usermod -aG video"):
        open_camera("uvc:0")
    for uri, complaint in (
        ("uvc:0?layout=odd", "one of single, side_by_side, top_bottom"),
        ("uvc:0,2?layout=side_by_side", "two without one"),
        ("uvc:0?realtime=yes", "0 or 1"),
    ):
        with pytest.raises(InputError, match=complaint):
            open_camera(uri)


def test_without_webcams_opencv_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CameraNotFound, match="no camera '/dev/video99'"):
        open_camera("uvc:99")
    (tmp_path / "no.avi").write_text("no video")
    with pytest.raises(InputError, match="no video that OpenCV can read"):
        open_camera(f"uvc:{tmp_path / 'no.avi'}")
    UvcDriver().discover()
    assert capfd.readouterr() == ("", "")


def test_webcams_are_listed_and_have_lasting_names(webcams: Path) -> None:
    found = UvcDriver().discover()
    assert [(each.uri, each.description, each.serial) for each in found] == [
        ("uvc:0", "Stereo Cam", "S0"),
        ("uvc:2", "Stereo Cam", "S2"),
    ]
    pair = UvcDriver().open("0,2", {})
    link = str(webcams / "v4l/by-id/usb-Maker_Cam_S2-video-index0")
    assert (pair.address, pair.serial) == (f"0,{link}", "S0,S2")
    assert UvcDriver().open(link, {}).serial == "S2"


def test_an_unplugged_webcam_is_opened_again(
    webcams: Path, live: Callable[[str], LiveCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeVideoCapture, "left", 5)
    with live("uvc:2?gain=3") as camera:
        frames = take(camera, 8)
        assert camera.stats().reopens == 1
    assert "camera lost" in frames[5].meta["gap"]
    first, second = FakeVideoCapture.opened
    assert first.released
    assert (second.number, second.values[cv2.CAP_PROP_GAIN]) == (2, 3.0)
    assert max(first.timeouts) <= 0.2e9  # never the ten seconds that OpenCV waits by itself


@pytest.mark.parametrize(("late_ms", "partner"), [(0.0, 0), (8.0, 0), (-8.0, 0), (9.0, -1), (20.0, -1), (-9.0, 1)])
def test_pictures_of_two_webcams_are_paired_within_half_a_period(
    webcams: Path, monkeypatch: pytest.MonkeyPatch, late_ms: float, partner: int
) -> None:
    """Of pictures 16.7 ms apart; the red of each is its number."""
    monkeypatch.setattr(FakeVideoCapture, "late_ms", {2: late_ms})
    with open_camera("uvc:0,2", ALL) as camera:
        frames = take(camera, 6)
        assert isinstance(camera, LiveCamera)
        stats = camera.stats()
    numbers = [[int(each.image(role)[0, 0, 0]) for role in ("left", "right")] for each in frames]
    assert all(right - left == partner for left, right in numbers)
    assert [left for left, _ in numbers] == [*range(numbers[0][0], numbers[0][0] + 6)]
    assert (stats.incomplete, stats.missing) == (abs(partner), {})


def test_two_webcams_must_give_one_size(webcams: Path) -> None:
    with pytest.raises(UnsupportedMode, match="two webcams must give one size"):
        open_camera("uvc:0,2?right.size=1280x720")
    device = UvcDriver().open("0,2", {})
    assert isinstance(device, Webcam)
    device.close()
