"""Crashes: whatever moment a recording ends at, its whole frames are read, and repaired into a whole recording."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader

from depthkit.bag import Bag, BagWriter, repair
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError, InputError
from depthkit.types import FrameSet
from depthkit_tools.main import main
from tests.bag_frames import RIG, frame_set, record, same

BIG = Rig({"left": CameraModel(640, 480, 500.0, 500.0, 319.5, 239.5)})
NOISE = np.random.default_rng(3).integers(0, 256, (480, 640), np.uint8)

RECORD_FOREVER = """
import itertools, sys
from depthkit.bag import BagWriter
from tests.test_bag_repair import BIG, big_frame
with BagWriter(sys.argv[1], BIG) as writer:
    for i in itertools.count():
        writer.write(big_frame(i))
        print(i + 1, flush=True)
"""


def big_frame(i: int) -> FrameSet:
    """A frame that takes the operating system some time to write."""
    return FrameSet({"left": np.roll(NOISE, i * 1001)}, BIG, i, i, i)


@pytest.mark.parametrize("moment", random.Random(7).sample(range(1000), 10))
def test_kill_9(tmp_path: Path, moment: int) -> None:
    """Killed within a second of its first frame: no frame whose writing was reported is missing."""
    reported = killed_recording(tmp_path / "walk.mcap", moment / 1000)
    (partial,) = tmp_path.glob(".walk.mcap.*.part")
    before = partial.read_bytes()
    with Bag(partial) as bag:
        assert not bag.finished
        assert reported <= len(bag) <= reported + 1
        whole, digest = len(bag), bag.digest()
    report = repair(partial)
    assert report.path == tmp_path / "walk.repaired.mcap"
    assert report.frames_out == whole
    assert whole <= report.frames_in <= whole + 1
    assert partial.read_bytes() == before
    with Bag(report.path) as bag:
        assert bag.finished
        assert bag.digest() == digest
        assert all(same(each, big_frame(i)) for i, each in enumerate(bag.frames()))


def killed_recording(path: Path, seconds: float) -> int:
    """Record in another process, kill it, and return the number of frames it had reported as written."""
    command = [sys.executable, "-c", RECORD_FOREVER, str(path)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        lines = (first + process.stdout.read()).split("\n")
    return int(lines[-2])  # the last line that was ended


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bag") / "walk.mcap"
    record(path, 4)
    return path


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_damage_anywhere(recording: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Bytes wrong or missing at any places: what comes out are frames that went in, in order, each once."""
    content = bytearray(recording.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(8, len(content) - 1))
        length = data.draw(st.sampled_from([1, 1, 300]))
        content[at : at + length] = data.draw(st.binary(max_size=8))
    path = tmp_path_factory.getbasetemp() / "damaged.mcap"
    path.write_bytes(content)
    try:
        report = repair(path)
    except BagError:
        return
    with Bag(report.path) as bag:
        assert bag.finished
        assert len(bag) == report.frames_out == 4 - report.lost - (4 - report.frames_in)
        numbers = [each.sequence for each in bag.frames()]
        assert numbers == sorted(set(numbers))
        assert all(same(each, frame_set(each.sequence)) for each in bag.frames())


@pytest.mark.parametrize("hurt", [0, 1, 2, 3])
def test_one_damaged_frame_is_the_only_one_lost(recording: Path, tmp_path: Path, hurt: int) -> None:
    content = bytearray(recording.read_bytes())
    content[content.index(frame_set(hurt).image("color").tobytes()[:60])] ^= 1
    (tmp_path / "spot.mcap").write_bytes(content)
    report = repair(tmp_path / "spot.mcap", tmp_path / "saved.mcap")
    assert (report.frames_in, report.frames_out, report.lost) == (4, 3, 1)
    with Bag(tmp_path / "saved.mcap") as bag:
        assert [each.sequence for each in bag.frames()] == [i for i in range(4) if i != hurt]


def test_a_damaged_index_costs_no_frame(recording: Path, tmp_path: Path) -> None:
    content = bytearray(recording.read_bytes())
    content[content.rindex(b"/depthkit/frame") + 5] ^= 1
    (tmp_path / "index.mcap").write_bytes(content)
    with pytest.raises(BagError, match="or save its whole frames with 'depthkit repair'"):
        Bag(tmp_path / "index.mcap")
    assert repair(tmp_path / "index.mcap").frames_out == 4


def test_the_commands_say_what_is_lost(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut, saved = tmp_path / "cut.mcap", tmp_path / "saved.mcap"
    cut.write_bytes(recording.read_bytes()[: recording.stat().st_size // 2])
    assert main(["info", str(cut)]) == 0
    assert "cut off or never finished: 'depthkit repair' makes" in capsys.readouterr().out
    assert main(["replay", str(cut), "--fast"]) == 0
    assert "was cut off or never finished: playing the 2 whole frames in it" in capsys.readouterr().err
    assert main(["repair", str(cut), "--out", str(saved), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(saved), "in": 3, "out": 2, "lost": 1}
    assert main(["info", str(saved)]) == 0
    assert "2 frames, 1 dropped (1 cut off or damaged)" in capsys.readouterr().out


def test_frames_that_are_there_twice_come_out_once(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "twice.mcap").write_bytes(recording.read_bytes() * 2)
    report = repair(tmp_path / "twice.mcap")
    assert (report.frames_in, report.frames_out, report.lost) == (4, 4, 0)


def test_repair_in_place_on_request(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "walk.mcap"
    path.write_bytes(recording.read_bytes()[:-100])
    assert repair(path, path).frames_out == 4
    assert [each.name for each in tmp_path.iterdir()] == ["walk.mcap"]
    with Bag(path) as bag, path.open("rb") as file:
        assert bag.finished
        assert sum(1 for _ in make_reader(file).iter_messages(topics=["/left/image_raw"])) == 4


def test_nothing_to_save(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "empty.mcap", RIG):
        pass
    with pytest.raises(BagError, match=r"empty\.mcap holds no whole frame: there is nothing to save"):
        repair(tmp_path / "empty.mcap", tmp_path / "empty.mcap")
    (tmp_path / "cut.mcap").write_bytes((tmp_path / "empty.mcap").read_bytes()[:60])
    with pytest.raises(BagError, match=r"cut\.mcap is cut off before its first frame"):
        repair(tmp_path / "cut.mcap")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cut.mcap", "empty.mcap"]


def test_an_error_leaves_the_original_and_nothing_else(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "walk.mcap"
    path.write_bytes(recording.read_bytes()[:-100])
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("depthkit.bag.mcap_file.McapFile.add_chunk", full)
    with pytest.raises(BagError, match=r"walk\.mcap is as it was, but not repaired: .*the disk is full"):
        repair(path, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match="does not exist; make it first"):
        repair(path, tmp_path / "nowhere" / "out.mcap")
