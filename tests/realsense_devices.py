"""RealSense cameras that are not there: one on the network of this machine, and one of librealsense's software."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

rs = pytest.importorskip("pyrealsense2", reason="pyrealsense2 is not installed: pip install pyrealsense2")

from depthkit import open_camera  # noqa: E402
from depthkit.live import LiveCamera, LiveConfig, Patience  # noqa: E402
from depthkit_drivers import realsense  # noqa: E402  # it cannot be imported without the SDK
from depthkit_tools.bench import dds_camera  # noqa: E402

URI = f"realsense:{dds_camera.SERIAL}"
_PATIENCE = Patience(silence=3, given_up=60)

DOMAINS = (1 + (os.getpid() + 20 * n) % 220 for n in itertools.count())
"""Of DDS, as good as ports: no two cameras of these tests are to meet."""
WIDTH, HEIGHT, FPS = 64, 48, 30
_SETTLED = 1.5  # s, after which librealsense hears the answers of a camera that it has just found


class NetworkCamera:
    """The simulated network camera in a process of its own, which can be unplugged and plugged in."""

    def __init__(self, *options: str) -> None:
        self.domain, self._options = next(DOMAINS), options
        self._process: subprocess.Popen[str] | None = None

    def plug_in(self) -> None:
        command = [
            sys.executable,
            "-m",
            "depthkit_tools.bench.dds_camera",
            "--domain",
            str(self.domain),
            *self._options,
        ]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said == "ready\n", said + self._process.stdout.read()

    def unplug(self) -> None:
        if self._process is not None:
            self._process.communicate(timeout=20)  # which closes its input
            self._process = None


@contextmanager
def network_camera(home: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> Iterator[NetworkCamera]:
    """A camera that librealsense sees, by settings of its own in a home folder."""
    camera = NetworkCamera(*options)
    dds = {"enabled": True, "domain": camera.domain, "udp": {"whitelist": ["127.0.0.1"]}}
    (home / ".realsense-config.json").write_text(json.dumps({"context": {"dds": dds}}))
    monkeypatch.setenv("HOME", str(home))
    realsense._context.cache_clear()
    camera.plug_in()
    try:
        _wait_until(present=True)
        time.sleep(_SETTLED)
        yield camera
    finally:
        camera.unplug()
        _wait_until(present=False)
        realsense._context.cache_clear()


def opened(uri: str) -> LiveCamera:
    camera = open_camera(uri, LiveConfig(queue=60, patience=_PATIENCE))
    assert isinstance(camera, LiveCamera)
    return camera


def _wait_until(present: bool) -> None:
    """Wait for librealsense to see a camera; or none, so that the next one of that number is another one to it."""
    deadline = time.monotonic() + 20
    while bool(realsense._devices()) != present and time.monotonic() < deadline:
        time.sleep(0.1)


class SoftwareCamera:
    """librealsense's software device with depth and colour; `push` gives it a frame."""

    def __init__(self, unit: float = 0.001) -> None:
        self.unit, self.device = unit, rs.software_device()
        self.stereo, self.rgb = self.device.add_sensor("Stereo Module"), self.device.add_sensor("RGB Camera")
        self.stereo.add_read_only_option(rs.option.depth_units, unit)
        self.stereo.add_read_only_option(rs.option.stereo_baseline, 50.0)
        self.depth = self.stereo.add_video_stream(_stream(rs.stream.depth, 0, rs.format.z16, 2), True)
        self.color = self.rgb.add_video_stream(_stream(rs.stream.color, 1, rs.format.bgr8, 3), True)
        self.depth.register_extrinsics_to(self.color, _shift(0.015))
        self.device.create_matcher(rs.matchers.default)
        self.syncer = rs.syncer(64)
        for sensor, stream in ((self.stereo, self.depth), (self.rgb, self.color)):
            sensor.open(stream)
            sensor.start(self.syncer)

    def push(self, number: int, pixels: np.ndarray, unit: float | None = None) -> None:
        """Depth (H, W) uint16 or colour (H, W, 3) BGR, of frame `number`."""
        depth = pixels.ndim == 2
        frame = rs.software_video_frame()
        frame.bpp = 2 if depth else 3
        frame.stride, frame.pixels = WIDTH * frame.bpp, pixels
        frame.timestamp, frame.domain = 1000.0 * number / FPS, rs.timestamp_domain.hardware_clock
        frame.frame_number = number
        frame.profile = (self.depth if depth else self.color).as_video_stream_profile()
        if depth:
            frame.depth_units = unit or self.unit
        (self.stereo if depth else self.rgb).on_video_frame(frame)

    def sets(self, count: int) -> list[Any]:
        """So many framesets, all of them kept."""
        found = []
        for _ in range(count):
            frame_set = self.syncer.wait_for_frames(5000)
            frame_set.keep()
            found.append(frame_set)
        return found

    def close(self) -> None:
        for sensor in (self.stereo, self.rgb):
            sensor.stop()
            sensor.close()


def motion_frames(gyro: np.ndarray, acceleration: np.ndarray) -> list[Any]:
    """Frames of a software motion sensor: rows of (stamp in ms, x, y, z)."""
    device = rs.software_device()
    sensor = device.add_sensor("Motion Module")
    queue, frames = rs.frame_queue(1000), []
    profiles = []
    for uid, kind in enumerate((rs.stream.gyro, rs.stream.accel)):
        stream = rs.motion_stream()
        stream.type, stream.index, stream.uid, stream.fps = kind, 0, uid, 200
        stream.fmt = rs.format.motion_xyz32f
        profiles.append(sensor.add_motion_stream(stream))
    sensor.open(profiles)
    sensor.start(queue)
    for profile, rows in zip(profiles, (gyro, acceleration), strict=True):
        for number, (stamp, *values) in enumerate(rows):
            frame = rs.software_motion_frame()
            vector = rs.vector()
            vector.x, vector.y, vector.z = values
            frame.data = vector
            frame.timestamp, frame.domain = stamp, rs.timestamp_domain.hardware_clock
            frame.frame_number, frame.profile = number, profile.as_motion_stream_profile()
            sensor.on_motion_frame(frame)
            kept = queue.wait_for_frame(5000)
            kept.keep()
            frames.append(kept)
    sensor.stop()
    sensor.close()
    return frames


def _stream(kind: Any, uid: int, form: Any, bytes_a_pixel: int) -> Any:
    stream = rs.video_stream()
    stream.type, stream.index, stream.uid, stream.fmt, stream.bpp = kind, 0, uid, form, bytes_a_pixel
    stream.width, stream.height, stream.fps = WIDTH, HEIGHT, FPS
    lens = rs.intrinsics()
    lens.width, lens.height, lens.fx, lens.fy, lens.ppx, lens.ppy = WIDTH, HEIGHT, 60.0, 60.0, 31.5, 23.5
    lens.model, lens.coeffs = rs.distortion.brown_conrady, [0.1, -0.05, 0.001, 0.002, 0.01]
    stream.intrinsics = lens
    return stream


def _shift(x: float) -> Any:
    place = rs.extrinsics()
    place.rotation, place.translation = [1, 0, 0, 0, 1, 0, 0, 0, 1], [x, 0, 0]
    return place
