"""Recording in the background: nothing is lost without being counted, and every end leaves a file that reads back."""

import contextlib
import json
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from depthkit.bag import Bag, BagWriter, Packing, layout, repair
from depthkit.errors import BagError, DriverError
from depthkit.grabber import WhenFull
from depthkit.recorder import Recorder
from depthkit.types import FrameSet
from tests.bag_frames import RIG, frame_set, same


class Scripted:
    """A camera that gives these frames by number, then ends, or raises `error`."""

    def __init__(self, numbers: Iterator[int] | range, error: Exception | None = None, wait: float = 0.0) -> None:
        self.numbers, self.error, self.wait, self.rig = numbers, error, wait, RIG

    def frames(self) -> Iterator[FrameSet]:
        for i in self.numbers:
            time.sleep(self.wait)
            yield frame_set(i)
        if self.error is not None:
            raise self.error

    def close(self) -> None: ...

    def __enter__(self) -> "Scripted":
        return self

    def __exit__(self, *_: object) -> None: ...


def assert_holds(path: Path, numbers: list[int]) -> dict[str, Any]:
    """The recording is whole and holds exactly these frames; its ledger adds up and is returned."""
    with Bag(path) as bag:
        assert bag.finished
        assert [each.sequence for each in bag.frames()] == numbers
        assert all(same(each, frame_set(each.sequence)) for each in bag.frames())
        ledger = bag.info().ledger
    assert ledger is not None
    for counts in (ledger["frames"], *ledger["streams"].values()):
        assert counts["received"] == counts["written"] + sum(counts["dropped"].values())
        assert counts["written"] == len(numbers)
    assert set(ledger["streams"]) == {"left", "right", "color", "depth"}
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    return ledger


@pytest.mark.parametrize("when_full", ["block", "drop_oldest", "drop_newest"])
def test_every_frame_is_written_once(tmp_path: Path, when_full: WhenFull) -> None:
    with Recorder(Scripted(range(40)), tmp_path / "walk.mcap", when_full, queue=40) as recorder:
        assert recorder.wait(30)
    ledger = assert_holds(tmp_path / "walk.mcap", list(range(40)))
    assert ledger == recorder.ledger.to_dict()
    assert (ledger["missing"], ledger["ended"]) == (0, "the source ended")
    assert recorder.file == tmp_path / "walk.mcap"
    assert recorder.bytes_written == recorder.file.stat().st_size


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The disk writes nothing until this is set."""
    gate, write = threading.Event(), BagWriter._append

    def slow(*args: Any) -> None:
        gate.wait(30)
        write(*args)

    monkeypatch.setattr(BagWriter, "_append", slow)
    yield gate
    gate.set()


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_slow_disk_makes_the_camera_wait(tmp_path: Path, gate: threading.Event) -> None:
    with Recorder(Scripted(range(60)), tmp_path / "walk.mcap", "block", queue=3) as recorder:
        time.sleep(0.3)
        assert recorder.ledger.frames.received <= 3 + 1 + 4 + 1 + 1  # queues, and one in each hand
        gate.set()
        assert recorder.wait(30)
    assert assert_holds(tmp_path / "walk.mcap", list(range(60)))["frames"]["dropped"] == {}


@pytest.mark.parametrize("when_full", ["drop_oldest", "drop_newest"])
def test_a_slow_disk_costs_frames_that_are_counted(tmp_path: Path, gate: threading.Event, when_full: WhenFull) -> None:
    with Recorder(Scripted(range(60), wait=0.003), tmp_path / "walk.mcap", when_full, queue=3) as recorder:
        wait_until(lambda: recorder.ledger.frames.received == 60)
        gate.set()
        assert recorder.wait(30)
    with Bag(tmp_path / "walk.mcap") as bag:
        numbers = [each.sequence for each in bag.frames()]
    ledger = assert_holds(tmp_path / "walk.mcap", numbers)
    assert ledger["frames"]["received"] == 60
    assert ledger["frames"]["dropped"] == {"queue full": 60 - len(numbers)}
    assert 3 <= len(numbers) <= 3 + 4 + 2
    kept_end = numbers[-3:] == [57, 58, 59]
    assert kept_end == (when_full == "drop_oldest")


def test_frames_packed_side_by_side_are_written_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other frame takes long to pack: meanwhile another is packed, and waits for its turn."""
    pack, busy, most = layout.pack_images, [0], [0]

    def slow(frames: FrameSet, packing: Packing) -> layout.Packed:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(0.02 * (frames.sequence % 2))
        packed = pack(frames, packing)
        busy[0] -= 1
        return packed

    monkeypatch.setattr(layout, "pack_images", slow)
    monkeypatch.setattr("depthkit.threads.count", lambda: 2)
    with Recorder(Scripted(range(30)), tmp_path / "walk.mcap") as recorder:
        assert recorder.wait(30)
    assert_holds(tmp_path / "walk.mcap", list(range(30)))
    assert most[0] == 2


def test_a_frame_that_cannot_be_packed_ends_the_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = layout.pack_images

    def refusing(frames: FrameSet, packing: Packing) -> layout.Packed:
        if frames.sequence == 5:
            raise BagError("frame 5 cannot be kept")
        return pack(frames, packing)

    monkeypatch.setattr(layout, "pack_images", refusing)
    with (
        pytest.raises(BagError, match="frame 5 cannot be kept"),
        Recorder(Scripted(range(6)), tmp_path / "walk.mcap") as recorder,
    ):
        assert recorder.wait(30)
    assert_holds(tmp_path / "walk.mcap", list(range(5)))


def test_frames_the_camera_left_out_are_counted(tmp_path: Path) -> None:
    with Recorder(Scripted(iter([0, 1, 4, 5, 9])), tmp_path / "walk.mcap") as recorder:
        assert recorder.wait(30)
    assert assert_holds(tmp_path / "walk.mcap", [0, 1, 4, 5, 9])["missing"] == 5


def test_stopping_writes_what_was_received(tmp_path: Path, gate: threading.Event) -> None:
    with Recorder(Scripted(range(10**6), wait=0.001), tmp_path / "walk.mcap", queue=20) as recorder:
        wait_until(lambda: recorder.ledger.frames.received > 10)
        recorder.stop()
        gate.set()
    received = recorder.ledger.frames.received
    assert assert_holds(tmp_path / "walk.mcap", list(range(received)))["ended"] == "stopped"


def test_limits(tmp_path: Path) -> None:
    with Recorder(Scripted(range(99)), tmp_path / "walk.mcap", frames=7) as recorder:
        assert recorder.wait(30)
    assert_holds(tmp_path / "walk.mcap", list(range(7)))


def test_an_unplugged_camera(tmp_path: Path) -> None:
    gone = DriverError("camera 0123 was unplugged: plug it in and open it again")
    with (
        pytest.raises(DriverError, match=f"^{gone}$"),
        Recorder(Scripted(range(5), gone), tmp_path / "walk.mcap") as recorder,
    ):
        assert recorder.wait(30)
    assert assert_holds(tmp_path / "walk.mcap", list(range(5)))["ended"] == str(gone)


def test_an_unplugged_camera_before_the_first_frame_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(DriverError, match="gone"),
        Recorder(Scripted(range(0), DriverError("gone")), tmp_path / "walk.mcap") as recorder,
    ):
        assert recorder.wait(30)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_caller_ends_the_recording(tmp_path: Path) -> None:
    recorder = Recorder(Scripted(range(10**6), wait=0.001), tmp_path / "walk.mcap")
    with contextlib.suppress(KeyError), recorder:
        wait_until(lambda: recorder.ledger.frames.received > 3)
        raise KeyError
    assert_holds(tmp_path / "walk.mcap", list(range(recorder.ledger.frames.received)))


def test_a_full_disk_ends_with_a_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is always room to finish the file: the recording ends just before the disk is full."""
    room = 2_000_000

    def usage(folder: Path) -> Any:
        return SimpleNamespace(free=room - sum(each.stat().st_size for each in Path(folder).iterdir()))

    monkeypatch.setattr("shutil.disk_usage", usage)
    with (
        pytest.raises(BagError, match=r"cannot write .*walk\.mcap: the disk is full; free some space"),
        Recorder(Scripted(range(10**6)), tmp_path / "walk.mcap") as recorder,
    ):
        assert recorder.wait(30)
    written = recorder.ledger.frames.written
    ledger = assert_holds(tmp_path / "walk.mcap", list(range(written)))
    assert "the disk is full" in ledger["ended"]
    assert 500_000 < recorder.bytes_written < room


RECORD_PAST_A_LIMIT = """
import itertools, json, sys
from depthkit.errors import BagError
from depthkit.recorder import Recorder
from tests.test_recorder import Scripted
try:
    with Recorder(Scripted(itertools.count()), sys.argv[1]) as recorder:
        recorder.wait()
except BagError as error:
    print(json.dumps([str(error), str(recorder.file), recorder.ledger.frames.written]))
"""


def test_a_limit_of_the_operating_system(tmp_path: Path) -> None:
    """The kernel refuses in the middle of a frame: what was written before it reads back, and can be repaired."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    command = [sys.executable, "-c", RECORD_PAST_A_LIMIT, str(tmp_path / "walk.mcap")]
    run = subprocess.run(
        command, cwd=Path(__file__).parents[1], capture_output=True, text=True, preexec_fn=limit, check=True
    )
    message, file, written = json.loads(run.stdout)
    assert re.fullmatch(
        r"cannot write .*walk\.mcap: File too large; the first \d+ frames are in .*, 'depthkit repair' .*", message
    )
    assert f"the first {written} frames are in {file}," in message
    with Bag(file) as bag:
        assert not bag.finished
        assert len(bag) == written > 3
        assert all(same(each, frame_set(i)) for i, each in enumerate(bag.frames()))
    assert repair(file).frames_out == written


def test_ctrl_c_of_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "depthkit_tools.main", "record", "sim:stereo?size=64x48&realtime=1", "run.mcap"]
    with subprocess.Popen([*command, "--json"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        wait_until(lambda: any(each.stat().st_size > 200_000 for each in tmp_path.glob(".run.mcap*")))
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    result = json.loads(said)
    with Bag(tmp_path / "run.mcap") as bag:
        assert bag.finished
        assert result["ledger"] == bag.info().ledger
        assert result["ledger"]["ended"] == "stopped"
        assert [each.sequence for each in bag.frames()] == list(range(result["frames"]))
