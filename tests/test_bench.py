"""The benchmark runs, compares the same work, and reports losses like wins. No speed is asserted here."""

import itertools
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit_tools.bench import matching, one_core
from depthkit_tools.bench.inputs import Inputs, simulated
from depthkit_tools.bench.matching import Task
from depthkit_tools.bench.points import make_cloud
from depthkit_tools.bench.report import markdown
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
def small() -> Inputs:
    return simulated("96x64")


def test_medians_and_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("time.perf_counter", clock)
    rivals = (
        Rival("slower", clock.job(0.006), "note"),
        Rival("faster", clock.job(0.001)),
        Rival("absent", None, "not here"),
    )
    contest = Contest("task", clock.job(0.002, 0.002, 0.002, 0.002, 9.0), rivals, lambda: 3 << 19)
    rows = measure(contest, "8x8", 5)
    assert rows == [
        Row("task", "8x8", 2.0, "slower", 6.0, 3.0, "note", 1.5),
        Row("task", "8x8", 2.0, "faster", 1.0, 0.5, "", 1.5),
        Row("task", "8x8", 2.0, "absent", None, None, "not here", 1.5),
    ]


def test_the_table_shows_losses_and_what_is_missing() -> None:
    facts = {
        "cpu": "a CPU",
        "cpus": 2,
        "threads": {"depthkit": 2, "opencv": 2, "open3d": "its default"},
        "versions": {"python": "3.11"},
    }
    rows = [Row("t", "8x8", 2.0, "a", 1.0, 0.5, "", 7.1), Row("t", "8x8", 2.0, "b", None, None, "why")]
    table = markdown(facts, rows)
    assert "a CPU, 2 CPUs" in table
    assert "| t | 8x8 | 2.00 | 7 | a | 1.00 | 0.50 |  |" in table
    assert "| t | 8x8 | 2.00 | – | b | – | – | why |" in table


@pytest.mark.parametrize(
    ("text", "wanted", "rounds"),
    [("640x480x128", 10, 10), ("1280x720x128", 10, 3), ("1920x1080x256", 10, 2), ("1920x1080x256", 1, 1)],
)
def test_large_tasks_get_fewer_rounds(text: str, wanted: int, rounds: int) -> None:
    assert Task.parse(text).rounds(wanted) == rounds


def test_large_tasks_leave_out_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_MANY", 0)
    contests = list(matching.match_contests(Task.parse("96x64x16")))
    assert [contest.task[22:] for contest in contests] == ["8 paths", "3 paths"]
    assert [len(contest.rivals) for contest in contests] == [1, 1]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="these instruction sets are those of x86-64")
def test_older_instruction_sets_are_measured_in_their_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_core, "INSTRUCTIONS", {"SSE4.2": one_core.INSTRUCTIONS["SSE4.2"]})
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    (row,) = one_core.one_core_rows("96x64x16", 1)
    assert (row.task, row.size, row.note) == ("match 16 disparities, 8 paths, SSE4.2", "96x64", "one thread each")
    assert row.rival == "cv2.StereoSGBM HH (8 paths)"
    assert row.depthkit_ms > 0


def test_an_instruction_set_that_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(one_core, "INSTRUCTIONS", {"MMX": {}})
    monkeypatch.setattr(one_core, "_CHILD", "raise SystemExit('no such thing')")
    assert list(one_core.one_core_rows("96x64x16", 1)) == []
    assert "one core, MMX: no figures (exit 1) no such thing" in capsys.readouterr().err


def test_both_rectify_alike(small: Inputs) -> None:
    ours = small.rectifier.left(small.color).astype(int)
    theirs = cv2.remap(small.color, *small.maps, cv2.INTER_LINEAR).astype(int)
    assert np.abs(ours - theirs)[small.rectifier.valid_left].max() <= 2


def test_both_make_about_the_same_cloud(small: Inputs) -> None:
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
    arguments = ["bench", "--sizes", "96x64", "--matching", "96x64x16", "--one-core", "--rounds", "1"]
    assert main([*arguments, "--out", str(tmp_path / "bench.json")]) == 0
    table = capsys.readouterr().out
    figures = json.loads((tmp_path / "bench.json").read_text())
    rows = figures["rows"]
    assert {row["task"] for row in rows} == {
        "rectify an image, grey",
        "rectify an image, RGB",
        *(f"match 16 disparities, {name}" for name in ("8 paths", "4 paths", "3 paths", "as by default")),
        "depth to coloured cloud",
        "save a cloud as PLY",
    }
    assert [(row["task"][22:], row["rival"]) for row in rows if "cv2.Stereo" in row["rival"]] == [
        ("8 paths", "cv2.StereoSGBM HH (8 paths)"),
        ("8 paths", "cv2.StereoBM"),
        ("4 paths", "cv2.StereoSGBM HH4 (4 paths)"),
        ("3 paths", "cv2.StereoSGBM 3WAY (3 paths)"),
        ("as by default", "cv2.StereoSGBM 3WAY (3 paths)"),
        ("as by default", "cv2.StereoSGBM HH (8 paths)"),
    ]
    absent = [row for row in rows if row["rival"].startswith("Open3D")]
    assert len(absent) == 5
    for row in absent:
        assert (row["rival_ms"], row["note"]) == (None, "open3d not installed: make bench installs it")
    for row in rows:
        assert row["depthkit_ms"] > 0
        assert f"| {row['rival']} |" in table
    assert figures["machine"]["versions"]["depthkit"]


def test_bad_settings_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["--rounds", "0"],
        ["--sizes", "big"],
        ["--matching", "640x480"],
        ["--matching", "640x480x20"],
        ["--one-core", "64x48x128"],
    ):
        assert main(["bench", *arguments]) == 1
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
