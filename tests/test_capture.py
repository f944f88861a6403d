"""Finding cameras, and reading them in a thread with every lost frame counted."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from depthkit import CameraModel, FrameSet, Rig, list_cameras, open_camera
from depthkit.errors import BagError, CameraNotFound, FrameTimeout, InputError
from depthkit.grabber import Grabber, limited

RIG = Rig({"left": CameraModel(4, 3, 2, 2, 1, 1)})


class CountingCamera:
    """Gives `count` numbered frames, then ends or raises `error`; `given` is how many were asked of it."""

    def __init__(self, count: int, error: Exception | None = None, wait: float = 0.0) -> None:
        self.count, self.error, self.wait, self.given = count, error, wait, 0
        self.rig = RIG

    def frames(self) -> Iterator[FrameSet]:
        for sequence in range(self.count):
            time.sleep(self.wait)
            self.given += 1
            yield FrameSet({"left": np.zeros((3, 4), np.uint8)}, RIG, sequence)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        pass

    def __enter__(self) -> "CountingCamera":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def test_blocking_queue_loses_nothing_and_stays_bounded() -> None:
    camera = CountingCamera(50)
    with Grabber(camera.frames(), 3, "block") as grabber:
        seen: list[int] = []
        for frames in grabber.frames():
            assert camera.given <= len(seen) + 1 + 3 + 1  # in the queue, and one in the source's hand
            seen.append(frames.sequence)
    assert seen == list(range(50))
    assert grabber.dropped == 0


def test_dropping_queue_keeps_the_newest_and_counts_the_rest() -> None:
    camera = CountingCamera(50)
    with Grabber(camera.frames(), 2, "drop_oldest") as grabber:
        while camera.given < 50:
            time.sleep(0.001)
        time.sleep(0.05)  # the last frame is on its way from the source to the queue
        seen = [frames.sequence for frames in grabber.frames()]
    assert seen == [48, 49]
    assert grabber.dropped == 48


def test_dropping_the_newest_keeps_what_came_first() -> None:
    camera, given_up = CountingCamera(50), list[int]()
    grabber = Grabber(camera.frames(), 2, "drop_newest")
    grabber.on_drop = lambda frames: given_up.append(frames.sequence)
    with grabber:
        while len(given_up) < 48:
            time.sleep(0.001)
        seen = [frames.sequence for frames in grabber.frames()]
    assert seen == [0, 1]
    assert given_up == list(range(2, 50))
    assert grabber.dropped == 48


def test_an_error_of_the_camera_reaches_the_consumer_after_its_frames() -> None:
    with Grabber(CountingCamera(2, BagError("gone")).frames(), 8, "block") as grabber:
        frames = grabber.frames()
        assert [next(frames).sequence, next(frames).sequence] == [0, 1]
        with pytest.raises(BagError, match="gone"):
            next(frames)


def test_a_silent_source_times_out_or_is_not_waited_for() -> None:
    with Grabber(CountingCamera(1, wait=0.5).frames(), 1, "block") as grabber:
        with pytest.raises(FrameTimeout, match=r"0\.05 s"):
            grabber.read(timeout=0.05)
        frames = grabber.frames()
        grabber.interrupt()
        assert list(frames) == []
        assert [each.sequence for each in grabber.frames()] == [0]
        assert grabber.read(timeout=0.05) is None


def test_leaving_early_ends_the_thread() -> None:
    before = threading.active_count()
    with Grabber(CountingCamera(10_000).frames(), 2, "block") as grabber:
        next(grabber.frames())
    assert threading.active_count() == before


def test_limits() -> None:
    assert len(list(limited(CountingCamera(9).frames(), 4, None))) == 4
    assert len(list(limited(CountingCamera(9).frames(), None, None))) == 9
    assert len(list(limited(CountingCamera(9).frames(), 0, None))) == 0
    few = list(limited(CountingCamera(1000, wait=0.01).frames(), None, 0.1))
    assert 2 <= len(few) < 100


def test_the_simulated_cameras_are_listed_and_open() -> None:
    uris = [info.uri for info in list_cameras()]
    assert {"sim:stereo", "sim:rgbd"} <= set(uris)
    for uri in uris:
        with open_camera(uri) as camera:
            assert camera.rig.cameras


@pytest.mark.parametrize(
    ("uri", "error", "words"),
    [
        ("nothing:0", CameraNotFound, "no driver is called 'nothing'"),
        ("no/such/file.mcap", BagError, "no/such/file.mcap"),
        ("sim:monocle", InputError, "sim:stereo"),
    ],
)
def test_what_cannot_be_opened_says_why(uri: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        open_camera(uri)
