"""The commands that measure live cameras: a soak of ten seconds, and the cost of the library, for a moment."""

import importlib.util
import json
from dataclasses import replace

import pytest

from depthkit.live.keeper import GONE
from depthkit.sim.faults import Fault
from depthkit_tools.bench import soak
from depthkit_tools.bench.soak import Diary
from depthkit_tools.main import main
from tests.live_devices import frame


def test_a_short_soak_keeps_all_promises(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--seconds", "8", "--every", "45", "--size", "64x48", "--seed", "2", "--json"]
    code = main(["bench", "soak", *options])
    found = json.loads(capsys.readouterr().out)
    assert (code, found["wrong"]) == (0, [])
    assert all(found["checks"].values())
    assert found["frames"] > 100
    assert sum(found["faults"].values()) >= 5


def test_a_broken_promise_is_found(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "_truth", lambda stats: {"lost": -1})
    monkeypatch.setattr(soak, "_SETTLING", 0.2)
    assert main(["bench", "soak", "--seconds", "0.2", "--size", "32x24"]) == 1
    said = capsys.readouterr().out
    assert "NO  every fault is counted" in said
    assert said.count("NO ") == 1
    assert main(["bench", "soak", "--seconds", "0"]) == 1


@pytest.mark.parametrize(
    ("numbers", "made", "gap", "right"),
    [
        ((3, 4), (3, 4), {}, True),
        ((3, 6), (3, 6), {"lost on the way": 2}, True),
        ((3, 6), (3, 6), {}, False),
        ((3, 4), (3, 5), {}, False),
        ((3, 4), (3, 3), {}, False),
        ((3, 60), (3, 62), {GONE: 56}, True),
        ((3, 60), (3, 90), {GONE: 56}, False),
    ],
)
def test_the_diary(numbers: tuple[int, int], made: tuple[int, int], gap: dict[str, int], right: bool) -> None:
    before, now = (replace(frame(i), meta={"made": m}) for i, m in zip(numbers, made, strict=True))
    now = replace(now, meta={**now.meta, **({"gap": gap} if gap else {})})
    diary = Diary()
    soak._note(diary, before, now, iter([Fault("unplug", 4, 30)]))
    assert (diary.wrong == []) == right
    assert diary.back_s == ([(made[1] - 34) / 60] if GONE in gap else [])


def test_growth_is_from_after_the_first_quarter() -> None:
    assert soak._growth(Diary()) == 0
    assert soak._growth(Diary(memory=[*range(0, 1000, 10), *([1000] * 300)])) == 0
    assert soak._growth(Diary(memory=list(range(400)))) == 300 - 30


def test_the_cost_of_the_library(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--seconds", "0.2", "--rounds", "1", "--size", "64x48", "--fps", "100"]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # pyrealsense2's turn is in realsense_faults.py
    assert main(["bench", "live", *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for side in ("the driver's own loop", "LiveCamera"):
        assert found[side]["frames"] == 20
        assert 0 < found[side]["latency_ms"] < 1000
    assert main(["bench", "live", *options]) == 0
    assert "| LiveCamera | 20 |" in capsys.readouterr().out
    assert main(["bench", "live", "--rounds", "0"]) == 1
