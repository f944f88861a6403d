"""Live cameras at the command line and in recordings: losses with their reasons, and Ctrl-C though no frame comes."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from depthkit.bag import Bag
from depthkit.capture import open_camera
from depthkit.recorder import Recorder
from depthkit_tools.main import main

FAULTY = "sim:faulty?size=32x24&fps=100"


def said(capsys: pytest.CaptureFixture[str], *args: object) -> Any:
    assert main([*map(str, args), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_recording_tells_what_the_camera_lost_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "walk.mcap"
    recorded = said(capsys, "record", f"{FAULTY}&script=drop@20x3,cut@40,unplug@60x30", path, "--frames", 80)
    ledger = recorded["ledger"]
    assert ledger["frames"]["written"] == 80
    assert ledger["reasons"]["incomplete"] == 1
    assert ledger["reasons"]["lost on the way"] >= 3
    assert ledger["reasons"]["camera lost"] >= 20
    assert ledger["missing"] == sum(ledger["reasons"].values())
    with Bag(path) as bag:
        info = bag.info()
        gaps = [dict(each.meta["gap"]) for each in bag if "gap" in each.meta]
    assert info.ledger == ledger
    assert sum(missing for _, missing in info.gaps) == ledger["missing"]
    assert sum(sum(gap.values()) for gap in gaps) == ledger["missing"]
    assert main(["info", str(path)]) == 0
    assert "camera lost" in capsys.readouterr().out


def test_a_recording_of_a_camera_that_is_away_can_be_stopped(tmp_path: Path) -> None:
    with open_camera(f"{FAULTY}&script=unplug@20x9999") as camera:
        with Recorder(camera, tmp_path / "walk.mcap") as recorder:
            while recorder.ledger.frames.written < 20:
                time.sleep(0.01)
            time.sleep(0.3)
            start = time.monotonic()
            recorder.stop()
            assert recorder.wait(5)
        assert time.monotonic() - start < 3
    assert recorder.ledger.ended == "stopped"


@pytest.mark.parametrize("command", [["record", "walk.mcap"], ["stream"]])
def test_ctrl_c_while_the_camera_is_away(command: list[str], tmp_path: Path) -> None:
    verb, *rest = command
    line = [sys.executable, "-m", "depthkit_tools.main", verb, f"{FAULTY}&script=unplug@250x99999", *rest, "--json"]
    with subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()  # it says something 2 s after its start, which is just before it is unplugged
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads(out)["frames"] > 100


def test_streams_show_what_the_camera_counts(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "stream", f"{FAULTY}&script=cut@20,unplug@40x10", "--frames", 60)
    assert shown["reasons"]["incomplete"] == 1
    assert shown["restarts"] == 1
    assert shown["lost"] == sum(shown["reasons"].values()) >= 10
    assert 0 < shown["fps"] < 200
    assert main(["stream", f"{FAULTY}&script=cut@20", "--frames", "40"]) == 0
    assert "1 lost (1 incomplete)" in capsys.readouterr().err


def test_cameras_and_what_one_of_them_can(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {each["uri"]: each for each in said(capsys, "cameras")}
    assert listed["sim:faulty"]["serial"] == "faulty"
    assert listed["sim:faulty"]["firmware"] == "1.0"
    assert listed["sim:rgbd"]["streams"] == ["color", "depth"]
    one = said(capsys, "cameras", FAULTY)
    assert one["modes"] == one["streams"] == ["left 32×24 rgb8 100 fps", "right 32×24 rgb8 100 fps"]
    assert said(capsys, "cameras", "sim:rgbd")["roles"] == {"color": [640, 480], "depth": [640, 480]}
    for words in (["cameras"], ["cameras", FAULTY], ["cameras", "sim:stereo"]):
        assert main(words) == 0
    assert "left   640×480" in capsys.readouterr().out
