"""`gentl:` with a real GenTL producer, against harvesters itself; its three cameras see the same game each time."""

import contextlib
import importlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from depthkit import list_cameras, open_camera
from depthkit.cameras import CameraModel
from depthkit.capture import drivers, load_driver
from depthkit.errors import (
    CameraNotFound,
    DeviceBusy,
    DeviceLost,
    DriverError,
    DriverNotInstalled,
    FrameIncomplete,
    FrameTimeout,
    InputError,
    UnsupportedMode,
)
from depthkit.live import IsolatedDevice, LiveCamera, Request
from depthkit.types import FrameSet
from depthkit_tools.main import main
from tests.gentl_camera import ENTRY_POINTS, VIKY, GenTlDevice, gentl, harvested

SMALL = "size=200x100&fps=100"
SLOW = "size=200x100&fps=10"
MANY = 40
"""Frames: after so many at the slow rate any camera was opened."""


@pytest.fixture(autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The driver's entry point, whatever the installed depthkit has."""
    folder = tmp_path_factory.mktemp("entry")
    meta = folder / "depthkit_gentl-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: depthkit-gentl\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delenv("GENICAM_GENTL64_PATH", raising=False)
    drivers.cache_clear()
    importlib.invalidate_caches()
    yield
    drivers.cache_clear()


def seen(uri: str, frames: int) -> list[FrameSet]:
    with open_camera(uri) as camera:
        return list(itertools.islice(camera.frames(), frames))


def process_of(camera: LiveCamera) -> subprocess.Popen[bytes]:
    device = camera._keeper.device
    assert isinstance(device, IsolatedDevice)
    assert device._process is not None
    return device._process


@pytest.mark.parametrize("serial", ["0", "1", "2"])
def test_colour_and_depth_are_what_harvesters_gives(serial: str) -> None:
    truth = harvested(serial, MANY, {"ComponentSelector": "Range", "ComponentEnable": True})
    for frames in seen(f"gentl:{VIKY}#{serial}?{SLOW}", 3):
        expected = truth[frames.sequence]
        np.testing.assert_array_equal(frames.image("color"), expected["RGBa8"][..., :3])
        assert frames.depth is not None
        millimetres = expected["Coord3D_C32f"]
        ball = millimetres > 0
        assert ball.any()
        np.testing.assert_array_equal(frames.depth.measured, ball)
        np.testing.assert_allclose(frames.depth.depth[ball], millimetres[ball] / 1000, rtol=1e-6)


def test_one_stream_alone_comes_as_one_image_and_as_grey() -> None:
    truth = harvested("1", MANY, {"PixelFormat": "Mono8"})
    (first,) = seen(f"gentl:{VIKY}#1?{SLOW}&streams=color&format=Mono8", 1)
    np.testing.assert_array_equal(first.image("color"), truth[first.sequence]["Mono8"])
    assert first.depth is None
    (first,) = seen(f"gentl:{VIKY}#1?{SMALL}&streams=depth", 1)
    assert not first.images
    assert first.depth is not None


def test_frames_are_numbered_by_the_camera_and_it_has_no_clock() -> None:
    frames = seen(f"gentl:{VIKY}?{SMALL}&streams=color", 20)
    numbers = [each.sequence for each in frames]
    assert numbers == sorted(set(numbers))
    assert {each.stamp_device_ns for each in frames} == {0}
    assert all(each.stamp_host_ns > 0 for each in frames)
    assert frames[0].meta["ChunkNrBounces"] == 0


def test_it_says_that_nobody_has_calibrated_it_or_takes_a_file(tmp_path: Path) -> None:
    with open_camera(f"gentl:{VIKY}?{SMALL}") as camera:
        rig = camera.rig
    assert rig.provenance["source"] == "not calibrated"
    file = tmp_path / "rig.json"
    file.write_text(json.dumps(rig.to_dict() | {"provenance": {"source": "by me"}}))
    with open_camera(f"gentl:{VIKY}?{SMALL}&rig={file}") as camera:
        assert camera.rig.provenance["source"] == "by me"
    with pytest.raises(InputError):
        open_camera(f"gentl:{VIKY}?{SMALL}&rig={tmp_path / 'nothing.json'}")


def test_settings_are_features_for_beginners() -> None:
    with open_camera(f"gentl:{VIKY}#2?{SMALL}&streams=color&BouncingBallSize=40") as camera:
        assert isinstance(camera, LiveCamera)
        assert list(camera.options) == ["BouncingBallSize"]
        large = next(camera.frames()).image("color")
        assert camera.options["BouncingBallSize"] == 40
        assert "1 to 40" in camera.options.describe("BouncingBallSize").allowed()
        camera.options["BouncingBallSize"] = 5
        small = next(itertools.islice(camera.frames(), 10, None)).image("color")
        with pytest.raises(InputError, match="1 to 40"):
            camera.options["BouncingBallSize"] = 41
    assert (small != 255).any(-1).sum() < 0.2 * (large != 255).any(-1).sum()


def test_modes_that_cannot_be_are_answered_with_those_that_can() -> None:
    with pytest.raises(UnsupportedMode, match="800×800 RGBa8"):
        open_camera(f"gentl:{VIKY}?color.size=900x900")
    with pytest.raises(UnsupportedMode, match="it has color, depth"):
        open_camera(f"gentl:{VIKY}?streams=right")
    with pytest.raises(UnsupportedMode, match="fps"):
        open_camera(f"gentl:{VIKY}?fps=201")


def test_without_a_producer_the_error_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_driver("gentl").discover() == []
    with pytest.raises(DriverNotInstalled, match=r"GENICAM_GENTL64_PATH.*gentl:/path/to/producer\.cti"):
        open_camera("gentl:")
    monkeypatch.setenv("GENICAM_GENTL64_PATH", str(tmp_path))
    with pytest.raises(DriverNotInstalled):
        open_camera("gentl:1")
    with pytest.raises(CameraNotFound, match=r"no GenTL producer .*/nothing\.cti"):
        open_camera(f"gentl:{tmp_path}/nothing.cti#1")
    (tmp_path / "bad.cti").write_text("not a library")
    with pytest.raises(DriverError, match="no GenTL producer for this machine"):
        open_camera(f"gentl:{tmp_path}/bad.cti")
    assert load_driver("gentl").discover() == []


def test_producers_in_the_environment_are_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENICAM_GENTL64_PATH", os.pathsep.join(["/nowhere", str(VIKY.parent)]))
    found = {info.serial: info for info in list_cameras() if info.uri.startswith("gentl:")}
    assert sorted(found) == ["0", "1", "2"]
    assert found["1"].uri == f"gentl:{VIKY}#1"
    assert "Viky" in found["1"].description
    (frames,) = seen(f"gentl:2?{SMALL}", 1)
    assert frames.depth is not None
    with pytest.raises(CameraNotFound, match=r"no camera '9': there are gentl:.*viky\.cti#0, .*#1, .*#2"):
        open_camera("gentl:9")
    with pytest.raises(CameraNotFound, match=r"#0, .*#1, .*#2"):
        open_camera(f"gentl:{VIKY}#9")


def test_two_cameras_of_a_producer_stream_at_once() -> None:
    with open_camera(f"gentl:{VIKY}#0?{SMALL}") as one, open_camera(f"gentl:{VIKY}#1?{SMALL}") as two:
        for _ in zip(itertools.islice(one.frames(), 10), two.frames(), strict=False):
            pass
        assert isinstance(one, LiveCamera)
        assert one.stats().frames >= 10
        assert list_cameras() is not None, "looking for others does no harm to those that are open"


def test_a_producer_that_dies_is_a_camera_that_was_lost_and_comes_back() -> None:
    with open_camera(f"gentl:{VIKY}#1?{SMALL}") as camera:
        assert isinstance(camera, LiveCamera)
        stream = camera.frames()
        before = next(stream).sequence
        os.kill(process_of(camera).pid, signal.SIGKILL)
        lost = next(each for each in stream if "camera lost" in each.meta.get("gap", {}))
        assert lost.sequence > before
        assert camera.stats().reopens == 1


def test_what_was_recorded_is_what_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "ball.mcap"
    assert main(["record", f"gentl:{VIKY}#1?{SLOW}", str(path), "--frames", "5", "--json"]) == 0
    truth = harvested("1", MANY, {"ComponentSelector": "Range", "ComponentEnable": True})
    with open_camera(path) as replay:
        assert replay.rig.provenance["source"] == "not calibrated"
        frames = list(replay.frames())
    assert len(frames) == 5
    for each in frames:
        np.testing.assert_array_equal(each.image("color"), truth[each.sequence]["RGBa8"][..., :3])
        assert each.depth is not None
        expected = truth[each.sequence]["Coord3D_C32f"] / 1000
        np.testing.assert_allclose(each.depth.depth[each.depth.measured], expected[expected > 0], atol=0.0006)


@pytest.fixture
def device() -> Iterator[GenTlDevice]:
    """In this process, where its SDK can be made to fail."""
    made = GenTlDevice(str(VIKY), "1", None)
    yield made
    made.close()


def test_containers_of_gendc_give_what_parts_give() -> None:
    truth = harvested("1", MANY, {"ComponentSelector": "Range", "ComponentEnable": True})
    device = GenTlDevice(str(VIKY), "1", None)
    with contextlib.closing(device):
        assert device._nodes.put("GenDCStreamingMode", "On")
        device.configure(Request.parse({"size": "200x100"})[0])
        device.start()
        for _ in range(3):
            frames = device.read(10)
            expected = truth[frames.sequence]
            np.testing.assert_array_equal(frames.image("color"), expected["RGBa8"][..., :3])
            assert frames.depth is not None
            np.testing.assert_array_equal(frames.depth.measured, expected["Coord3D_C32f"] > 0)


def test_a_camera_that_is_open_elsewhere_is_busy(device: GenTlDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depthkit_drivers.gentl_device.opened", lambda _: device._harvester)
    with pytest.raises(DeviceBusy, match="Viky 1 is open in another program"):
        GenTlDevice(str(VIKY), "1", None)


def test_buffers_that_are_not_whole_are_counted_by_the_library(
    device: GenTlDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.configure(Request())
    device.start()
    number = device.read(10).sequence
    with monkeypatch.context() as patch:
        patch.setattr(gentl.Buffer, "is_complete", lambda _: False)
        with pytest.raises(FrameIncomplete):
            device.read(10)
    assert device.read(10).sequence > number + 1
    device.stop()
    with pytest.raises(FrameTimeout, match="0 s"):
        device.read(0)


def test_a_device_that_does_not_answer_is_lost(device: GenTlDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    device.configure(Request())
    device.start()

    def gone(*_: object) -> None:
        raise gentl.InvalidHandleException("unplugged")

    monkeypatch.setattr(gentl.EventManagerNewBuffer, "update_event_data", gone)
    with pytest.raises(DeviceLost, match="unplugged"):
        device.read(1)
    device.close()
    with pytest.raises(DeviceLost, match="closed"):
        device.start()


def test_what_only_frames_tell_is_learnt_from_the_first(device: GenTlDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = device._nodes
    got, names = nodes.get, nodes.names
    told = {"ChunkScan3dFocalLength": 366.0, "ChunkScan3dPrincipalPointU": 99.0, "ChunkScan3dPrincipalPointV": 51.0}
    monkeypatch.setattr(nodes, "get", lambda name: told.get(name) if name in told else got(name))
    monkeypatch.setattr(nodes, "names", lambda prefix: [*names(prefix), *told])
    device.configure(Request.parse({"size": "200x100"})[0])
    assert device.rig.camera("depth") == device.rig.camera("color") == CameraModel(200, 100, 366, 366, 99, 51)
    device.start()
    depth = device.read(10).depth
    assert depth is not None
    assert depth.camera.fx == 366


def test_settings_that_the_device_refuses(device: GenTlDevice) -> None:
    with pytest.raises(DriverError, match="does not take BouncingBallSize=99"):
        device.set("BouncingBallSize", 99)
    with pytest.raises(DriverError, match="Nothing"):
        device.get("Nothing")


CODE = """
import itertools, signal, sys, threading
from depthkit_drivers.gentl_device import GenTlDevice
from depthkit.live import Request
before = signal.getsignal(signal.SIGINT)
device = GenTlDevice(sys.argv[1], "1", None)
assert signal.getsignal(signal.SIGINT) is before
device.configure(Request())
for _ in range(2):
    device.start()
    device.read(5)
    device.stop()
device.start()
if "close" in sys.argv:
    device.close()
    device.close()
    assert threading.enumerate() == [threading.main_thread()]
print("done")
"""


@pytest.mark.parametrize("ending", ["close", "forget"])
def test_it_ends_without_a_crash_closed_or_not_and_leaves_ctrl_c_and_threads_alone(ending: str) -> None:
    command = [sys.executable, "-X", "faulthandler", "-c", CODE, str(VIKY), ending]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=paths)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr


def test_closing_leaves_no_thread_and_no_process() -> None:
    before = threading.active_count()
    with open_camera(f"gentl:{VIKY}?{SMALL}") as camera:
        next(iter(camera.frames()))
        assert isinstance(camera, LiveCamera)
        process = process_of(camera)
    assert threading.active_count() == before
    assert process.poll() == 0
