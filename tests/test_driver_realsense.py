"""The RealSense driver on the real pyrealsense2: a camera on this machine's network, and one of its software."""

import subprocess
import sys

import numpy as np
import pytest

from depthkit.cameras import CameraModel, Rig
from depthkit.errors import (
    AccessDenied,
    CalibrationError,
    DeviceBusy,
    DeviceLost,
    DriverError,
    FrameIncomplete,
)
from tests import realsense_devices as devices
from tests.conftest import ROOT
from tests.realsense_devices import SoftwareCamera, rs

from depthkit_drivers import realsense, realsense_frames, realsense_motion, realsense_options  # isort: skip


@pytest.mark.parametrize("module", ["realsense_streams", "realsense_faults"])
def test_on_the_network(module: str) -> None:
    """In a process of its own, up to three times: librealsense on the network fails or crashes now and then."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/{module}.py"]
    said = ""
    for _ in range(3):
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
        except subprocess.TimeoutExpired:
            continue
        said = done.stdout
        if done.returncode == 0:
            return
    pytest.fail(f"three times in a row, at last: {said}")


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
