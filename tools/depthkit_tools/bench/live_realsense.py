"""librealsense's own loop, and the library's over its driver, on the same simulated network camera in turns."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from depthkit.errors import DriverError

_STREAMS = 640, 480
_DOMAIN = 1 + os.getpid() % 220
_READY = 15.0  # s


@contextmanager
def camera(fps: int) -> Iterator[str]:
    """A simulated camera with pictures of 640×480 that librealsense sees; its URI. DriverNotInstalled without it."""
    with tempfile.TemporaryDirectory() as home, _home(Path(home)), _process(fps):
        from depthkit_tools.bench import dds_camera

        yield f"realsense:{dds_camera.SERIAL}"


def sdk_loop(fps: int) -> Generator[int, None, None]:
    """Depth and colour by `pipeline.wait_for_frames`, copied as one must to keep them; stamps in ns."""
    import pyrealsense2 as rs

    pipeline, config = rs.pipeline(_context()), rs.config()
    config.enable_stream(rs.stream.depth, *_STREAMS, rs.format.z16, fps)
    config.enable_stream(rs.stream.color, *_STREAMS, rs.format.rgb8, fps)
    pipeline.start(config)
    try:
        while True:
            found = pipeline.wait_for_frames(5000)
            depth, color = found.get_depth_frame(), found.get_color_frame()
            if depth and color:
                np.array(depth.get_data()), np.array(color.get_data())
                yield round(depth.get_timestamp() * 1e6)
    finally:
        pipeline.stop()


def _context() -> object:
    """A context in which the camera was seen."""
    import pyrealsense2 as rs

    context, deadline = rs.context(), time.monotonic() + _READY
    while not len(context.query_devices()):
        if time.monotonic() > deadline:
            raise DriverError("librealsense does not see the simulated camera: is the loopback interface up?")
        time.sleep(0.05)
    return context


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """Settings of librealsense's for the time being, which it reads from the home folder."""
    dds = {"enabled": True, "domain": _DOMAIN, "udp": {"whitelist": ["127.0.0.1"]}}
    (folder / ".realsense-config.json").write_text(json.dumps({"context": {"dds": dds}}))
    before = os.environ.get("HOME", "")
    os.environ["HOME"] = str(folder)
    try:
        yield
    finally:
        os.environ["HOME"] = before


@contextmanager
def _process(fps: int) -> Iterator[None]:
    command = [sys.executable, "-m", "depthkit_tools.bench.dds_camera", "--domain", str(_DOMAIN), "--fps", str(fps)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise DriverError("the simulated camera did not start")
        yield
    finally:
        process.communicate()
