"""Scenes are found in the layouts of public data sets, written here in small, and read with the right meaning."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depthkit import images
from depthkit.arrays import F32, U8
from depthkit.errors import InputError
from depthkit_tools.bench import scenes
from depthkit_tools.bench.layouts import SceneFiles
from depthkit_tools.bench.scenes import Scene

WIDTH, HEIGHT = 80, 20
DISPARITY = 5.5  # px, everywhere


def grey(height: int = HEIGHT) -> U8:
    return np.random.default_rng(0).integers(0, 256, (height, WIDTH)).astype(np.uint8)


def write(path: Path, values: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if values.dtype == np.float32:
        images.write_pfm(path, values)
    elif path.suffix == ".png":
        images.write_png(path, values)
    else:
        path.write_bytes(b"P5\n%d %d\n255\n" % values.shape[::-1] + values.tobytes())


def steps(scale: float, height: int = HEIGHT, disparity: float = DISPARITY) -> Any:
    return np.full((height, WIDTH), disparity * scale).astype(np.uint16 if scale > 16 else np.uint8)


def pixels(disparity: float = DISPARITY) -> F32:
    return np.full((HEIGHT, WIDTH), disparity, np.float32)


def middlebury_2014(folder: Path, truth: str = "disp0.pfm") -> None:
    write(folder / "im0.png", np.stack([grey()] * 3, -1))
    write(folder / "im1.png", np.stack([grey()] * 3, -1))
    write(folder / truth, pixels())
    (folder / "calib.txt").write_text("cam0=[1 0 0; 0 1 0; 0 0 1]\nndisp=33\nisint=0\n")


def only(folder: Path) -> Scene:
    found, passed_over = scenes.find(folder)
    assert len(found) == 1
    assert passed_over == []
    return scenes.load(found[0])


@pytest.mark.parametrize("truth", ["disp0.pfm", "disp0GT.pfm"])
def test_middlebury_2014(tmp_path: Path, truth: str) -> None:
    middlebury_2014(tmp_path / "chess", truth)
    scene = only(tmp_path)
    assert (scene.name, scene.layout) == ("chess", "Middlebury 2014 or ETH3D")
    assert (scene.num_disparities, scene.range_from) == (48, "the data set")
    assert scene.left.shape == scene.right.shape == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(scene.truth, DISPARITY)
    assert scene.seen_from == "the left truth moved into the right image"


def test_the_mask_of_a_data_set_comes_before_the_right_truth(tmp_path: Path) -> None:
    middlebury_2014(tmp_path)
    write(tmp_path / "disp1.pfm", pixels(40))  # agrees nowhere
    with pytest.raises(InputError, match="no pixel to compare"):
        only(tmp_path)
    mask = np.full((HEIGHT, WIDTH), 128, np.uint8)
    mask[3:5] = 255
    write(tmp_path / "mask0nocc.png", mask)
    scene = only(tmp_path)
    assert scene.seen_from == "the mask that is given"
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    expected[3:5, 48:] = True
    np.testing.assert_array_equal(scene.counted, expected)
    assert scene.facts["pixels"] == 2 * (WIDTH - 48)


def test_a_range_as_wide_as_the_image_says_nothing(tmp_path: Path) -> None:
    middlebury_2014(tmp_path)
    (tmp_path / "calib.txt").write_text(f"ndisp={WIDTH}\n")
    scene = only(tmp_path)
    assert (scene.num_disparities, scene.range_from) == (16, "the largest true disparity")


@pytest.mark.parametrize(("largest", "searched"), [(15.9, 16), (16, 32), (31.5, 32)])
def test_the_range_holds_the_largest_true_disparity(tmp_path: Path, largest: float, searched: int) -> None:
    middlebury_2014(tmp_path)
    (tmp_path / "calib.txt").unlink()
    truth = pixels()
    truth[0, 70] = largest
    write(tmp_path / "disp0.pfm", truth)
    assert only(tmp_path).num_disparities == searched


@pytest.mark.parametrize(
    ("left", "right", "truth", "height", "scale"),
    [
        ("view1.png", "view5.png", "disp1.png", 370, 3),
        ("view1.png", "view5.png", "disp1.png", 555, 2),
        ("view1.png", "view5.png", "disp1.png", 1110, 1),
        ("im2.png", "im6.png", "disp2.png", 375, 4),
        ("im2.png", "im6.png", "disp2.png", 750, 2),
        ("im2.ppm", "im6.ppm", "disp2.pgm", 383, 8),
        ("scene1.row3.col3.ppm", "scene1.row3.col4.ppm", "truedisp.row3.col3.pgm", 288, 16),
    ],
)
def test_older_middlebury(tmp_path: Path, left: str, right: str, truth: str, height: int, scale: int) -> None:
    for name in (left, right):
        write(tmp_path / name, grey(height))
    write(tmp_path / truth, steps(scale, height, disparity=5))
    scene = only(tmp_path)
    np.testing.assert_array_equal(scene.truth, 5)
    assert scene.name == tmp_path.name


def test_a_height_without_known_scale_is_refused(tmp_path: Path) -> None:
    for name in ("view1.png", "view5.png", "disp1.png"):
        write(tmp_path / name, grey())
    with pytest.raises(InputError, match=r"20 rows high.*not known.*370, 555, 1110.*scenes\.json"):
        scenes.find(tmp_path)


def kitti(folder: Path, pair: tuple[str, str], occ: str, noc: str) -> None:
    for number in ("000000", "000001"):
        for directory in pair:
            write(folder / directory / f"{number}_10.png", grey())
            write(folder / directory / f"{number}_11.png", grey())
        write(folder / occ / f"{number}_10.png", steps(256))
        seen = steps(256)
        seen[:, 40:] = 0
        write(folder / noc / f"{number}_10.png", seen)


@pytest.mark.parametrize(
    ("pair", "occ", "noc"),
    [
        (("image_2", "image_3"), "disp_occ_0", "disp_noc_0"),
        (("colored_0", "colored_1"), "disp_occ", "disp_noc"),
        (("image_0", "image_1"), "disp_occ", "disp_noc"),
    ],
)
def test_kitti(tmp_path: Path, pair: tuple[str, str], occ: str, noc: str) -> None:
    kitti(tmp_path / "training", pair, occ, noc)
    found, _ = scenes.find(tmp_path)
    assert [files.name for files in found] == ["training/000000_10", "training/000001_10"]
    scene = scenes.load(found[1])
    np.testing.assert_array_equal(scene.truth, DISPARITY)
    np.testing.assert_array_equal(np.flatnonzero(scene.counted.any(0)), np.arange(16, 40))
    assert scene.seen_from == "the non-occluded truth that is given"


def entry(**changes: object) -> dict[str, object]:
    return {
        "scene": "set/one",
        "dir": "one",
        "left": "a.png",
        "right": "b.png",
        "disp_left": "t.png",
        "disp_right": None,
        "nocc_mask": None,
        "scale": 8,
        "suggested_num_disparities": 32,
        **changes,
    }


@pytest.mark.parametrize("directory", ["one", "data/one"])
def test_a_list_of_scenes(tmp_path: Path, directory: str) -> None:
    folder = tmp_path / "data"
    for name, values in {"a.png": grey(), "b.png": grey(), "t.png": steps(8)}.items():
        write(folder / "one" / name, values)
    (folder / "scenes.json").write_text(json.dumps([entry(dir=directory)]))
    scene = only(folder)
    assert (scene.name, scene.num_disparities) == ("set/one", 32)
    np.testing.assert_array_equal(scene.truth, DISPARITY)
    write(folder / "one" / "r.png", steps(8))
    (folder / "scenes.json").write_text(json.dumps([entry(dir=directory, disp_right="r.png")]))
    assert only(folder).seen_from == "the right image's truth, which agrees"


@pytest.mark.parametrize("text", ["{", "5", '[{"scene": "x"}]', '[{"scene": "x", "dir": "."}]', "[3]"])
def test_a_list_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "scenes.json").write_text(text)
    with pytest.raises(InputError, match=r"scenes\.json must be a list of scenes with"):
        scenes.find(tmp_path)


def test_files_that_are_missing_or_do_not_fit(tmp_path: Path) -> None:
    for name, values in {"a.png": grey(), "b.png": grey(), "t.png": steps(8, height=10)}.items():
        write(tmp_path / name, values)
    files = SceneFiles("x", "", tmp_path / "a.png", tmp_path / "b.png", tmp_path / "t.png", scale=8)
    with pytest.raises(InputError, match="sizes differ: left image 80×20, right image 80×20, truth 80×10"):
        scenes.load(files)
    (tmp_path / "b.png").unlink()
    with pytest.raises(InputError, match=r"no such file: .*b\.png"):
        scenes.load(files)


def test_what_is_passed_over_is_named(tmp_path: Path) -> None:
    middlebury_2014(tmp_path / "good")
    write(tmp_path / "holiday" / "beach.png", grey())
    middlebury_2014(tmp_path / "secret")
    (tmp_path / "secret" / "disp0.pfm").unlink()
    (tmp_path / "empty").mkdir()
    found, passed_over = scenes.find(tmp_path)
    assert [files.name for files in found] == ["good"]
    assert passed_over == [
        "holiday has images but is not laid out as a known data set",
        "secret has im0.png and im1.png but no truth, which would be disp0GT.pfm or disp0.pfm",
    ]


def test_kitti_without_truth_is_passed_over_as_a_whole(tmp_path: Path) -> None:
    for directory in ("image_2", "image_3"):
        write(tmp_path / "testing" / directory / "000000_10.png", grey())
    with pytest.raises(InputError, match=r"testing has image_2 and image_3 but no truth, which would be disp_occ_0$"):
        scenes.find(tmp_path)


def test_nothing_found(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        scenes.find(tmp_path / "none")
    with pytest.raises(InputError, match=r"no scene with a truth in .*, laid out as Middlebury, ETH3D or KITTI"):
        scenes.find(tmp_path)


def test_many_lines_become_few() -> None:
    assert scenes.few(["a", "b"]) == "a; b"
    assert scenes.few(list("abcde")) == "a; b; c; and 2 more"
