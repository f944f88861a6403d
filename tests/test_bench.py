"""The benchmark runs, compares the same work, and reports losses like wins. No speed is asserted here."""

import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit_tools.bench.points import make_cloud
from depthkit_tools.bench.report import markdown
from depthkit_tools.bench.scene import Scene, scene
from depthkit_tools.bench.timing import Contest, Rival, Row, measure
from depthkit_tools.main import main


class Clock:
    """Time that passes only while a job runs."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def job(self, *seconds: float) -> Callable[[], None]:
        """A job that takes these times, over and over."""
        times = itertools.cycle(seconds)

        def run() -> None:
            self.now += next(times)

        return run


@pytest.fixture(scope="module")
def small() -> Scene:
    return scene("96x64")


def test_medians_and_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("time.perf_counter", clock)
    rivals = (
        Rival("slower", clock.job(0.006), "note"),
        Rival("faster", clock.job(0.001)),
        Rival("absent", None, "not here"),
    )
    rows = measure(Contest("task", clock.job(0.002, 0.002, 0.002, 0.002, 9.0), rivals), "8x8", 5)
    assert rows == [
        Row("task", "8x8", 2.0, "slower", 6.0, 3.0, "note"),
        Row("task", "8x8", 2.0, "faster", 1.0, 0.5, ""),
        Row("task", "8x8", 2.0, "absent", None, None, "not here"),
    ]


def test_the_table_shows_losses_and_what_is_missing() -> None:
    facts = {
        "cpu": "a CPU",
        "cpus": 2,
        "threads": {"depthkit": 2, "opencv": 2, "open3d": "its default"},
        "versions": {"python": "3.11"},
    }
    table = markdown(facts, [Row("t", "8x8", 2.0, "a", 1.0, 0.5, ""), Row("t", "8x8", 2.0, "b", None, None, "why")])
    assert "a CPU, 2 CPUs" in table
    assert "| t | 8x8 | 2.00 | a | 1.00 | 0.50 |  |" in table
    assert "| t | 8x8 | 2.00 | b | – | – | why |" in table


def test_both_rectify_alike(small: Scene) -> None:
    ours = small.rectifier.left(small.color).astype(int)
    theirs = cv2.remap(small.color, *small.maps, cv2.INTER_LINEAR).astype(int)
    assert np.abs(ours - theirs)[small.rectifier.valid_left].max() <= 2


def test_both_make_about_the_same_cloud(small: Scene) -> None:
    contest = make_cloud(small)
    ours = contest.job().points  # type: ignore[attr-defined]
    opencv = next(rival for rival in contest.rivals if rival.name.startswith("cv2"))
    if opencv.job is None:
        pytest.skip(opencv.note)
    theirs = opencv.job()[0]  # type: ignore[index]
    assert len(ours) == pytest.approx(len(theirs), rel=0.05)
    np.testing.assert_allclose(np.median(ours, 0), np.median(theirs, 0), atol=0.1)


def test_without_open3d_it_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "open3d", None)
    arguments = ["bench", "--sizes", "96x64", "--rounds", "1", "--num-disparities", "16"]
    assert main([*arguments, "--out", str(tmp_path / "bench.json")]) == 0
    table = capsys.readouterr().out
    figures = json.loads((tmp_path / "bench.json").read_text())
    rows = figures["rows"]
    assert {row["task"] for row in rows} == {
        "rectify an image, grey",
        "rectify an image, RGB",
        "match a pair, 16 disparities",
        "depth to coloured cloud",
        "save a cloud as PLY",
    }
    assert sum(row["rival"].startswith("cv2.StereoSGBM") for row in rows) == 4
    absent = [row for row in rows if row["rival"].startswith("Open3D")]
    assert len(absent) == 5
    for row in absent:
        assert (row["rival_ms"], row["note"]) == (None, "open3d not installed: make bench installs it")
    for row in rows:
        assert row["depthkit_ms"] > 0
        assert f"| {row['rival']} |" in table
    assert figures["machine"]["versions"]["depthkit"]


def test_bad_settings_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--rounds", "0"], ["--num-disparities", "20"], ["--sizes", "big"]):
        assert main(["bench", *arguments]) == 1
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
