"""Accuracy side by side: exact figures for known answers, what the tables and pictures say, and a real scene."""

import json
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit import images
from depthkit.arrays import F32
from depthkit_tools.bench import accuracy, accuracy_report, pictures
from depthkit_tools.bench.accuracy import Matcher, Result, compare
from depthkit_tools.bench.scenes import Scene
from depthkit_tools.main import main

NAN = np.float32(np.nan)
TRUE = 8  # px


def shifted(seen: bool = True) -> Scene:
    """A pair whose left image is the right one shifted: the truth is one disparity."""
    noise = np.random.default_rng(1).integers(0, 256, (48, 120)).astype(np.uint8)
    right = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.0), np.uint8)
    truth = np.full(right.shape, TRUE, np.float32)
    return Scene("s/one", "test", np.roll(right, TRUE, 1), right, truth, np.full(right.shape, seen), 32, "us", "all")


def answering(name: str, side: str, values: F32) -> Matcher:
    return Matcher(name, side, lambda scene: lambda: values, lambda found: found)


def result(name: str, side: str, **figures: float) -> Result:
    zeros = dict.fromkeys(("density", *accuracy.ERRORS), 0.0)
    return Result(name, side, {**zeros, **{key.replace("_", "-"): value for key, value in figures.items()}})


def test_figures_of_known_answers() -> None:
    scene, values = shifted(), np.full((48, 120), TRUE + 0.75, np.float32)
    values[:, :32] = 999  # not compared: some candidates are outside the right image
    values[:12, 32:] = TRUE + 3.5
    values[12:24, 32:] = NAN
    (found,), answers = compare(scene, [answering("a", "depthkit", values)], rounds=0)
    assert answers["a"] is values
    assert found.figures == {
        "density": 75,
        "bad-0.5": 100,
        "bad-1": pytest.approx(100 / 3),
        "bad-2": pytest.approx(100 / 3),
        "D1": pytest.approx(100 / 3),
        "EPE": pytest.approx((2 * 0.75 + 3.5) / 3),
        "t2": 50,
        "t2 filled": 50,
    }


def test_all_matchers_find_a_shift() -> None:
    results, answers = compare(shifted(), accuracy.matchers((8, 3), opencv_speckle=0), rounds=1)
    assert [found.matcher for found in results] == [
        "depthkit (default)",
        "depthkit, 8 paths",
        *(f"cv2 {mode}" for mode in ("3WAY", "HH4", "SGBM", "HH", "BM")),
    ]
    for found in results:
        assert found.figures["bad-1"] < 1, found.matcher
        assert found.figures["EPE"] < 0.1, found.matcher
        assert found.figures["ms"] > 0
        assert np.isnan(answers[found.matcher][:, :8]).all() or found.side == "depthkit"
    assert results[0].figures["density"] > 99


def test_opencv_drops_speckles_when_asked() -> None:
    scene = shifted()
    left = scene.left.copy()
    left[20:24, 70:74] = np.roll(scene.left, 9, 1)[20:24, 70:74]  # a small patch at another disparity
    patched = Scene("p", "", left, scene.right, scene.truth, scene.seen, 32, "", "")
    none, some = (compare(patched, accuracy.matchers((), speckle), 0)[1]["cv2 HH"] for speckle in (0, 500))
    assert np.isfinite(some).sum() < np.isfinite(none).sum()


def test_worse_is_told_by_the_best_semi_global_mode_of_each_measure() -> None:
    results = [
        result("ours", "depthkit", bad_2=2.0, t2=5.0, EPE=0.5, D1=np.nan),
        result("A", "opencv", bad_2=3.0, t2=4.0, EPE=0.5),
        result("B", "opencv", bad_2=1.0, t2=9.0, EPE=0.6),
        result("BM", "local", bad_2=0.0, t2=0.0),
    ]
    assert accuracy.worse(results) == {"ours": ["bad-2", "D1", "t2"]}
    assert accuracy.best(results).matcher == "B"
    assert accuracy.best(results, "t2").matcher == "A"


def test_a_mode_without_any_answer_is_not_the_best() -> None:
    results = [result("A", "opencv", bad_2=np.nan), result("B", "opencv", bad_2=50.0)]
    assert accuracy.best(results).matcher == "B"


def test_means_give_each_scene_the_same_weight() -> None:
    scenes = [[result("a", "opencv", EPE=1.0)], [result("a", "opencv", EPE=4.0)]]
    assert accuracy.means(scenes)["a"]["EPE"] == 2.5


def test_the_tables_mark_losses() -> None:
    results = [
        result("ours", "depthkit", density=99.96, bad_2=2.0),
        result("A", "opencv", density=90, bad_2=1.0, EPE=np.nan),
    ]
    text = accuracy_report.markdown([(shifted().facts, results)])
    assert "### s/one" in text
    assert "120×48, 32 disparities (from us), 4224 pixels compared (seen by both: all)" in text
    assert "| matcher | density | bad-0.5 | bad-1 | bad-2 | D1 | EPE | t2 |" in text
    assert "| ours | 100.0 | 0.00 | 0.00 | **2.00** | 0.00 | 0.00 | 0.00 |" in text
    assert "| A | 90.0 | 0.00 | 0.00 | 1.00 | 0.00 | – | 0.00 |" in text
    assert "ours, worse than OpenCV's best: s/one: bad-2." in text


def test_the_picture_shows_where_each_side_is_wrong() -> None:
    scene = shifted()
    wrong = scene.truth + 9
    wrong[:, 100:] = NAN
    answers = {"o": scene.truth, "t": wrong}
    picture = pictures.comparison(scene, answers, result("o", "depthkit"), result("t", "opencv"))
    caption, (height, width) = 28, scene.truth.shape
    assert picture.shape == (3 * (height + caption), 2 * width, 3)
    panels = picture.reshape(3, height + caption, 2, width, 3)[:, caption:].swapaxes(1, 2)
    np.testing.assert_array_equal(panels[0, 0][..., 0], scene.left)
    np.testing.assert_array_equal(panels[1, 0], panels[0, 1])  # our answer has the colours of the truth
    blue, red, black = panels[2, 0][0, 60], panels[2, 1][0, 60], panels[2, 1][0, 110]
    assert blue[2] > 2 * blue[0]
    assert red[0] > 4 * red[2]
    assert not black.any()
    assert len(set(panels[2, 0][0, 10])) == 1  # grey: not compared


def test_large_scenes_make_pictures_of_sane_size() -> None:
    height, width = 300, 3000
    truth = np.tile(np.linspace(5, 40, width, dtype=np.float32), (height, 1))
    image = np.zeros((height, width), np.uint8)
    scene = Scene("big", "", image, image, truth, np.ones(truth.shape, np.bool_), 48, "", "")
    picture = pictures.comparison(scene, {"o": truth, "t": truth}, result("o", "depthkit"), result("t", "opencv"))
    assert picture.shape[1] <= 1280


def write_scene(folder: Path, scene: Scene) -> None:
    folder.mkdir(parents=True)
    for name, image in {"im0.png": scene.left, "im1.png": scene.right}.items():
        images.write_png(folder / name, image)
    images.write_pfm(folder / "disp0.pfm", scene.truth)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scene(tmp_path / "data" / "set" / "one", shifted())
    images.write_png(tmp_path / "data" / "stray.png", np.zeros((4, 4), np.uint8))
    out = tmp_path / "out"
    run = partial(main, ["bench", "stereo", str(tmp_path / "data"), "--out", str(out), "--paths", "4", "--rounds", "1"])
    assert run() == 0
    captured = capsys.readouterr()
    figures = json.loads((out / "figures.json").read_text())
    (scene,) = figures["scenes"]
    assert (scene["scene"], scene["num_disparities"], scene["pixels"]) == ("set/one", 16, 48 * (120 - 16))
    assert list(scene["matchers"]) == list(figures["means"])
    assert {"depthkit (default)", "depthkit, 4 paths", "cv2 BM"} < set(scene["matchers"])
    for name, values in scene["matchers"].items():
        assert set(values) == {"density", *accuracy.ERRORS, "ms"}
        assert f"| {name} | {values['density']:.1f} | {values['bad-0.5']:.2f} |" in captured.out
    assert figures["passed_over"] == ["data has images but is not laid out as a known data set"]
    assert "passed over: data has images" in captured.err
    assert images.read(out / "set-one.png").std() > 10


def test_the_command_prints_json_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scene(tmp_path / "one", shifted())
    assert main(["bench", "stereo", str(tmp_path), "--rounds", "0", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures["means"]["cv2 HH"]) == {"density", *accuracy.ERRORS}
    assert "speckle" in " ".join(figures["notes"])


@pytest.mark.parametrize(
    ("flags", "says"),
    [((), "no scene with a truth"), (("--rounds", "-1"), "not negative"), (("--paths", "6"), "paths is 6")],
)
def test_errors_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], says: str
) -> None:
    assert main(["bench", "stereo", str(tmp_path), *flags]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("depthkit bench stereo: ")
    assert says in line


def test_a_pair_without_truth_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scene(tmp_path / "one", shifted())
    (tmp_path / "one" / "disp0.pfm").unlink()
    assert main(["bench", "stereo", str(tmp_path)]) == 1
    assert "one has im0.png and im1.png but no truth, which would be disp0GT.pfm" in capsys.readouterr().err


def test_a_scene_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        write_scene(tmp_path / name, shifted())
    (tmp_path / "a" / "im1.png").write_bytes(b"torn")
    run = ["bench", "stereo", str(tmp_path), "--rounds", "0", "--json"]
    assert main(run) == 0
    figures = json.loads(capsys.readouterr().out)
    assert [scene["scene"] for scene in figures["scenes"]] == ["b"]
    assert "im1.png is not an image" in figures["passed_over"][0]
    (tmp_path / "b" / "im1.png").write_bytes(b"torn")
    assert main(run) == 1
    assert "no scene is left" in capsys.readouterr().err


def test_a_real_scene(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = json.loads((shared_data / "stereo" / "scenes.json").read_text())
    (venus,) = [entry for entry in entries if entry["scene"] == "middlebury2001/venus"]
    venus["dir"] = str(shared_data / venus["dir"])
    (tmp_path / "scenes.json").write_text(json.dumps([venus]))
    assert main(["bench", "stereo", str(tmp_path), "--rounds", "0", "--json"]) == 0
    (scene,) = json.loads(capsys.readouterr().out)["scenes"]
    ours, theirs = scene["matchers"]["depthkit (default)"], scene["matchers"][scene["opencv_best"]]
    assert ours["bad-2"] < 0.4
    assert ours["t2"] < 0.7
    assert ours["bad-2"] < theirs["bad-2"] < 2
    assert scene["worse"]["depthkit (default)"] == []
