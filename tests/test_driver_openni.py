"""The OpenNI driver on the real OpenNI 2, with the device that it simulates."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from depthkit import open_camera
from depthkit.errors import CameraNotFound, DriverNotInstalled, UnsupportedMode
from depthkit.recorder import Recorder
from depthkit_calib import save_rig
from depthkit_drivers.rigs import uncalibrated

pytest.importorskip("openni", reason="openni is not installed: pip install openni")


@pytest.fixture(autouse=True)
def library() -> None:
    from depthkit_drivers.openni_library import loaded

    try:
        loaded()
    except DriverNotInstalled as error:
        pytest.skip(f"{error} (make sdks does)")


def test_the_simulated_device_streams() -> None:
    with open_camera("openni:Dummy") as camera:
        frames = list(itertools.islice(camera.frames(), 12))
        rig = camera.rig
    assert rig.camera("depth").size == rig.camera("color").size == (320, 240)
    assert "nominal" in rig.provenance["source"]
    for frame in frames:
        assert frame.depth is not None
        np.testing.assert_allclose(frame.depth.depth[0, :100], 2.0)  # its first points are 2 m away, in steps of 1 mm
        steps = frame.depth.depth[frame.depth.measured] * 1000
        np.testing.assert_allclose(steps, np.rint(steps), atol=2e-3)
        assert frame.image("color").shape == (240, 320, 3)
    numbers, stamps = ([getattr(f, name) for f in frames] for name in ("sequence", "stamp_device_ns"))
    np.testing.assert_array_equal(np.diff(stamps), 33_000_000 * np.diff(numbers))  # by its own clock


def test_one_stream_alone() -> None:
    with open_camera("openni:Dummy?streams=depth") as camera:
        frames = list(itertools.islice(camera.frames(), 10))
    assert all(frame.depth is not None and not frame.images for frame in frames)
    assert (np.diff([frame.sequence for frame in frames]) >= 1).all()


def test_it_is_recorded(tmp_path: Path) -> None:
    with open_camera("openni:Dummy") as camera, Recorder(camera, tmp_path / "n.mcap", frames=4) as recorder:
        recorder.wait()
    with open_camera(tmp_path / "n.mcap") as recording:
        frames = list(recording.frames())
    assert len(frames) == 4
    for frame in frames:
        assert frame.depth is not None
        np.testing.assert_allclose(frame.depth.depth[0, :100], 2.0, atol=1e-6)


def test_a_rig_of_ones_own(tmp_path: Path) -> None:
    save_rig(tmp_path / "rig.toml", uncalibrated(["depth", "color"], (320, 240)))
    with open_camera(f"openni:Dummy?rig={tmp_path / 'rig.toml'}") as camera:
        assert camera.rig.provenance["source"] == "not calibrated"


def test_what_is_not_there() -> None:
    with pytest.raises(CameraNotFound, match="no camera 'openni:nobody'"):
        open_camera("openni:nobody")
    with pytest.raises(UnsupportedMode, match="it has 320×240 16UC1 at 30 fps"):
        open_camera("openni:Dummy?depth.size=640x480")
    with pytest.raises(UnsupportedMode, match="no stream ir"):
        open_camera("openni:Dummy?streams=ir")
