"""ZED cameras through Stereolabs' SDK, of which a fake with its names, signatures and units stands in."""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from depthkit import open_camera
from depthkit.errors import (
    CalibrationError,
    CameraNotFound,
    DeviceBusy,
    DriverError,
    DriverNotInstalled,
    InputError,
    UnsupportedMode,
)
from depthkit.live import LiveCamera, LiveConfig, Patience
from depthkit.rectify import is_rectified
from depthkit.types import FrameSet, Reason
from depthkit_drivers import zed, zed_sdk
from depthkit_drivers.zed import ZedDriver
from depthkit_tools.main import main
from tests import fake_zed_sdk as sl

ALL = LiveConfig(queue=100, when_full="block", patience=Patience(silence=5, given_up=20))


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str = "sl.py") -> None:
    """A package `pyzed` with one module."""
    (folder / "pyzed").mkdir()
    (folder / "pyzed" / "__init__.py").write_text("")
    (folder / "pyzed" / name).write_text(text)
    monkeypatch.syspath_prepend(folder)


@pytest.fixture
def forget() -> Iterator[None]:
    yield
    for name in ("pyzed.sl", "pyzed"):
        sys.modules.pop(name, None)


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget: None) -> None:
    """With two cameras, of which the second is in use, and one with a single view."""
    installed(tmp_path, monkeypatch, "from tests.fake_zed_sdk import *\n")
    used = sl.device(222, sl.MODEL.ZED_X, sl.CAMERA_STATE.NOT_AVAILABLE)
    monkeypatch.setattr(sl.Camera, "devices", [sl.device(111, sl.MODEL.ZED2), used, sl.device(3, sl.MODEL.ZED_XONE_GS)])
    for name in ("opens", "grabs", "all"):
        monkeypatch.setattr(sl.Camera, name, [])


def opened(uri: str) -> LiveCamera:
    camera = open_camera(uri, ALL)
    assert isinstance(camera, LiveCamera)
    return camera


def take(camera: LiveCamera, count: int) -> list[FrameSet]:
    return list(itertools.islice(camera.frames(), count))


@pytest.mark.usefixtures("sdk")
def test_pictures_stamps_and_rig() -> None:
    with opened("zed:111") as camera:
        assert [str(each) for each in camera.streams] == [f"{side} 1280×720 bgra8 30 fps" for side in ("left", "right")]
        assert (camera.serial, camera.firmware) == ("111", "1523")
        frames = take(camera, 3)
        assert camera.stats().device == {"dropped": 2}
    for i, each in enumerate(frames):
        assert tuple(each.image("left")[5, 7]) == (i + 1, 1, 3)  # RGB, and not overwritten by later frames
        assert tuple(each.image("right")[5, 7]) == (i + 1, 2, 3)
        assert each.stamp_device_ns == sl.STAMP_NS + (i + 1) * sl.PERIOD_NS
        assert each.depth is None
    rig = frames[0].rig
    assert is_rectified(rig)
    assert rig.baseline == pytest.approx(sl.BASELINE_M)
    assert (rig.left.fx, rig.left.cx, rig.left.cy) == (sl.FX, sl.CX, sl.CY)
    assert rig.T_imu_rig is not None
    np.testing.assert_allclose(np.linalg.inv(rig.T_imu_rig), sl.T_LEFT_IMU, atol=1e-6)
    (used,) = sl.Camera.all
    assert used.closed
    assert used.init.depth_mode is sl.DEPTH_MODE.NONE
    assert used.init.camera_disable_self_calib
    assert used.init.async_grab_camera_recovery


@pytest.mark.usefixtures("sdk")
def test_depth_in_metres_with_its_reasons() -> None:
    with opened("zed:?streams=left,depth&size=672x376&fps=100") as camera:
        (frames,) = take(camera, 1)
    assert frames.images.keys() == {"left"}
    depth = frames.depth
    assert depth is not None
    assert depth.camera == frames.rig.camera("depth") == frames.rig.left
    assert depth.reason[0, :4].tolist() == [Reason.NO_DATA, Reason.TOO_NEAR, Reason.TOO_FAR, 0]
    assert np.isnan(depth.depth[0, :3]).all()
    assert (depth.depth[1:] == np.float32(sl.DEPTH_M)).all()


@pytest.mark.usefixtures("sdk")
def test_what_was_felt_comes_once_in_radians() -> None:
    with opened("zed:111") as camera:
        felt = [each.imu for each in take(camera, 4)]
    assert all(each is not None for each in felt)
    stamps = np.concatenate([each.stamps_ns for each in felt if each is not None])
    assert (np.diff(stamps) == sl.IMU_NS).all()
    assert felt[0] is not None
    np.testing.assert_allclose(felt[0].angular_velocity[0], [np.pi, 0, -np.pi / 2])
    np.testing.assert_allclose(felt[0].acceleration[0], [0, -9.8, 0.1])


@pytest.mark.usefixtures("sdk")
def test_a_zed_without_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sl.Camera, "devices", [sl.device(5, sl.MODEL.ZED)])
    with opened("zed:") as camera:
        (frames,) = take(camera, 1)
    assert frames.imu is None
    assert frames.rig.T_imu_rig is None


@pytest.mark.usefixtures("sdk")
def test_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        UnsupportedMode, match="left stream has no mode 640×480; it has 1280×720 bgra8 at 30, 60, 15 fps"
    ):
        open_camera("zed:111?size=640x480")
    with pytest.raises(UnsupportedMode, match="one size and rate"):
        open_camera("zed:111?right.size=672x376")
    monkeypatch.setitem(sl.SIZES, "HD1080", (1280, 720))
    with pytest.raises(UnsupportedMode, match=r"asked for left 1920×1080 .*, the ZED gives 1280×720 at 30 fps"):
        open_camera("zed:111?size=1920x1080")
    monkeypatch.setattr(sl.Camera, "devices", [sl.device(222, sl.MODEL.ZED_X)])
    with opened("zed:222") as camera:
        assert str(camera.streams[0]) == "left 1920×1200 bgra8 30 fps"
    assert all(each.closed for each in sl.Camera.all)


@pytest.mark.usefixtures("sdk")
def test_settings_are_read_back() -> None:
    with opened("zed:111?white_balance=5200") as camera:
        assert dict(camera.options) == {
            "exposure": 80, "auto_exposure": True, "gain": 40, "white_balance": 5200, "brightness": 4,
        }  # fmt: skip
        camera.options["exposure"] = 30
        assert camera.options["auto_exposure"] is False
        with pytest.raises(InputError, match="from 0 to 100 %"):
            camera.options["exposure"] = 101
        with pytest.raises(InputError, match="white_balance=5250 is not possible: the ZED has 5200 now"):
            camera.options["white_balance"] = 5250


@pytest.mark.usefixtures("sdk")
def test_cameras_that_do_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CameraNotFound, match="no camera 'zed:9': there are zed:111, zed:222"):
        open_camera("zed:9")
    with pytest.raises(DeviceBusy, match="zed:222 is open already"):
        open_camera("zed:222")
    for code, kind, remedy in (
        (sl.ERROR_CODE.CAMERA_NOT_DETECTED, CameraNotFound, "check its cable"),
        (sl.ERROR_CODE.CANNOT_START_CAMERA_STREAM, DeviceBusy, "close the program"),
        (sl.ERROR_CODE.CAMERA_FAILED_TO_SETUP, UnsupportedMode, "another size"),
        (sl.ERROR_CODE.NO_GPU_DETECTED, DriverNotInstalled, "conf=SN<serial>.conf does without"),
        (sl.ERROR_CODE.CALIBRATION_FILE_NOT_AVAILABLE, CalibrationError, "run ZED_Explorer"),
        (sl.ERROR_CODE.LOW_USB_BANDWIDTH, DriverError, "USB 3 port"),
        (sl.ERROR_CODE.FAILURE, DriverError, "says FAILURE: run ZED_Diagnostic"),
    ):
        monkeypatch.setattr(sl.Camera, "opens", [code])
        with pytest.raises(kind, match=remedy):
            open_camera("zed:111")
    assert all(each.closed for each in sl.Camera.all)
    monkeypatch.setattr(sl.Camera, "opens", [sl.ERROR_CODE.POTENTIAL_CALIBRATION_ISSUE])  # a warning
    opened("zed:111").close()
    monkeypatch.setattr(sl.Camera, "devices", [])
    with pytest.raises(CameraNotFound, match="no such camera is connected"):
        open_camera("zed:")


@pytest.mark.usefixtures("sdk")
def test_damaged_frames_reboots_and_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    good, code = sl.ERROR_CODE.SUCCESS, sl.ERROR_CODE
    script = [good, code.CORRUPTED_FRAME, good, code.CAMERA_REBOOTING, good, code.CAMERA_NOT_DETECTED]
    monkeypatch.setattr(sl.Camera, "grabs", script)
    with opened("zed:111?exposure=30") as camera:
        frames = take(camera, 4)
        stats = camera.stats()
    assert (stats.incomplete, stats.reopens) == (1, 1)
    assert frames[1].meta["gap"]["incomplete"] == 1
    assert "camera lost" in frames[3].meta["gap"]
    assert [each.settings[sl.VIDEO_SETTINGS.EXPOSURE] for each in sl.Camera.all] == [30, 30]


@pytest.mark.usefixtures("sdk")
def test_a_recording_has_pictures_depth_and_rig(tmp_path: Path) -> None:
    uri, path = "zed:111?streams=left,right,depth&size=672x376", str(tmp_path / "a.mcap")
    assert main(["record", uri, path, "--frames", "3", "--when-full", "block"]) == 0
    with open_camera(path) as recording, opened(uri) as camera:
        assert recording.rig.digest() == camera.rig.digest()
        for each, again in zip(take(camera, 3), list(recording.frames()), strict=True):
            assert np.array_equal(each.image("right"), again.image("right"))
            assert each.depth is not None
            assert again.depth is not None
            np.testing.assert_allclose(again.depth.depth, each.depth.depth, atol=1e-3)


@pytest.mark.usefixtures("sdk")
def test_those_with_two_views_are_listed() -> None:
    found = ZedDriver().discover()
    assert [(each.uri, each.description) for each in found] == [("zed:111", "ZED2"), ("zed:222", "ZED_X")]


@pytest.mark.usefixtures("sdk")
def test_a_file_given_does_without_the_sdk(tmp_path: Path) -> None:
    with pytest.raises(CameraNotFound, match=r"none\.mkv"):
        open_camera(f"zed:?device={tmp_path / 'none.mkv'}&conf=SN1.conf")


@pytest.mark.usefixtures("forget")
def test_the_other_pyzed_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, monkeypatch, "", "ZedClient.py")
    for use in (lambda: open_camera("zed:"), ZedDriver().discover):
        with pytest.raises(DriverNotInstalled, match=r"another product, .*'pip uninstall pyzed'; .*get_python_api\.py"):
            use()


@pytest.mark.usefixtures("forget")
def test_an_sdk_that_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(
        tmp_path, monkeypatch, "raise ImportError('libsl_zed.so: cannot open shared object file', name='pyzed.sl')\n"
    )
    with pytest.raises(DriverNotInstalled, match=r"does not load \(libsl_zed\.so.*get_python_api\.py"):
        open_camera("zed:")


def test_without_the_sdk_it_is_a_webcam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zed_sdk, "load", lambda: None)
    monkeypatch.setattr(zed, "SETTINGS", tmp_path)
    with pytest.raises(CalibrationError, match="conf=FILE"):
        open_camera("zed:")
