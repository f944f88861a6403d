"""Replay: every frame once and in order, at any pace, from any place, again and again."""

import gc
import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthkit import threads
from depthkit.bag import Bag, BagWriter, Player, layout
from depthkit.capture import Camera
from depthkit.errors import BagError
from depthkit.grabber import Grabber
from depthkit.types import FrameSet
from tests.bag_frames import PERIOD, RIG, frame_set, record, same
from tests.test_bag import digest_of


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bag]:
    path = tmp_path_factory.mktemp("bag") / "walk.mcap"
    record(path, 6)
    with Bag(path) as bag:
        yield bag


class Clock:
    """Time that passes only in sleep, and `work` seconds with each frame."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, list[float]()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("depthkit.bag.player.time", clock)
    return clock


def test_iterating_gives_every_frame_once(bag: Bag) -> None:
    for _ in range(2):
        assert all(same(each, frame_set(i)) for i, each in enumerate(bag))
        assert len(list(bag)) == len(bag) == 6
    assert [each.sequence for each in bag.frames(4)] == [4, 5]
    assert list(bag.frames(6)) == []
    assert [each.sequence for each in bag.frames(-1)] == [5]


def test_damage_is_told_when_its_turn_comes(bag: Bag, tmp_path: Path) -> None:
    """Frames are decoded ahead; those before the damaged one come out all the same."""
    content = bytearray(bag.path.read_bytes())
    content[content.index(frame_set(2).image("color").tobytes()[:60])] ^= 1
    (tmp_path / "spot.mcap").write_bytes(content)
    with Bag(tmp_path / "spot.mcap") as spot:
        frames = spot.frames()
        for i in range(2):
            time.sleep(0.05)
            assert same(next(frames), frame_set(i))
        with pytest.raises(BagError, match=r"damaged at frame 2"):
            next(frames)
        assert list(frames) == []
        assert [each.sequence for each in spot.frames(3)] == [3, 4, 5]


def test_few_frames_are_decoded_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path / "long.mcap", 60)
    decoded: list[None] = []
    unpack = layout.unpack

    def counting(*args: Any) -> FrameSet:
        decoded.append(None)
        return unpack(*args)

    monkeypatch.setattr(layout, "unpack", counting)
    with Bag(tmp_path / "long.mcap") as long:
        frames = long.frames()
        assert decoded == []
        for i in range(20):
            next(frames)
            time.sleep(0.005)
            assert i < len(decoded) <= i + 1 + 2 * threads.count()


def test_leaving_early_leaves_no_thread(bag: Bag) -> None:
    for _ in bag:
        break
    gc.collect()
    assert not [each for each in threading.enumerate() if each.name.startswith("depthkit-replay")]


def test_several_threads_read_one_recording(bag: Bag) -> None:
    """Passes and single frames side by side: each gets its own."""

    def passes(_: int) -> bool:
        return all(same(each, frame_set(i)) and same(bag[5 - i], frame_set(5 - i)) for i, each in enumerate(bag))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(passes, range(8)))


@pytest.mark.parametrize("speed", [None, 1000.0])
def test_every_pass_has_the_same_digest(bag: Bag, speed: float | None) -> None:
    passes = [digest_of(list(Player(bag, speed).frames())) for _ in range(2)]
    assert passes == [bag.digest()] * 2


@given(seconds=st.floats(-1, 1) | st.sampled_from([i * PERIOD / 1e9 for i in range(7)]))
def test_seek_finds_the_first_frame_not_before(bag: Bag, seconds: float) -> None:
    i = bag.seek(seconds)
    times = [i * PERIOD / 1e9 for i in range(6)]
    assert all(time < seconds for time in times[:i])
    assert all(time >= seconds for time in times[i:])


def test_seek_in_an_unfinished_or_empty_recording(bag: Bag, tmp_path: Path) -> None:
    (tmp_path / "cut.mcap").write_bytes(bag.path.read_bytes()[:-100])
    with Bag(tmp_path / "cut.mcap") as cut:
        assert [cut.seek(i * PERIOD / 1e9) for i in range(7)] == list(range(7))
    record(tmp_path / "empty.mcap", 0)
    with Bag(tmp_path / "empty.mcap") as empty:
        assert empty.seek(0) == 0
        assert list(Player(empty, loop=True).frames()) == []


@pytest.mark.parametrize("speed", [1.0, 0.5, 4.0])
def test_frames_come_when_they_are_due(bag: Bag, clock: Clock, speed: float) -> None:
    times = [clock.now for _ in Player(bag, speed, start=1).frames()]
    assert times == pytest.approx([100 + i * PERIOD / 1e9 / speed for i in range(5)])


def test_late_frames_are_not_waited_for_and_not_left_out(bag: Bag, clock: Clock) -> None:
    seen = []
    for each in Player(bag).frames():
        seen.append(each.sequence)
        clock.now += 0.15 if each.sequence == 0 else 0  # as long as four frames take
    assert seen == list(range(6))
    assert clock.slept[1:5] == [0.0] * 4
    assert clock.now == pytest.approx(100 + 5 * PERIOD / 1e9)


def test_without_a_pace_nothing_waits(bag: Bag, clock: Clock) -> None:
    assert len(list(Player(bag, None).frames())) == 6
    assert clock.slept == []


def test_a_loop_begins_again_in_time(bag: Bag, clock: Clock) -> None:
    frames = itertools.islice(Player(bag, start=3, loop=True).frames(), 7)
    assert [each.sequence for each in frames] == [3, 4, 5, 3, 4, 5, 3]
    assert clock.now == pytest.approx(100 + 4 * PERIOD / 1e9)


def test_stamps_that_go_back_do_not_stop_it(tmp_path: Path, clock: Clock) -> None:
    with BagWriter(tmp_path / "back.mcap", RIG) as writer:
        for i in (5, 1, 6):
            writer.write(frame_set(i))
    with Bag(tmp_path / "back.mcap") as bag:
        assert [each.sequence for each in Player(bag).frames()] == [5, 1, 6]


@pytest.mark.parametrize("speed", [0.0, -1.0])
def test_a_speed_is_positive(bag: Bag, speed: float) -> None:
    with pytest.raises(BagError, match="must be positive"):
        Player(bag, speed)


def test_a_player_is_a_camera(tmp_path: Path) -> None:
    record(tmp_path / "walk.mcap", 3)
    bag = Bag(tmp_path / "walk.mcap")
    camera: Camera = Player(bag, 1000.0)
    with camera, Grabber(camera.frames(), 2, "block") as grabber:
        assert camera.rig.to_dict() == RIG.to_dict()
        assert [each.sequence for each in grabber.frames()] == [0, 1, 2]
    with pytest.raises(BagError, match="was closed"):
        bag[0]


@pytest.mark.parametrize("jump_s", [59, 61, 10**9])
def test_a_stamp_far_ahead_is_not_waited_for(tmp_path: Path, clock: Clock, jump_s: int) -> None:
    """Neither by a real clock: time goes on from there."""
    stamps = [0, 10**9, (1 + jump_s) * 10**9, (2 + jump_s) * 10**9]
    with BagWriter(tmp_path / "jump.mcap", RIG) as writer:
        for i, stamp in enumerate(stamps):
            writer.write(replace(frame_set(i), stamp_device_ns=stamp))
    with Bag(tmp_path / "jump.mcap") as bag:
        assert [each.stamp_device_ns for each in Player(bag).frames()] == stamps
    assert clock.now - 100 == pytest.approx(2 + (jump_s if jump_s < 60 else 0))
