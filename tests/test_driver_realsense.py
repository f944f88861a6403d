"""The RealSense driver on the real pyrealsense2: a camera on this machine's network, and one of its software."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from depthkit import list_cameras, open_camera
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import (
    AccessDenied,
    CalibrationError,
    CameraNotFound,
    DeviceBusy,
    DeviceLost,
    DriverError,
    FrameIncomplete,
    InputError,
    UnsupportedMode,
)
from depthkit.recorder import Recorder
from tests import realsense_devices as devices
from tests.realsense_devices import URI, NetworkCamera, SoftwareCamera, network_camera, opened, rs

from depthkit_drivers import realsense, realsense_frames, realsense_motion, realsense_options  # isort: skip
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


def test_frames_before_all_streams_run_are_incomplete() -> None:
    camera = SoftwareCamera()
    camera.push(1, steps(1))
    camera.push(2, steps(2))
    camera.push(2, bgr(2))
    found = camera.sets(1)
    camera.close()
    rig = Rig({"depth": CameraModel(64, 48, 60, 60, 31.5, 23.5), "color": CameraModel(64, 48, 60, 60, 31.5, 23.5)})
    assert found[0].size() == 1
    with pytest.raises(FrameIncomplete, match="has no color"):
        realsense_frames.frame_set(found[0], ["depth", "color"], rig, None)


def test_the_unit_is_that_of_each_frame() -> None:
    camera = SoftwareCamera()
    model = CameraModel(64, 48, 60, 60, 31.5, 23.5)
    for number, unit in enumerate((0.001, 0.0001, 0.00025), 1):
        camera.push(number, steps(number), unit)
    queue = [part for found in camera.sets(3) for part in found]
    camera.close()
    for number, (frame, unit) in enumerate(zip(queue, (0.001, 0.0001, 0.00025), strict=True), 1):
        assert realsense_frames.unit_of(frame.as_depth_frame()) == unit
        found = realsense_frames.depth_of(frame.as_depth_frame(), model, 0)
        np.testing.assert_allclose(found.depth, steps(number) * unit, rtol=1e-6)


def test_disparity_is_float_32_times_too_large_in_a_buffer_of_uint32() -> None:
    """What librealsense hands out for B = 50 mm, f = 60 px and 1 m is 96, as bytes of uint32; meant are 3 px."""
    camera = SoftwareCamera()
    camera.push(1, np.full((48, 64), 1000, np.uint16))
    frame = rs.disparity_transform(True).process(camera.sets(1)[0].get_depth_frame())
    camera.close()
    assert np.asarray(frame.get_data()).dtype == np.uint32
    np.testing.assert_allclose(realsense_frames.disparity_of(frame), 0.05 * 60 / 1.0, rtol=1e-5)


def test_pictures_are_copies() -> None:
    camera = SoftwareCamera()
    camera.push(1, steps(1))
    frame = camera.sets(1)[0].get_depth_frame()
    view = np.asarray(frame.get_data())
    assert not view.flags.owndata  # librealsense's memory, which it will use again
    copy = realsense_frames.picture(frame)
    view[:] = 0
    np.testing.assert_array_equal(copy, steps(1))
    camera.close()


def test_lenses() -> None:
    found = rs.intrinsics()
    found.width, found.height, found.fx, found.fy, found.ppx, found.ppy = 64, 48, 60.0, 61.0, 31.0, 23.0
    for model, coefficients, expected in (
        (rs.distortion.none, [0.0] * 5, ("pinhole", ())),
        (rs.distortion.inverse_brown_conrady, [0.0] * 5, ("pinhole", ())),
        (rs.distortion.brown_conrady, [0.1, 0.2, 0.0, 0.0, 0.5], ("brown_conrady", (0.1, 0.2, 0.0, 0.0, 0.5))),
        (rs.distortion.modified_brown_conrady, [0.5] * 5, ("brown_conrady", (0.5,) * 5)),
        (rs.distortion.kannala_brandt4, [0.5, 0.25, 0.0, 0.0, 0.0], ("fisheye", (0.5, 0.25, 0.0, 0.0))),
    ):
        found.model, found.coeffs = model, coefficients
        camera = realsense_frames.camera(found)
        assert camera.model == expected[0]
        np.testing.assert_allclose(camera.distortion, expected[1], rtol=1e-6)
    found.model, found.coeffs = rs.distortion.inverse_brown_conrady, [0.1] * 5
    with pytest.raises(CalibrationError, match="inverse_brown_conrady is not known"):
        realsense_frames.camera(found)


def test_motion_is_merged_at_the_gyroscopes_stamps() -> None:
    gyro = np.array([[0, 1, 2, 3], [5, 4, 5, 6], [10, 7, 8, 9]], float)
    acceleration = np.array([[0, 0, -9.8, 0], [10, 1, -9.8, 2]], float)
    reader = realsense_motion.MotionReader([])
    for frame in devices.motion_frames(gyro, acceleration):
        reader.add(frame.as_motion_frame())
    found = reader.take()
    assert found is not None
    assert found.stamps_ns.tolist() == [0, 5_000_000, 10_000_000]
    np.testing.assert_allclose(found.angular_velocity, gyro[:, 1:])
    np.testing.assert_allclose(found.acceleration, [[0, -9.8, 0], [0.5, -9.8, 1], [1, -9.8, 2]], atol=1e-6)
    assert reader.take() is None


@pytest.mark.parametrize(
    ("said", "kind", "remedy"),
    [
        ("xioctl(VIDIOC_S_FMT) failed, errno=16 Last Error: Device or resource busy", DeviceBusy, "close that first"),
        ("failed to set power state", AccessDenied, 'ATTR{idVendor}=="8086"'),
        ("No device connected", DeviceLost, "is gone"),
        ("get_xu(...) failed", DriverError, "get_xu"),
    ],
)
def test_errors_name_the_remedy(said: str, kind: type[DriverError], remedy: str) -> None:
    with pytest.raises(kind, match=remedy), realsense._explained("7"):
        raise RuntimeError(said)


def test_choices_are_named() -> None:
    """An option whose values all have names is one of text."""

    class Sensor:
        value = 1.0

        def is_color_sensor(self) -> bool:
            return True

        def get_supported_options(self) -> list[object]:
            return [rs.option.power_line_frequency]

        def get_option_range(self, key: object) -> object:
            limits = rs.option_range()
            limits.min, limits.max, limits.step, limits.default = 0.0, 2.0, 1.0, 2.0
            return limits

        def get_option_value_description(self, key: object, value: float) -> str:
            return ("Disabled", "50Hz", "60Hz")[int(value)]

        def get_option_description(self, key: object) -> str:
            return "of the lamps"

        def is_option_read_only(self, key: object) -> bool:
            return False

        def get_option(self, key: object) -> float:
            return self.value

        def set_option(self, key: object, value: float) -> None:
            self.value = value

    options = realsense_options.SensorOptions([Sensor()])
    (option,) = options.described
    assert (option.name, option.default) == ("color.power_line_frequency", "60Hz")
    assert option.choices == ("Disabled", "50Hz", "60Hz")
    assert options.get(option.name) == "50Hz"
    options.set(option.name, "60Hz")
    assert options.get(option.name) == "60Hz"


def steps(number: int) -> np.ndarray:
    return (np.add.outer(np.arange(48), np.arange(64)) + 500 + number).astype(np.uint16)


def bgr(number: int) -> np.ndarray:
    return np.full((48, 64, 3), number, np.uint8)
