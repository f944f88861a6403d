"""The RealSense driver on a camera on this machine's network: run by test_driver_realsense.py."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from depthkit import list_cameras, open_camera
from depthkit.cameras import CameraModel
from depthkit.errors import (
    CameraNotFound,
    InputError,
    UnsupportedMode,
)
from depthkit.recorder import Recorder
from tests.realsense_devices import URI, NetworkCamera, network_camera, opened, rs

from depthkit_drivers import realsense  # isort: skip
from depthkit_tools.bench import dds_camera as sent  # isort: skip


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetworkCamera]:
    """A network camera of 30 fps that stays."""
    with pytest.MonkeyPatch.context() as patch, network_camera(tmp_path_factory.mktemp("home"), patch) as camera:
        yield camera


@pytest.mark.usefixtures("plugged")
def test_all_streams_are_what_was_sent() -> None:
    with opened(f"{URI}?streams=depth,left,right,color") as camera:
        frames = list(itertools.islice(camera.frames(), 5, 50))  # the streams do not all start at once
        assert not any("gap" in each.meta for each in frames)
    for each in frames[:5] + frames[-5:]:  # those of the start stay as they were, in memory of their own
        number = each.sequence
        assert each.depth is not None
        expected = sent.depth(number) * np.float32(0.001)
        np.testing.assert_array_equal(each.depth.depth, np.where(sent.depth(number) == 0, np.nan, expected))
        np.testing.assert_array_equal(each.image("left"), sent.infrared(number, 1))
        np.testing.assert_array_equal(each.image("right"), sent.infrared(number, 2))
        np.testing.assert_array_equal(each.image("color"), sent.color(number))
        assert each.meta == {"clock": "hardware_clock", "exposure_us": 8500, "gain": 16}
    steps = np.diff([each.stamp_device_ns for each in frames])
    assert [each.sequence for each in frames] == list(range(frames[0].sequence, frames[0].sequence + 45))
    assert np.median(steps) == pytest.approx(1e9 / 30, rel=0.05)


@pytest.mark.usefixtures("plugged")
def test_the_rig_is_the_factorys() -> None:
    with opened(f"{URI}?streams=depth,left,right,color") as camera:
        rig = camera.rig
    assert rig.camera("left") == CameraModel(640, 480, 600, 600, 319.5, 239.5)
    assert rig.camera("color").fx == 610
    np.testing.assert_allclose(rig.T("right", "left")[:3, 3], (-0.05, 0, 0), atol=1e-7)
    np.testing.assert_allclose(rig.T("color", "depth")[:3, 3], (0.015, 0, 0), atol=1e-7)
    assert sent.SERIAL in rig.provenance["source"]


@pytest.mark.usefixtures("plugged")
def test_it_is_listed_and_found() -> None:
    with opened("realsense:"):
        pass  # the first time librealsense looks it may not have seen the camera yet
    (info,) = [info for info in list_cameras() if info.uri.startswith("realsense:")]
    assert (info.uri, info.serial, info.firmware) == (URI, sent.SERIAL, sent.FIRMWARE)
    assert info.streams == ("depth", "left", "right", "color")
    with pytest.raises(CameraNotFound, match=f"no camera 'realsense:42': there are {URI}"):
        open_camera("realsense:42")


@pytest.mark.usefixtures("plugged")
def test_modes_and_settings() -> None:
    with opened(f"{URI}?exposure=9000") as camera:
        assert camera.options["exposure"] == 9000
        assert camera.options["depth_units"] == 0.001
        camera.options["enable_auto_exposure"] = True
        assert camera.options["enable_auto_exposure"] is True
        with pytest.raises(InputError, match="exposure is a whole number from 1 to 165000"):
            camera.options["exposure"] = 0
        with pytest.raises(InputError, match="can be read only"):
            camera.options["stereo_baseline"] = 60
    with pytest.raises(UnsupportedMode, match="the depth stream has no mode 320×240; it has 640×480 16UC1 at 30 fps"):
        open_camera(f"{URI}?size=320x240")


@pytest.mark.usefixtures("plugged")
def test_it_is_recorded(tmp_path: Path) -> None:
    with opened(URI) as camera, Recorder(camera, tmp_path / "r.mcap", frames=5) as recorder:
        recorder.wait()
    with open_camera(tmp_path / "r.mcap") as recording:
        frames = list(recording.frames())
    assert len(frames) == 5
    for each in frames:
        assert each.depth is not None
        known = sent.depth(each.sequence)
        np.testing.assert_allclose(each.depth.depth[:, 1:], known[:, 1:] * 0.001, atol=1e-6)
        np.testing.assert_array_equal(each.image("color"), sent.color(each.sequence))


@pytest.mark.usefixtures("plugged")
def test_what_librealsense_records_is_read(tmp_path: Path) -> None:
    """Its own recorder on the same camera writes a .db3, which opens as any recording."""
    config, pipeline = rs.config(), rs.pipeline(realsense._context())
    config.enable_device(sent.SERIAL)
    config.enable_stream(rs.stream.depth, 640, 480, rs.format.z16, 30)
    config.enable_record_to_file(str(tmp_path / "r.db3"))
    pipeline.start(config)
    for _ in range(10):
        pipeline.wait_for_frames(5000)
    pipeline.stop()
    del pipeline
    with open_camera(tmp_path / "r.db3") as recording:
        frames = list(recording.frames())
    assert len(frames) >= 8
    known = [sent.depth(n) * np.float32(0.001) for n in range(4)]
    for each in frames:
        assert each.depth is not None
        assert any(np.allclose(each.depth.depth[:, 1:], one[:, 1:], atol=1e-6) for one in known)
