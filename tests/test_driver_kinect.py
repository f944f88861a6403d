"""The Kinect driver on the real libfreenect, which plays a dump of a simulated room (fakenect)."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from depthkit import open_camera
from depthkit.errors import AccessDenied, CameraNotFound, DeviceLost, InputError, UnsupportedMode
from depthkit.live import LiveCamera, LiveConfig, Patience
from depthkit.recorder import Recorder
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from depthkit.types import FrameSet
from depthkit_calib import save_rig
from tests import kinect_dumps as dumps

import freenect  # isort: skip
from depthkit_drivers import kinect_device  # isort: skip  # it cannot be imported without the SDK


def test_depth_and_colour_are_what_was_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = dumps.write(tmp_path, 8)
    frames = first(tmp_path, monkeypatch, 5)
    for frame, (metres, color) in zip(frames, shown, strict=False):
        np.testing.assert_array_equal(frame.image("color"), color)
        assert frame.depth is not None
        known = frame.depth.measured
        assert known.mean() > 0.9
        step = metres**2 / (8 * 0.075 * 580)
        assert (np.abs(frame.depth.depth - metres)[known] <= 0.52 * step[known]).all()
    stamps = [frame.stamp_device_ns for frame in frames]
    np.testing.assert_allclose(np.diff(stamps), 1e9 / 30, atol=2)
    assert [frame.sequence for frame in frames] == [0, 1, 2, 3, 4]
    assert "nominal" in frames[0].rig.provenance["source"]


def test_the_clock_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps.write(tmp_path, 5, start=2**32 - 3 * dumps.TICKS)
    stamps = [frame.stamp_device_ns for frame in first(tmp_path, monkeypatch, 5)]
    np.testing.assert_allclose(np.diff(stamps), 1e9 / 30, atol=2)


def test_the_clock_goes_on_in_the_past() -> None:
    """A reading from before the turn, after one from after it, is not a turn of its own."""
    clock = kinect_device.Clock()
    readings = [2**32 - 60, 60, 2**32 - 30, 120]
    assert [clock.ns(each) - clock.ns(2**32 - 60) for each in readings[:1]] == [0]
    clock = kinect_device.Clock()
    found = [clock.ns(each) for each in readings]
    assert np.diff(found).tolist() == [2000, -1500, 2500]


def test_depth_without_its_colour_is_incomplete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps.write(tmp_path, 8, missing_color=3)
    frames = first(tmp_path, monkeypatch, 5)
    gaps = [frame.meta.get("gap") for frame in frames]
    assert gaps == [None, None, None, {"incomplete": 1}, None]


def test_the_end_of_the_device_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """fakenect ends the process with its dump; the library begins a new one, and so the dump."""
    dumps.write(tmp_path, 6)
    frames = first(tmp_path, monkeypatch, 9)
    assert "camera lost" in {reason for frame in frames for reason in frame.meta.get("gap", {})}


def test_it_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps.write(tmp_path, 6)
    dumps.preloaded(monkeypatch, tmp_path)
    with open_camera("kinect:0") as camera, Recorder(camera, tmp_path / "k.mcap", frames=3) as recorder:
        recorder.wait()
    monkeypatch.undo()
    with open_camera(tmp_path / "k.mcap") as recording:
        frames = list(recording.frames())
    assert len(frames) == 3
    for frame in frames:
        assert frame.depth is not None
        assert frame.image("color").shape == (480, 640, 3)


def test_modes_settings_and_rigs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps.write(tmp_path, 4)
    dumps.preloaded(monkeypatch, tmp_path)
    with pytest.raises(UnsupportedMode, match="depth with color or with ir"):
        open_camera("kinect:0?streams=depth,color,ir")
    with pytest.raises(UnsupportedMode, match="it has 640×480 16UC1 at 30 fps"):
        open_camera("kinect:0?depth.size=320x240")
    rig = SimCamera(Options("rgbd")).rig
    save_rig(tmp_path / "rig.toml", rig)
    with open_camera(f"kinect:0?rig={tmp_path / 'rig.toml'}") as camera:
        assert isinstance(camera, LiveCamera)
        assert camera.rig.digest() == rig.digest()
        assert camera.options["tilt"] == 0
        with pytest.raises(InputError, match="tilt is a number from -30 to 30 °"):
            camera.options["tilt"] = 60
        camera.options["led"] = "red"
        assert camera.options["led"] == "red"


def test_without_a_kinect() -> None:
    with pytest.raises(CameraNotFound, match="no camera 'kinect:0': none of its kind"):
        open_camera("kinect:0")
    with pytest.raises(InputError, match="named by its number"):
        open_camera("kinect:left")


def test_errors_name_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceLost, match="gave -4 for events"):
        kinect_device._done(-4, "events")
    monkeypatch.setattr(freenect, "init", lambda: object())
    monkeypatch.setattr(freenect, "num_devices", lambda context: 1)
    monkeypatch.setattr(freenect, "open_device", lambda context, number: None)
    monkeypatch.setattr(freenect, "shutdown", lambda context: None)
    with pytest.raises(AccessDenied, match=r'ATTR\{idVendor\}=="045e"'):
        kinect_device.KinectDevice(0, None)


def test_pictures_of_another_moment_are_not_taken() -> None:
    device = object.__new__(kinect_device.KinectDevice)
    device._role, device._alone, ms, nothing = "color", False, 1_000_000, np.zeros(1)
    device._depth, device._video = (100 * ms, nothing), (60 * ms, nothing)
    assert not device._complete()
    assert device._video is None
    assert not device._alone
    device._video = (140 * ms, nothing)
    assert not device._complete()
    assert device._depth is None
    assert device._alone


def first(dump: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> list[FrameSet]:
    dumps.preloaded(monkeypatch, dump)
    with open_camera("kinect:0", LiveConfig(queue=30, patience=Patience(given_up=30))) as camera:
        return list(itertools.islice(camera.frames(), count))
