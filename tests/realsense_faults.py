"""The RealSense driver on cameras that come, go, lose frames and have another unit, on this machine's network.

Run by test_driver_realsense.py.
"""

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from depthkit.hotplug import watch_cameras
from tests.realsense_devices import URI, network_camera, opened

from depthkit_tools.main import main  # isort: skip
from depthkit_tools.bench import dds_camera as sent  # isort: skip  # it cannot be imported without the SDK


def test_the_unit_is_the_cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of 0.1 mm, and every tenth frame lost on the way."""
    with network_camera(tmp_path, monkeypatch, "--unit", "0.0001", "--skip", "10"), opened(URI) as camera:
        frames = list(itertools.islice(camera.frames(), 30))
        missing = camera.stats().missing
    for each in frames:
        assert each.depth is not None
        np.testing.assert_allclose(each.depth.depth[:, 1:], sent.depth(each.sequence)[:, 1:] * 1e-4, rtol=1e-6)
    assert all(each.sequence % 10 for each in frames)
    assert sum(each.meta.get("gap", {}).get("lost on the way", 0) for each in frames) >= 2
    assert set(missing) == {"lost on the way"}


def test_it_is_unplugged_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with network_camera(tmp_path, monkeypatch) as hardware, opened(f"{URI}?exposure=7000") as camera:
        frames = camera.frames()
        before = [next(frames) for _ in range(5)][-1]
        hardware.unplug()
        hardware.plug_in()
        after = next(each for each in frames if "camera lost" in each.meta.get("gap", {}))
        assert after.sequence - before.sequence > after.meta["gap"]["camera lost"] > 5
        assert camera.stats().reopens >= 1
        assert camera.options["exposure"] == 7000  # set again


def test_hot_plug_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with network_camera(tmp_path, monkeypatch) as hardware:
        came: list[str] = []
        went: list[str] = []
        hardware.unplug()
        with watch_cameras(lambda info: came.append(info.uri), lambda info: went.append(info.uri)):
            hardware.plug_in()
            wait(lambda: URI in came)
            hardware.unplug()
            wait(lambda: URI in went)


def test_its_own_loop_is_measured_beside_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "live", "--seconds", "0.5", "--rounds", "1", "--size", "64x48", "--fps", "30", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for side in ("pyrealsense2's own loop", "pyrealsense2, LiveCamera"):
        assert found[side]["frames"] == 15
        assert 0 < found[side]["latency_ms"] < 1000


def wait(until: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)
