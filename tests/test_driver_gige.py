"""`gige:` end to end on loopback: libaravis's simulated camera shows pictures of ours, and depthkit receives them.

The port of GigE Vision is fixed: these tests take turns, also with those of other processes.
"""

import importlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from depthkit import list_cameras, open_camera
from depthkit.arrays import U8, U16
from depthkit.capture import drivers
from depthkit.errors import CameraNotFound, DeviceBusy, DeviceLost, DriverError, InputError, UnsupportedMode
from depthkit.live import LiveCamera, LiveConfig
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from depthkit.types import FrameSet
from depthkit_tools.main import main
from tests import gige_camera
from tests.gige_camera import DEADLINE, Server, served

ENTRY_POINTS = "[depthkit.drivers]\ngige = depthkit_drivers.gige:GigeDriver\n"
HOST = "127.0.0.1"
WHOLE = f"gige://{HOST}?size=640x240&fps=60&format=Mono8"
PAIR = f"gige://{HOST}?size=320x240&fps=60&format=Mono8&layout=side_by_side"
PATIENT = LiveConfig(queue=1000)
"""A busy machine may keep the test waiting: that is not what is tested."""


@pytest.fixture(scope="module", autouse=True)
def port() -> Iterator[None]:
    with gige_camera.port():
        yield


@pytest.fixture(autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The driver's entry point, whatever the installed depthkit has."""
    folder = tmp_path_factory.mktemp("entry")
    meta = folder / "depthkit_gige-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: depthkit-gige\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(folder)
    drivers.cache_clear()
    importlib.invalidate_caches()
    yield
    drivers.cache_clear()


@pytest.fixture(scope="module")
def sim() -> SimCamera:
    return SimCamera(Options(size=(320, 240), lens="none"))


@pytest.fixture(scope="module")
def pictures(sim: SimCamera) -> U8:
    """(5, 240, 640) of rendered pairs side by side."""
    frames = [sim.frame(number) for number in range(5)]
    grey = [[frame.image(role) for role in ("left", "right")] for frame in frames]
    return np.stack([np.hstack([_grey(image) for image in pair]) for pair in grey])


def _grey(image: np.ndarray) -> U8:  # type: ignore[type-arg]
    found: U8 = image if image.ndim == 2 else np.ascontiguousarray(image[..., 1])
    return found


def live(uri: str, config: LiveConfig = PATIENT) -> LiveCamera:
    camera = open_camera(uri, config)
    assert isinstance(camera, LiveCamera)
    return camera


def turn(image: np.ndarray, pictures: np.ndarray) -> int:  # type: ignore[type-arg]
    """Which of the pictures an image is, byte by byte."""
    (found,) = [number for number, picture in enumerate(pictures) if np.array_equal(image, picture)]
    return found


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_pictures_arrive_as_they_were_rendered_in_order_and_numbered(tmp_path: Path, pictures: U8) -> None:
    with served(tmp_path, pictures), live(WHOLE) as camera:
        frames = list(itertools.islice(camera.frames(), 30))
        assert camera.serial == "DK1"
        assert camera.stats().missing == {}
        assert camera.stats().device["missing_packets"] == 0
    numbers = [each.sequence for each in frames]
    turns = [turn(each.image("color"), pictures) for each in frames]
    assert numbers == list(range(numbers[0], numbers[0] + 30))
    assert turns == [(turns[0] + step) % len(pictures) for step in range(30)]
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
