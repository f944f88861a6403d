"""A live camera in all weathers: what comes through, what is counted, and that it always ends."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from depthkit.errors import (
    CameraNotFound,
    DeviceBusy,
    DeviceLost,
    DriverError,
    FrameIncomplete,
    FrameTimeout,
    InputError,
)
from depthkit.live import Event, LiveCamera, LiveConfig, Patience, Request, Value
from depthkit.live.continuity import INCOMPLETE, LOST, UNREAD
from depthkit.live.intake import Intake
from depthkit.live.keeper import GONE, SILENT
from depthkit.types import FrameSet, ImuSamples
from tests.live_devices import FPS, PERIOD, ScriptedDevice, Socket, Step, frame

HASTY = LiveConfig(queue=1000, patience=Patience(silence=0.5, given_up=5))
HASTIER = replace(HASTY, patience=Patience(silence=0.05, given_up=5))


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "depthkit-grabber"]


def take(camera: LiveCamera, count: int) -> list[FrameSet]:
    return list(itertools.islice(camera.frames(), count))


def numbers(frames: list[FrameSet]) -> list[int]:
    return [each.sequence for each in frames]


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_frames_come_as_the_device_gives_them() -> None:
    device = ScriptedDevice(range(5, 25))
    with LiveCamera(device, Socket().reopen, config=HASTY) as camera:
        frames = take(camera, 20)
        stats = camera.stats()
    assert numbers(frames) == list(range(5, 25))
    assert all(np.array_equal(each.image("left"), frame(each.sequence).image("left")) for each in frames)
    assert all(each.stamp_device_ns == frame(each.sequence).stamp_device_ns for each in frames)
    assert abs(frames[0].stamp_host_ns - time.time_ns()) < 20e9
    assert all("gap" not in each.meta for each in frames)
    assert (stats.frames, stats.missing, stats.restarts, stats.reopens) == (20, {}, 0, 0)
    assert stats.device == {"resends": 3}
    assert device.calls == ["configure", "start", "stop", "close"]


def test_a_stamp_of_the_driver_for_the_arrival_is_kept() -> None:
    early = replace(frame(3), stamp_host_ns=1_600_000_000_000_000_000)
    with LiveCamera(ScriptedDevice([early]), Socket().reopen, config=HASTY) as camera:
        assert camera.read().stamp_host_ns == early.stamp_host_ns


def test_losses_doubles_and_disorder() -> None:
    script: list[Step] = [0, 1, 1, 4, FrameIncomplete("half"), 6, 3, 7, FrameTimeout("later"), 8]
    with LiveCamera(ScriptedDevice(script), Socket().reopen, config=HASTY) as camera:
        frames = take(camera, 6)
        stats = camera.stats()
    assert numbers(frames) == [0, 1, 4, 6, 7, 8]
    assert [each.meta.get("gap") for each in frames] == [None, None, {LOST: 2}, {INCOMPLETE: 1}, None, None]
    assert stats.missing == {LOST: 2, INCOMPLETE: 1}
    assert (stats.duplicates, stats.reordered, stats.incomplete) == (1, 1, 1)


def test_a_silent_camera_is_restarted_then_opened_anew() -> None:
    deaf = ScriptedDevice([0, 1])
    again = ScriptedDevice(range(100))
    socket, events = Socket(again), list[Event]()
    with LiveCamera(deaf, socket.reopen, settings={"exposure": 700}, config=HASTIER) as camera:
        camera.on_event = events.append
        camera.options["laser"] = False
        frames = take(camera, 4)
        stats, told = camera.stats(), [event.what for event in events]
    calls = [call for call in deaf.calls if call not in ("exposure=700", "laser=False")]
    assert calls == ["configure", "start", "stop", "start", "stop", "close"]
    assert [call for call in again.calls if "=" in call] == ["exposure=700", "laser=False"]
    assert (stats.restarts, stats.reopens) == (1, 1)
    assert socket.addresses == ["0123"]
    assert told == [SILENT, SILENT]
    missing = frames[2].sequence - 2
    assert 10 < missing < 500  # silence of 0.05 and 0.1 s, and a moment before opening, at 100 fps
    assert stats.missing == frames[2].meta["gap"] == {SILENT: missing}
    assert numbers(frames) == [0, 1, missing + 2, missing + 3]


def test_an_unplugged_camera_is_opened_again_when_it_is_back() -> None:
    first, second = ScriptedDevice([7, 8, DeviceLost("unplugged")]), ScriptedDevice(range(50))
    socket = Socket(CameraNotFound("not there"), DeviceBusy("not yet"), second)
    with LiveCamera(first, socket.reopen, config=HASTY) as camera:
        frames = take(camera, 5)
        stats = camera.stats()
    assert first.calls[-1] == "close"
    assert socket.addresses == ["0123"] * 3
    assert (stats.restarts, stats.reopens) == (0, 1)
    missing = frames[2].sequence - 9
    assert 50 < missing < 500  # waits of 0.1, 0.2 and 0.4 s
    assert stats.missing == {GONE: missing}
    assert [frames[i].meta.get("gap") for i in range(4)] == [None, None, {GONE: missing}, None]


def test_a_camera_that_does_not_come_back_is_an_error_in_the_end() -> None:
    device, socket = ScriptedDevice([0, DeviceLost("cable")]), Socket(*[CameraNotFound("not there")] * 99)
    config = replace(HASTY, patience=Patience(0.05, 0.4))
    with LiveCamera(device, socket.reopen, config=config) as camera:
        frames = camera.frames()
        assert next(frames).sequence == 0
        with pytest.raises(DeviceLost, match=r"no frame for \d s \(not there\): check it and its cable"):
            next(frames)
        with pytest.raises(DeviceLost):
            camera.read()


def test_a_camera_that_is_slow_to_start_again_is_given_time() -> None:
    """It was away for longer than silence is endured, and gives nothing for a while: that is a new silence."""
    slow = ScriptedDevice([*[0.05] * 6, *range(9)])
    socket = Socket(*[CameraNotFound("not there")] * 2, slow)
    with LiveCamera(ScriptedDevice([0, DeviceLost("gone")]), socket.reopen, config=HASTY) as camera:
        take(camera, 5)
        assert (camera.stats().restarts, camera.stats().reopens) == (0, 1)


def test_statistics_and_settings_while_the_camera_is_away() -> None:
    second = ScriptedDevice(range(9))
    opening, go = threading.Event(), threading.Event()

    def reopen(_: str) -> ScriptedDevice:
        opening.set()
        assert go.wait(20)
        return second

    first = ScriptedDevice([0, *[0.05] * 6, DeviceLost("gone")])
    with LiveCamera(first, reopen, config=HASTY) as camera:
        camera.read()
        assert camera.stats().device == {"resends": 3}
        assert opening.wait(20)
        assert camera.stats().device == {"resends": 3}  # without waiting for a driver that opens
        setting = threading.Thread(target=lambda: camera.options.__setitem__("exposure", 99))
        setting.start()
        go.set()
        camera.read()
        setting.join()
        assert second.values["exposure"] == 99


def test_a_value_that_the_device_refuses_is_not_tried_again() -> None:
    class Picky(ScriptedDevice):
        def set(self, name: str, value: Value) -> None:
            raise InputError("not now")

    again = ScriptedDevice(range(3))
    with LiveCamera(Picky([0, DeviceLost("gone")]), Socket(again).reopen, config=HASTY) as camera:
        with pytest.raises(InputError, match="not now"):
            camera.options["exposure"] = 99
        take(camera, 3)
    assert not [call for call in again.calls if "exposure" in call]


def test_a_bug_of_a_driver_is_not_hidden() -> None:
    with LiveCamera(ScriptedDevice([0, KeyError("oops")]), Socket().reopen, config=HASTY) as camera:
        frames = camera.frames()
        next(frames)
        with pytest.raises(KeyError, match="oops"):
            next(frames)


@pytest.mark.parametrize(("when_full", "kept"), [("drop_oldest", [17, 18, 19]), ("drop_newest", [0, 1, 2])])
def test_a_slow_consumer_is_told_what_it_missed(when_full: str, kept: list[int]) -> None:
    script = [*range(20), *([0.001] * 50), 20]
    config = LiveConfig(queue=3, when_full=when_full)  # type: ignore[arg-type]
    with LiveCamera(ScriptedDevice(iter(script)), Socket().reopen, config=config) as camera:
        frames = camera.frames()
        wait_until(lambda: camera.stats().missing.get(UNREAD) == 17)
        found = list(itertools.islice(frames, 4))
    assert numbers(found) == [*kept, 20]
    told = 0 if when_full == "drop_oldest" else 3
    assert [each.meta.get("gap") for each in found] == [{UNREAD: 17} if i == told else None for i in range(4)]


def test_what_nobody_reads_takes_no_memory() -> None:
    intake = Intake(FPS, True, lambda: None)
    for i in range(1000):
        accepted = intake.accept(frame(i))
        assert accepted is not None
        intake.add_unread(accepted)
    assert len(intake._losses) == 1
    last = intake.accept(frame(1002))
    assert last is not None
    assert intake.hand_out(last).meta["gap"] == {UNREAD: 1000, LOST: 2}
    assert intake._losses == []


def test_what_was_felt_before_frames_that_nobody_read_comes_with_the_next() -> None:
    felt = [ImuSamples(np.array([2 * i, 2 * i + 1]), np.full((2, 3), float(i)), np.zeros((2, 3))) for i in range(6)]
    intake = Intake(FPS, True, lambda: None)
    accepted = [intake.accept(replace(frame(i), imu=None if i == 2 else felt[i])) for i in range(6)]
    frames = [each for each in accepted if each is not None]
    for i in (1, 2, 3, 5):
        intake.add_unread(frames[i])
    assert [stamps_of(intake.hand_out(frames[i])) for i in (0, 4)] == [[0, 1], [2, 3, 6, 7, 8, 9]]
    last = intake.accept(frame(6))
    assert last is not None
    assert stamps_of(intake.hand_out(last)) == [10, 11]


def stamps_of(frames: FrameSet) -> list[int]:
    assert frames.imu is not None
    stamps: list[int] = frames.imu.stamps_ns.tolist()
    return stamps


def test_a_blocking_queue_makes_the_device_wait() -> None:
    config = LiveConfig(queue=2, when_full="block")
    with LiveCamera(ScriptedDevice(range(100)), Socket().reopen, config=config) as camera:
        frames = camera.frames()
        next(frames)
        time.sleep(0.05)
        assert camera.stats().frames <= 1 + 2 + 1
        assert numbers(list(itertools.islice(frames, 99))) == list(range(1, 100))


def test_reading_one_by_one_and_time_outs() -> None:
    with LiveCamera(ScriptedDevice([0, 1]), Socket().reopen) as camera:
        assert numbers([camera.read(), camera.read()]) == [0, 1]
        start = time.monotonic()
        with pytest.raises(FrameTimeout, match=r"no frame for 0\.05 s"):
            camera.read(0.05)
        assert time.monotonic() - start < 5


def test_waiting_can_be_interrupted_and_begun_again() -> None:
    with LiveCamera(ScriptedDevice([0, *[0.05] * 8, 1]), Socket().reopen) as camera:
        frames = camera.frames()
        next(frames)
        threading.Timer(0.05, camera.interrupt).start()
        assert list(frames) == []
        assert next(camera.frames()).sequence == 1


def test_closing_ends_a_consumer_in_another_thread() -> None:
    camera = LiveCamera(ScriptedDevice([0]), Socket().reopen)
    seen: list[int] = []
    consumer = threading.Thread(target=lambda: seen.extend(numbers(list(camera.frames()))))
    consumer.start()
    wait_until(lambda: len(camera.stats().missing) == 0 and camera.stats().frames == 1)
    camera.close()
    camera.close()
    consumer.join(5)
    assert not consumer.is_alive()
    assert seen == [0]
    for use in (camera.frames, camera.read):
        with pytest.raises(DriverError, match="was closed: open it again"):
            use()


def test_closing_does_not_wait_for_a_lost_camera() -> None:
    errors = [CameraNotFound("gone")] * 99
    camera = LiveCamera(ScriptedDevice([DeviceLost("gone")]), Socket(*errors).reopen)
    camera.frames()
    time.sleep(0.5)  # by now it waits long
    start = time.monotonic()
    camera.close()
    assert time.monotonic() - start < 0.5


def test_a_camera_never_read_is_closed() -> None:
    device = ScriptedDevice()
    LiveCamera(device, Socket().reopen, Request()).close()
    assert device.calls[-1] == "close"


def test_images_of_a_device_with_little_memory_are_copied_unless_told_not_to() -> None:
    class Pooled(ScriptedDevice):
        pooled = True

    given = [frame(0), frame(1)]
    for copy in (True, False):
        with LiveCamera(Pooled(given), Socket().reopen, config=LiveConfig(copy=copy)) as camera:
            shared = np.shares_memory(camera.read().image("left"), given[0].image("left"))
        assert shared == (not copy)


def test_a_clock_that_jumps_is_an_event() -> None:
    events: list[Event] = []
    script = [frame(i, 5_000_000 + i * PERIOD + (i >= 5) * 10**10) for i in range(10)]
    with LiveCamera(ScriptedDevice(script), Socket().reopen, config=HASTY) as camera:
        camera.on_event = events.append
        frames = take(camera, 10)
        assert camera.stats().clock_jumps == 1
        assert camera.clock.to_host(frames[-1].stamp_device_ns) is not None
    assert [event.what for event in events] == ["clock jump"]
