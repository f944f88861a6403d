"""Files that librealsense itself records, here and now, from a device made of software."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from depthkit import transforms
from depthkit.cameras import CameraModel
from depthkit.recordings import Recording, open_recording

pytest.importorskip("pyrealsense2", reason="pyrealsense2, which records the files, is not installed")

WIDTH, HEIGHT, FRAMES = 64, 48, 8
STEP = 0.00025  # metres: not the one of most cameras

RECORD = f"""
import gc, sys
import numpy as np
import pyrealsense2 as rs

W, H = {WIDTH}, {HEIGHT}

def stream(kind, uid, form, bpp, index, f):
    s = rs.video_stream()
    s.type, s.uid, s.fmt, s.bpp, s.index, s.width, s.height, s.fps = kind, uid, form, bpp, index, W, H, 30
    lens = rs.intrinsics()
    lens.width, lens.height, lens.fx, lens.fy, lens.ppx, lens.ppy = W, H, f, f + 1, 31.5, 23.5
    lens.model, lens.coeffs = rs.distortion.brown_conrady, [0] * 5
    s.intrinsics = lens
    return s

device = rs.software_device()
device.register_info(rs.camera_info.name, "made of software")
device.register_info(rs.camera_info.serial_number, "7")
stereo, rgb = device.add_sensor("Stereo Module"), device.add_sensor("RGB Camera")
stereo.add_read_only_option(rs.option.depth_units, {STEP})
depth = stereo.add_video_stream(stream(rs.stream.depth, 0, rs.format.z16, 2, 0, 50.0))
color = rgb.add_video_stream(stream(rs.stream.color, 1, rs.format.rgb8, 3, 0, 60.0))
place = rs.extrinsics()
place.rotation, place.translation = [0, 1, 0, -1, 0, 0, 0, 0, 1], [0.015, 0.002, -0.003]
depth.register_extrinsics_to(color, place)
recorder, queue = rs.recorder(sys.argv[1], device), rs.frame_queue(8)
stereo.open(depth), rgb.open(color)
stereo.start(queue), rgb.start(queue)
for n in range({FRAMES}):
    rng = np.random.default_rng(n)
    pictures = rng.integers(0, 65536, (H, W), np.uint16), rng.integers(0, 256, (H, W, 3), np.uint8)
    for sensor, profile, pixels in zip((stereo, rgb), (depth, color), pictures):
        frame = rs.software_video_frame()
        frame.pixels, frame.stride, frame.bpp = pixels, pixels.strides[0], pixels.strides[1]
        frame.timestamp, frame.domain, frame.frame_number = 1000 + 25.0 * n, rs.timestamp_domain.hardware_clock, n + 1
        frame.profile = profile.as_video_stream_profile()
        if sensor is stereo:
            frame.depth_units = {STEP}
        sensor.on_video_frame(frame)
for sensor in (stereo, rgb):
    sensor.stop()
    sensor.close()
del recorder, device, stereo, rgb, depth, color, sensor, profile, frame
gc.collect()
"""


def test_every_pixel_stamp_and_number(tmp_path: Path) -> None:
    path = tmp_path / "walk.db3"
    done = subprocess.run([sys.executable, "-c", RECORD, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with open_recording(path) as recording:
        assert isinstance(recording, Recording)
        frames = list(recording.frames())
        assert recording.ledger().unreadable == {}
        assert recording.ledger().left_over == {}
    assert len(frames) == FRAMES
    for n, each in enumerate(frames):
        rng = np.random.default_rng(n)
        steps = rng.integers(0, 65536, (HEIGHT, WIDTH), np.uint16)
        assert each.stamp_device_ns == 1_000_000_000 + 25_000_000 * n
        assert each.depth is not None
        assert np.array_equal(np.isnan(each.depth.depth), steps == 0)
        np.testing.assert_allclose(np.nan_to_num(each.depth.depth), steps * STEP, rtol=1e-6)
        assert np.array_equal(each.image("color"), rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8))
    rig = frames[0].rig
    assert rig.camera("depth") == CameraModel(WIDTH, HEIGHT, 50, 51, 31.5, 23.5)
    assert rig.camera("color") == CameraModel(WIDTH, HEIGHT, 60, 61, 31.5, 23.5)
    quarter_turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])  # librealsense keeps rotations by columns
    expected = transforms.from_rotation_translation(quarter_turn, [0.015, 0.002, -0.003])
    np.testing.assert_allclose(rig.T("color", "depth"), expected, atol=1e-6)
