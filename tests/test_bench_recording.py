"""The command that measures recording and replay, on small cameras and for a moment."""

import json
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from depthkit.bag import BagWriter
from depthkit_tools.bench import recording
from depthkit_tools.bench.cameras import Paced, Scene, same_pixels
from depthkit_tools.main import main

BOTH = Scene("all", 100, stereo="96x64", rgbd="64x48")


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "CAMERAS", (BOTH, Scene("pair", 200, stereo="64x48")))
    monkeypatch.setattr(recording, "REPLAY", Scene("rgbd", 30, rgbd="64x48"))


@pytest.mark.usefixtures("_small")
def test_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "recording", "--seconds", "0.3", "--folder", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    counts = [(each["camera"], each["frames"] + each["dropped"]) for each in found["recorded"]]
    assert counts == [("all, 100 fps", 30), ("pair, 200 fps", 60)]
    assert found["recorded"][0]["mb_s"] > 0.1
    assert found["recorded"][0]["pause_ms"] >= 10
    assert (found["replayed"]["recording"], found["replayed"]["frames"]) == ("rgbd", 300)
    assert found["replayed"]["framesets_s"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_small")
def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "recording", "--seconds", "0.1"]) == 0
    said = capsys.readouterr().out
    assert "| all, 100 fps | 10 | 0 |" in said
    assert "| rgbd | 300 |" in said
    assert main(["bench", "recording", "--seconds", "0"]) == 1


def test_a_wrong_pixel_is_found(tmp_path: Path) -> None:
    """The proof can fail: of a picture that changed, or depth that is unknown elsewhere."""
    camera = Paced(BOTH.render(2), 1000, 4)
    frames = list(camera.frames())
    assert set(frames[0].images) == {"left", "right", "color"}
    assert all(same_pixels(each, camera.frame(each.sequence)) for each in frames)
    wrong = frames[2].image("left").copy()
    wrong[5, 5] ^= 1
    assert frames[2].depth is not None
    depth = frames[2].depth.depth.copy()
    depth[~np.isnan(depth)] = np.nan
    for spoilt in (
        replace(frames[2], images={**frames[2].images, "left": wrong}),
        replace(frames[2], depth=replace(frames[2].depth, depth=depth)),
        replace(frames[2], depth=None),
    ):
        assert not same_pixels(spoilt, frames[2])
        with BagWriter(tmp_path / "spoilt.mcap", camera.rig) as writer:
            for each in (*frames[:2], spoilt, frames[3]):
                writer.write(each)
        assert recording._read_back(camera, tmp_path / "spoilt.mcap") == 3


def test_frames_come_when_they_are_due() -> None:
    with Paced(BOTH.render(2), 50, 4) as camera:
        begun = time.time_ns()
        frames = list(camera.frames())
    assert [each.sequence for each in frames] == [0, 1, 2, 3]
    assert frames[3].stamp_host_ns - begun > 0.059e9


def test_the_longest_pause_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that stands still for 3 s after the third frame: the others come at once when it goes on."""
    moments = iter([0.0, 0.0, 0.0, 0.02, 0.02, 0.04, 0.04, 3.04, 3.04, 3.04, 3.04])
    monkeypatch.setattr("depthkit_tools.bench.cameras.time", Mock(monotonic=lambda: next(moments), time_ns=lambda: 0))
    camera = Paced(BOTH.render(1), 50, 5)
    assert len(list(camera.frames())) == 5
    assert camera.longest_pause == pytest.approx(3)
