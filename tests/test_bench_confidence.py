"""Calibration on made-up pixels whose chances are known, and the command on a folder of scenes."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit import images
from depthkit_tools.bench import calibration
from depthkit_tools.bench.calibration import Counts, Model
from depthkit_tools.main import main


def pixels(model: Model, seed: int, number: int = 200_000) -> Counts:
    """Pixels that are right as often as `model` says, with the library's confidence in them."""
    rng, ours = np.random.default_rng(seed), calibration.library_model()
    odds = np.exp(rng.normal(-3, 2, number))
    confidence = 1 - ours.worst * ours.odds * odds / (1 + ours.odds * odds)
    chance = 1 - model.worst * model.odds * odds / (1 + model.odds * odds)
    return calibration.count(confidence.astype(np.float32), rng.random(number) < chance)


@pytest.mark.parametrize(("odds", "worst"), [(0.65, 0.7), (2.5, 0.5), (0.2, 0.95)])
def test_the_constants_behind_what_was_right_are_found(odds: float, worst: float) -> None:
    found = calibration.fitted([pixels(Model(odds, worst), seed) for seed in range(3)])
    assert found.odds == pytest.approx(odds, rel=0.1)
    assert found.worst == pytest.approx(worst, abs=0.03)


def test_calibration_error_of_known_chances() -> None:
    ours = calibration.library_model()
    assert calibration.calibration_error(pixels(ours, 1), ours) < 0.003
    assert calibration.calibration_error(pixels(Model(8 * ours.odds, ours.worst), 2), ours) > 0.05


def test_bins_have_their_share_of_pixels_and_of_right_ones() -> None:
    confidence = np.array([0.45, 0.45, 0.95, 0.95, 0.95], np.float32)
    of = calibration.count(confidence, np.array([True, False, True, True, True]))
    found = calibration.reliability(of, calibration.library_model())
    np.testing.assert_allclose(found[4], [0.4, 0.45, 0.5], atol=0.01)
    np.testing.assert_allclose(found[9], [0.6, 0.95, 1.0], atol=0.01)
    assert (found[[0, 1, 2, 3, 5, 6, 7, 8], 0] == 0).all()


def test_error_areas_are_those_of_sorted_pixels() -> None:
    rng = np.random.default_rng(3)
    confidence = rng.uniform(0.4, 0.99, 4000).astype(np.float32)
    right = rng.random(4000) < confidence
    of = calibration.count(confidence, right)
    ranks = np.arange(1, 4001)
    area = np.mean(np.cumsum(~right[np.argsort(-confidence)]) / ranks)
    assert calibration.error_area(of) == pytest.approx(area, rel=0.02)
    least = np.mean(np.cumsum(np.sort(~right)) / ranks)
    assert calibration.least_error_area(of) == pytest.approx(least, rel=0.02)


def test_scenes_have_the_same_weight() -> None:
    one, other = pixels(Model(1, 0.5), 4, 1000), pixels(Model(1, 0.5), 5, 9000)
    both = calibration.together([one, other])
    np.testing.assert_allclose(both.pixels, (one.pixels + other.pixels) / 2)
    assert both.pixels.sum() == pytest.approx(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two noisy pairs of a wavy surface, and their list."""
    scenes = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        right = cv2.GaussianBlur(rng.random((80, 160)).astype(np.float32), (0, 0), 1.0)
        right = 20 + 200 * (right - right.min()) / np.ptp(right)
        v, u = np.indices(right.shape, dtype=np.float32)
        truth = np.rint(8 + 3 * np.sin(u / 17) * np.cos(v / 23)).astype(np.uint8)
        left = cv2.remap(right, u - truth, v, cv2.INTER_LINEAR) + rng.normal(0, 14, right.shape)
        for name, image in (("left", left), ("right", right), ("truth", truth)):
            images.write_png(tmp_path / f"{name}{seed}.png", np.clip(np.asarray(image), 0, 255).astype(np.uint8))
        files = {"left": f"left{seed}.png", "right": f"right{seed}.png", "disp_left": f"truth{seed}.png"}
        scenes.append({"scene": f"waves/{seed}", "dir": ".", **files, "suggested_num_disparities": 16})
    (tmp_path / "scenes.json").write_text(json.dumps(scenes))
    return tmp_path


def test_the_command_prints_the_figures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "confidence", str(folder), "--paths", "3", "8", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures["paths"]) == {"3", "8"}
    three = figures["paths"]["3"]
    assert set(three["scenes"]) == {"waves/0", "waves/1"}
    assert sum(each["pixels"] for each in three["bins"]) == pytest.approx(1)
    assert 0 < three["mean"]["least_error_area"] < three["mean"]["error_area"] < three["mean"]["wrong"]
    assert figures["fitted"]["odds"] > 0
    assert main(["bench", "confidence", str(folder), "--paths", "3"]) == 0
    table = capsys.readouterr().out
    assert "| waves/1 |" in table
    assert "Fitted to all of these: ODDS" in table


def test_one_scene_is_not_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads((folder / "scenes.json").read_text())
    (folder / "scenes.json").write_text(json.dumps(listed[:1]))
    assert main(["bench", "confidence", str(folder)]) == 1
    assert "two or more" in capsys.readouterr().err
