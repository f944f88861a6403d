"""The simulated camera that fails: every fault is seen, counted, and got over."""

import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from depthkit import open_camera
from depthkit.errors import InputError
from depthkit.live import LiveCamera, LiveConfig, Patience
from depthkit.live.continuity import INCOMPLETE, LOST
from depthkit.live.keeper import GONE, SILENT
from depthkit.sim import faults
from depthkit.sim.faults import Fault
from depthkit.types import FrameSet

CONFIG = LiveConfig(queue=500, patience=Patience(silence=0.3, given_up=10))


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "depthkit-grabber"]


def watch(options: str, count: int) -> tuple[list[FrameSet], Any]:
    """So many frames of the camera, and its statistics."""
    with open_camera(f"sim:faulty?size=32x24&fps=200&{options}", CONFIG) as camera:
        assert isinstance(camera, LiveCamera)
        frames = list(itertools.islice(camera.frames(), count))
        return frames, camera.stats()


def made(frames: list[FrameSet]) -> list[int]:
    return [each.meta["made"] for each in frames]


@pytest.mark.parametrize(
    ("script", "left_out", "counts"),
    [
        ("", [], {}),
        ("drop@20x3", [20, 21, 22], {LOST: 3}),
        ("cut@20x2", [20, 21], {INCOMPLETE: 2}),
        ("double@20", [], {}),
        ("swap@20", [20], {LOST: 1}),
        ("stall@20x6", [], {}),
        ("jump@20x5000", [], {}),
    ],
)
def test_faults_that_leave_the_stream_running(script: str, left_out: list[int], counts: dict[str, int]) -> None:
    frames, stats = watch(f"script={script}", 40)
    numbers = made(frames)
    overrun = stats.device.get("overrun", 0)  # on a machine that was busy
    assert set(left_out) <= set(range(numbers[0], numbers[-1])) - set(numbers)
    assert stats.missing.get(LOST, 0) == counts.get(LOST, 0) + overrun
    assert stats.missing.get(INCOMPLETE, 0) == counts.get(INCOMPLETE, 0)
    assert [b - a for a, b in itertools.pairwise(numbers)] == [
        b.sequence - a.sequence for a, b in itertools.pairwise(frames)
    ]
    assert (stats.duplicates, stats.reordered) == (int("double" in script), int("swap" in script))
    assert stats.clock_jumps == int("jump" in script)
    assert stats.incomplete == (2 if "cut" in script else 0)


@pytest.mark.parametrize(("script", "why"), [("unplug@30x50", GONE), ("hang@30", SILENT)])
def test_faults_that_interrupt_it(script: str, why: str) -> None:
    frames, stats = watch(f"script={script}", 60)
    (gap,) = [(a, b) for a, b in itertools.pairwise(frames) if why in b.meta.get("gap", {})]
    truly = gap[1].meta["made"] - gap[0].meta["made"] - 1
    assert truly >= 49
    assert gap[1].sequence - gap[0].sequence - 1 == stats.missing[why]
    assert abs(stats.missing[why] - truly) <= 0.1 * truly + 10  # by the clock, on a machine that may be busy
    assert (stats.reopens, stats.restarts) == ((1, 0) if why == GONE else (0, 1))


def test_images_are_whole_and_the_simulated_ones() -> None:
    frames, _ = watch("script=cut@15,cut@19", 26)
    with open_camera("sim:stereo?size=32x24&fps=200") as camera:
        pictures = [each.images for each in itertools.islice(camera.frames(), 8)]
    for each in frames:
        for role, image in each.images.items():
            assert np.array_equal(image, pictures[each.meta["made"] % 8][role])


def test_the_devices_clock_runs_as_told() -> None:
    frames, _ = watch("ppm=10000", 20)
    steps = np.diff([each.stamp_device_ns for each in frames]) / np.diff(made(frames))
    assert steps.mean() == pytest.approx(1.01e9 / 200, rel=1e-5)


def test_faults_drawn_by_a_seed_are_the_same_and_of_every_kind() -> None:
    first, again, other = (list(itertools.islice(faults.draw(seed, 100), 64)) for seed in (3, 3, 4))
    assert first == again != other
    assert {fault.kind for fault in first[:8]} == set(faults.KINDS)
    assert all(b.at - a.at >= 30 + a.frames for a, b in itertools.pairwise(first))
    assert 60 < first[-1].at / 64 < 150


def test_scripts() -> None:
    assert faults.parse("unplug@200x60,drop@7") == [Fault("drop", 7, 1), Fault("unplug", 200, 60)]
    for text in ("drop", "drop@", "rain@7", "drop@7x"):
        with pytest.raises(InputError, match=r"is no fault: write KIND@FRAME .* unplug, the camera is gone"):
            faults.parse(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("every=often", "every=often is not possible"),
        ("every=9&script=drop@3", "a script or every, not both"),
        ("brightness=3", "this camera has no option 'brightness'; it has none"),
        ("lens=zoom", "lens=zoom is not possible"),
    ],
)
def test_wrong_options(options: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_camera(f"sim:faulty?{options}")


def test_it_is_back_within_two_seconds() -> None:
    config = LiveConfig(queue=500)
    with open_camera("sim:faulty?size=32x24&fps=60&script=unplug@20x150", config) as camera:
        start = None
        for each in camera.frames():
            if GONE in each.meta.get("gap", {}):
                assert start is not None
                plugged_in = start + 150 / 60
                assert time.monotonic() - plugged_in < 2
                break
            start = time.monotonic()
