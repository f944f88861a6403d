"""Recordings that are interrupted, refused or cut short: what is kept, and what is said."""

import errno
import io
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depthkit.bag import Bag, BagWriter, ros
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError
from depthkit.types import FrameSet
from tests.bag_frames import LEFT, RIG, frame_set, record, same


class Unplugged(Exception):
    """What a camera might raise."""


@pytest.mark.parametrize("error", [Unplugged, KeyboardInterrupt, SystemExit])
def test_an_exception_keeps_every_frame(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        record_until(error, tmp_path / "walk.mcap", 3)
    assert_holds(tmp_path / "walk.mcap", 3)


def test_an_exception_before_the_first_frame_leaves_what_was_there(tmp_path: Path) -> None:
    record(tmp_path / "walk.mcap", 2)
    with pytest.raises(Unplugged):
        record_until(Unplugged, tmp_path / "walk.mcap", 0)
    assert_holds(tmp_path / "walk.mcap", 2)


def test_ctrl_c_inside_a_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while frame 2 is half written: that frame is finished, and so is the file."""
    plain, images = ros.image, 0

    def interrupting(*args: Any) -> ros.Cdr:
        nonlocal images
        images += 1
        if images == 14:  # six images a frame
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
        return plain(*args)

    monkeypatch.setattr(ros, "image", interrupting)
    with pytest.raises(KeyboardInterrupt):
        record(tmp_path / "walk.mcap", 10)
    assert_holds(tmp_path / "walk.mcap", 3)


RECORD_UNTIL_INTERRUPTED = """
import sys
from pathlib import Path
from depthkit.bag import BagWriter
from tests.bag_frames import RIG, frame_set
try:
    with BagWriter(sys.argv[1], RIG) as writer:
        for i in range(100000):
            writer.write(frame_set(i))
            print(i + 1, flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.0101, 0.0203])
def test_ctrl_c_at_any_moment(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "walk.mcap"
    with python(RECORD_UNTIL_INTERRUPTED, str(path)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        lines = process.stdout.read().split()
    assert process.returncode == 0
    assert lines[-1] == "interrupted"
    counted = max(map(int, lines[:-1]), default=1)
    with Bag(path) as bag:
        assert counted <= len(bag) <= counted + 1
        assert all(same(each, frame_set(i)) for i, each in enumerate(bag.frames()))
    assert leftovers(tmp_path) == []


def test_a_recording_appears_when_it_is_whole(tmp_path: Path) -> None:
    record(tmp_path / "walk.mcap", 1)
    with BagWriter(tmp_path / "walk.mcap", RIG) as writer:
        writer.write(frame_set(0))
        assert_holds(tmp_path / "walk.mcap", 1, unfinished=1)
        writer.write(frame_set(1))
    assert_holds(tmp_path / "walk.mcap", 2)


def test_the_file_can_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        record(tmp_path / "walk.mcap", 1)
    finally:
        os.umask(before)
    assert (tmp_path / "walk.mcap").stat().st_mode & 0o777 == 0o640


def test_closed_writer(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "walk.mcap", RIG)
    writer.write(frame_set(0))
    writer.close()
    writer.close()
    with pytest.raises(BagError, match=r"walk\.mcap is closed"):
        writer.write(frame_set(1))
    assert_holds(tmp_path / "walk.mcap", 1)


REFUSED: list[tuple[str, Callable[[FrameSet], FrameSet]]] = [
    (r"host stamp -1 ns .* from 0 to 2147483647999999999", lambda f: replace(f, stamp_host_ns=-1)),
    (r"host stamp 2147483648000000000 ns", lambda f: replace(f, stamp_host_ns=2**31 * 10**9)),
    (r"device stamp -7 ns", lambda f: replace(f, stamp_device_ns=-7)),
    (r"meta cannot be kept as JSON .*plain numbers", lambda f: replace(f, meta={"gain": np.float32(1)})),
    (r"meta cannot be kept as JSON", lambda f: replace(f, meta={"gain": float("nan")})),
    (r"image called 'depth'", lambda f: replace(f, images={"depth": np.zeros((4, 6), np.uint16)})),
    (r"another rig", lambda f: replace(f, rig=Rig({**RIG.cameras, "left": replace(LEFT, fx=20.6)}, RIG.T_camera_rig))),
]


@pytest.mark.parametrize(("message", "spoil"), REFUSED, ids=[message for message, _ in REFUSED])
def test_a_refused_frame_is_left_out_and_the_recording_goes_on(
    tmp_path: Path, message: str, spoil: Callable[[FrameSet], FrameSet]
) -> None:
    with BagWriter(tmp_path / "walk.mcap", RIG) as writer:
        for i in range(2):
            with pytest.raises(BagError, match=message):
                writer.write(spoil(frame_set(i)))
            writer.write(frame_set(i))
    assert_holds(tmp_path / "walk.mcap", 2)


def test_an_equal_rig_is_no_other_rig(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "walk.mcap", RIG) as writer:
        writer.write(frame_set(0, Rig.from_dict(RIG.to_dict())))
    assert_holds(tmp_path / "walk.mcap", 1)


@pytest.mark.parametrize("role", ["", "left eye", "1st", "links/oben", "größe", "_x", "rig"])
def test_roles_that_cannot_name_a_topic(tmp_path: Path, role: str) -> None:
    with pytest.raises(BagError, match="cannot be recorded: use letters"):
        BagWriter(tmp_path / "walk.mcap", Rig({role: CameraModel(2, 2, 1.0, 1.0, 0.5, 0.5)}))
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(BagError, match=r"the folder .*nowhere does not exist; make it first$"):
        BagWriter(tmp_path / "nowhere" / "walk.mcap", RIG)
    with pytest.raises(BagError, match="is a folder: name a file in it"):
        BagWriter(tmp_path, RIG)
    assert list(tmp_path.iterdir()) == []


class FullDisk(io.FileIO):
    """A file on a disk with room for so many bytes."""

    room = 0

    def write(self, data: Any) -> int:
        fits = bytes(data)[: self.room - self.tell()]
        if not fits:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(fits)


@pytest.mark.parametrize("missing", [1, 100, 2_000, 6_000])
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: int) -> None:
    """However little is missing, no recording appears, and the frames before are where the message says."""
    record(tmp_path / "whole.mcap", 5)
    monkeypatch.setattr(FullDisk, "room", (tmp_path / "whole.mcap").stat().st_size - missing)
    monkeypatch.setattr(Path, "open", lambda path, mode: io.BufferedWriter(FullDisk(str(path), mode)))
    with pytest.raises(BagError, match="the disk is full; free some space") as caught:
        record(tmp_path / "walk.mcap", 5)
    monkeypatch.undo()
    assert not (tmp_path / "walk.mcap").exists()
    told = re.search(r"the first (\d) frames are in (\S+),", str(caught.value))
    assert told is not None
    assert leftovers(tmp_path) == [Path(told[2])]
    assert Path(told[2]).read_bytes() == (tmp_path / "whole.mcap").read_bytes()[: Path(told[2]).stat().st_size]


def test_a_disk_full_from_the_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FullDisk, "room", 300)
    monkeypatch.setattr(Path, "open", lambda path, mode: io.BufferedWriter(FullDisk(str(path), mode)))
    with pytest.raises(BagError, match=r"the disk is full; free some space or choose another folder$"):
        record(tmp_path / "walk.mcap", 5)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


RECORD_PAST_A_LIMIT = """
import sys
from depthkit.errors import BagError
from tests.bag_frames import record
from pathlib import Path
try:
    record(Path(sys.argv[1]), 1000)
except BagError as error:
    print(error)
"""


def test_a_limit_of_the_operating_system(tmp_path: Path) -> None:
    """The kernel itself refuses, as it does for files past 4 GB on FAT."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    with python(RECORD_PAST_A_LIMIT, str(tmp_path / "walk.mcap"), preexec_fn=limit) as process:
        assert process.stdout is not None
        said = process.stdout.read()
    assert process.returncode == 0
    assert re.fullmatch(r"cannot write .*walk\.mcap: File too large; the first \d+ frames are in .*\n", said)
    (partial,) = tmp_path.iterdir()
    assert str(partial) in said
    assert partial.stat().st_size == 20_000


def record_until(error: type[BaseException], path: Path, count: int) -> None:
    with BagWriter(path, RIG) as writer:
        for i in range(count):
            writer.write(frame_set(i))
        raise error


def python(code: str, *args: str, **options: Any) -> subprocess.Popen[str]:
    root = Path(__file__).parents[1]
    return subprocess.Popen([sys.executable, "-c", code, *args], cwd=root, stdout=subprocess.PIPE, text=True, **options)


def leftovers(folder: Path) -> list[Path]:
    return sorted(folder.glob(".*.part"))


def assert_holds(path: Path, count: int, unfinished: int = 0) -> None:
    """The recording holds exactly the first `count` frames, and nothing else lies beside it."""
    with Bag(path) as bag:
        frames = list(bag.frames())
    assert len(frames) == count
    assert all(same(each, frame_set(i)) for i, each in enumerate(frames))
    assert len(leftovers(path.parent)) == unfinished
