"""`gige:` end to end on loopback: libaravis's simulated camera shows pictures of ours, and depthkit receives them.

The port of GigE Vision is fixed: these tests take turns, also with those of other processes.
"""

import ctypes
import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from depthkit import images, open_camera
from depthkit.arrays import U8, U16, Image
from depthkit.capture import load_driver
from depthkit.errors import (
    CameraNotFound,
    DeviceBusy,
    DeviceLost,
    DriverError,
    DriverNotInstalled,
    InputError,
    UnsupportedMode,
)
from depthkit.live import LiveCamera, LiveConfig, Patience, Request
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from depthkit.types import FrameSet
from depthkit_drivers import aravis
from depthkit_drivers.gige import GigeDriver
from depthkit_tools.main import main
from tests import gige_camera
from tests.gige_camera import DEADLINE, HOST, served

installed = gige_camera.installed
WHOLE = f"gige://{HOST}?size=640x240&fps=60&format=Mono8"
PAIR = f"gige://{HOST}?size=320x240&fps=60&format=Mono8&layout=side_by_side"
PATIENT = LiveConfig(queue=1000)
"""A busy machine may keep the test waiting: that is not what is tested."""


@pytest.fixture(scope="module", autouse=True)
def port() -> Iterator[None]:
    with gige_camera.port():
        yield


@pytest.fixture(scope="module")
def sim() -> SimCamera:
    return SimCamera(Options(size=(320, 240), lens="none"))


@pytest.fixture(scope="module")
def pictures(sim: SimCamera) -> U8:
    """(5, 240, 640) of rendered pairs side by side."""
    frames = [sim.frame(number) for number in range(5)]
    grey = [[frame.image(role) for role in ("left", "right")] for frame in frames]
    return np.stack([np.hstack([_grey(image) for image in pair]) for pair in grey])


def _grey(image: Image) -> U8:
    found: U8 = np.asarray(images.to_grey(image), np.uint8)
    return found


def beside(frames: FrameSet) -> U8:
    """Its pair as one picture."""
    return np.asarray(np.hstack([frames.image("left"), frames.image("right")]), np.uint8)


def live(uri: str, config: LiveConfig = PATIENT) -> LiveCamera:
    camera = open_camera(uri, config)
    assert isinstance(camera, LiveCamera)
    return camera


def turn(image: Image, pictures: Image) -> int:
    """Which of the pictures an image is, byte by byte."""
    (found,) = [number for number, picture in enumerate(pictures) if np.array_equal(image, picture)]
    return found


def test_pictures_arrive_as_they_were_rendered_in_order_and_numbered(tmp_path: Path, pictures: U8) -> None:
    with served(tmp_path, pictures), live(WHOLE) as camera:
        frames = list(itertools.islice(camera.frames(), 30))
        assert camera.serial == "DK1"
    numbers = [each.sequence for each in frames]
    turns = [turn(each.image("color"), pictures) for each in frames]
    assert numbers == sorted(set(numbers))
    assert set((np.diff(numbers) - np.diff(turns)) % len(pictures)) == {0}
    stamps = np.diff([each.stamp_device_ns for each in frames])
    assert np.median(stamps) == pytest.approx(1e9 / 60, rel=0.1)


def test_sixteen_bits_in_packets_of_any_size(tmp_path: Path) -> None:
    steps: U16 = np.random.default_rng(1).integers(0, 65536, (3, 100, 130), np.uint16)
    for packet_size in ("auto", "576", "9000"):
        uri = f"gige://{HOST}?size=130x100&format=Mono16&packet_size={packet_size}"
        with served(tmp_path / packet_size, steps), live(uri) as camera:
            for frames in itertools.islice(camera.frames(), 3):
                turn(frames.image("color"), steps)
            if packet_size != "auto":
                stats = camera.stats()
                packets = stats.device["received_packets"] / stats.device["completed_buffers"]
                assert packets == pytest.approx(2 + np.ceil(26000 / (int(packet_size) - 36)), abs=1.5)


def test_two_views_in_a_picture_are_left_and_right_with_the_rig_of_a_file(
    tmp_path: Path, pictures: U8, sim: SimCamera
) -> None:
    rig = tmp_path / "rig.json"
    rig.write_text(json.dumps(sim.rig.to_dict()))
    with served(tmp_path, pictures):
        with live(f"{PAIR}&rig={rig}") as camera:
            for frames in itertools.islice(camera.frames(), 5):
                number = turn(beside(frames), pictures)
                np.testing.assert_array_equal(frames.image("left"), _grey(sim.frame(number).image("left")))
            assert camera.rig.camera("left") == sim.rig.camera("left")
            assert camera.rig.baseline == sim.rig.baseline
            assert [str(each) for each in camera.streams] == [
                "left 320×240 Mono8 60 fps",
                "right 320×240 Mono8 60 fps",
            ]
        with live(f"{PAIR}&streams=right") as camera:
            frames = camera.read(DEADLINE)
            assert set(frames.images) == {"right"}
            assert camera.rig.provenance["source"] == "not calibrated"
            turn(frames.image("right"), pictures[:, :, 320:])


def test_two_views_in_the_bytes_of_each_pixel(tmp_path: Path, pictures: U8) -> None:
    left, right = pictures[:, :, :320], pictures[:, :, 320:]
    both = np.stack([left, right], -1)
    uri = f"gige://{HOST}?size=320x240&layout=interleaved"
    with served(tmp_path, both), live(uri) as camera:
        frames = camera.read(DEADLINE)
        assert turn(frames.image("left"), left) == turn(frames.image("right"), right)
        assert {each.format for each in camera.streams} == {"Mono8"}


def test_lost_packets_are_frames_counted_as_incomplete_and_the_others_are_whole(tmp_path: Path) -> None:
    count = 256
    numbered: U8 = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None], (count, 480, 640)).copy()
    uri = f"gige://{HOST}?size=640x480&fps=60&format=Mono8"
    with served(tmp_path, numbered, lost=0.002) as server, live(uri) as camera:
        frames = list(itertools.islice(camera.frames(), 60))
        stats, sent = camera.stats(), server.sent
    turns = np.array([turn(each.image("color")[:1, :1], numbered[:, :1, :1]) for each in frames])
    assert all((each.image("color") == number).all() for each, number in zip(frames, turns, strict=True))
    missing = (np.diff(turns) - 1) % count  # as the camera sent them
    assert missing.sum() > 0
    assert [sum(each.meta.get("gap", {}).values()) for each in frames[1:]] == missing.tolist()
    assert stats.incomplete > 0
    assert abs(stats.incomplete - stats.device["failures"]) <= 16, "but for those in buffers that nobody has read yet"
    assert sum(stats.missing.values()) <= sent - stats.frames
    assert stats.device["missing_packets"] > 0


def test_numbers_go_on_where_those_of_16_bits_begin_again(tmp_path: Path) -> None:
    """The simulated camera begins shortly before."""
    uri = f"gige://{HOST}?size=32x24&fps=500&format=Mono8"
    count = 251
    numbered: U8 = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None], (count, 24, 32)).copy()
    with served(tmp_path, numbered), live(uri) as camera:
        frames = list(itertools.islice(camera.frames(), 200))
        assert camera.stats().reordered == camera.stats().duplicates == 0
    numbers = [each.sequence for each in frames]
    turns = [int(each.image("color")[0, 0]) for each in frames]
    assert numbers[0] < 65535 < numbers[-1]
    assert numbers == sorted(set(numbers))
    assert set((np.diff(numbers) - np.diff(turns)) % count) == {0}


def test_a_camera_that_is_unplugged_and_back_streams_on_as_it_was_set(tmp_path: Path, pictures: U8) -> None:
    with served(tmp_path, pictures) as server, live(f"{WHOLE}&ExposureTimeAbs=8000") as camera:
        stream = camera.frames()
        last = next(stream).sequence
        camera.options["TriggerSource"] = "Software"
        server.kill()
        with served(tmp_path / "back", pictures):
            back = next(each for each in stream if "camera lost" in each.meta.get("gap", {}))
            assert back.sequence > last
            turn(back.image("color"), pictures)
            assert camera.options["ExposureTimeAbs"] == 8000
            assert camera.options["TriggerSource"] == "Software"
            assert camera.stats().reopens == 1


def test_a_camera_that_has_gone_is_lost(tmp_path: Path, pictures: U8) -> None:
    config = LiveConfig(patience=Patience(silence=0.3, given_up=1.0))
    with served(tmp_path, pictures) as server, live(WHOLE, config) as camera:
        stream = camera.frames()
        next(stream)
        server.kill()
        with pytest.raises(DeviceLost, match="check it and its cable"):
            list(stream)
        with pytest.raises(DeviceLost, match="away"):
            camera.options["ExposureTimeAbs"]


def test_a_device_that_does_not_answer_says_so(tmp_path: Path, pictures: U8) -> None:
    with served(tmp_path, pictures) as server:
        device = GigeDriver().open(HOST, {})
        device.configure(Request())
        device.start()
        device.read(DEADLINE)
        server.kill()
        with pytest.raises(DeviceLost, match=r"127\.0\.0\.1 does not answer: .*timeout"):
            device.stop()
        with pytest.raises(DeviceLost):
            device.start()
        device.close()
        device.close()
        with pytest.raises(DeviceLost, match="closed"):
            device.start()


def test_who_comes_second_is_told_that_it_is_busy(tmp_path: Path, pictures: U8) -> None:
    with served(tmp_path, pictures), live(WHOLE) as camera:
        camera.read(DEADLINE)
        with pytest.raises(DeviceBusy, match=r"at 127\.0\.0\.1 is open in another program"):
            open_camera(WHOLE)
        camera.read(DEADLINE)
    with served(tmp_path / "again", pictures), live(WHOLE) as camera:  # it was given free
        camera.read(DEADLINE)


def test_cameras_are_found_by_their_serial_number(tmp_path: Path, pictures: U8) -> None:
    with served(tmp_path, pictures, serial="DK7"):
        (found,) = (each for each in load_driver("gige").discover() if each.uri == "gige:DK7")
        assert found.serial == "DK7"
        assert "Aravis Fake at 127.0.0.1" in found.description
        for name in ("DK7", ""):
            with live(f"gige:{name}?size=640x240&format=Mono8") as camera:
                turn(camera.read(DEADLINE).image("color"), pictures)
                assert camera.serial == "DK7"
                assert camera._keeper.device.address == "DK7"
                camera.read(DEADLINE)
        with pytest.raises(CameraNotFound, match=r"no camera 'DK8': there are gige:DK7 \(gige://127\.0\.0\.1\)"):
            open_camera("gige:DK8")
    with pytest.raises(CameraNotFound, match=r"answers at 127\.0\.0\.1 .*check its address"):
        open_camera(f"gige://{HOST}")


def test_settings_are_features_for_beginners_with_their_limits(tmp_path: Path, pictures: U8) -> None:
    with served(tmp_path, pictures), live(WHOLE) as camera:
        exposure, trigger = (camera.options.describe(name) for name in ("ExposureTimeAbs", "TriggerMode"))
        assert (exposure.default, exposure.minimum, exposure.maximum) == (10000.0, 10.0, 1e7)
        assert trigger.choices == ("Off", "On")
        assert camera.options.describe("SensorWidth").read_only
        assert not {"Width", "PixelFormat", "TLParamsLocked", "GevSCPSPacketSize"} & set(camera.options)
        camera.options["BinningVertical"] = 4
        assert camera.options["BinningVertical"] == 4
        with pytest.raises(InputError, match="from 1 to 16"):
            camera.options["BinningVertical"] = 17
        with pytest.raises(DriverError, match="Nothing cannot be read"):
            camera._keeper.device.get("Nothing")
        with pytest.raises(DriverError, match="does not take TriggerMode=Sideways"):
            camera._keeper.device.set("TriggerMode", "Sideways")


def test_what_cannot_be_is_answered_with_what_can(tmp_path: Path, pictures: U8) -> None:
    with served(tmp_path, pictures):
        for uri, error, words in (
            (f"{WHOLE}&layout=diagonal", InputError, "single, side_by_side, top_bottom, interleaved"),
            (f"{WHOLE}&packet_size=large", InputError, "bytes from 220 to 65535, or auto"),
            (f"{WHOLE}&packet_size=20", InputError, "bytes from 220 to 65535, or auto"),
            (f"gige://{HOST}?size=4096x10", UnsupportedMode, "2048×2048 Mono8"),
            (f"gige://{HOST}?format=BayerRG8", UnsupportedMode, "it has .*Mono16"),
            (f"gige://{HOST}?layout=side_by_side&streams=color", UnsupportedMode, "it has left, right"),
        ):
            with pytest.raises(error, match=words):
                open_camera(uri)


def test_what_was_recorded_is_what_is_replayed(tmp_path: Path, pictures: U8, sim: SimCamera) -> None:
    path, rig = tmp_path / "pair.mcap", tmp_path / "rig.json"
    rig.write_text(json.dumps(sim.rig.to_dict()))
    with served(tmp_path, pictures):
        assert main(["record", f"{PAIR}&rig={rig}", str(path), "--frames", "6", "--json"]) == 0
    with open_camera(path) as replay:
        assert replay.rig.camera("right") == sim.rig.camera("right")
        frames = list(replay.frames())
    assert len(frames) == 6
    for each in frames:
        turn(beside(each), pictures)


def test_two_cameras_stream_at_once(tmp_path: Path, pictures: U8) -> None:
    with (
        served(tmp_path, pictures),
        served(tmp_path, pictures[::-1], "127.0.0.2", "DK2"),
        live(WHOLE) as one,
        live(WHOLE.replace(HOST, "127.0.0.2")) as two,
    ):
        for first, second in itertools.islice(zip(one.frames(), two.frames(), strict=False), 10):
            turn(first.image("color"), pictures)
            turn(second.image("color"), pictures)
        assert (one.serial, two.serial) == ("DK1", "DK2")


def test_closing_leaves_no_thread(tmp_path: Path, pictures: U8) -> None:
    before = threading.active_count()
    with served(tmp_path, pictures), live(WHOLE) as camera:
        camera.read(DEADLINE)
    assert threading.active_count() <= before


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    aravis.load.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(ctypes, "CDLL", missing)
        with pytest.raises(DriverNotInstalled, match=r'pip install "depthkit\[gige\]".*apt install libaravis-0\.8-0'):
            open_camera("gige:")
    assert aravis.load() is not None
