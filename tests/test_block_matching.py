"""Block matching beside cv2.StereoSGBM with the same arguments, and its laws."""

import inspect
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import images
from depthkit.arrays import F32, U8
from depthkit.block_matching import BlockSgm
from depthkit.errors import InputError
from depthkit.stereo import Sgm, match
from depthkit.types import Disparity, Reason
from tests.test_stereo import left_of, texture
from tests.test_stereo_real import scene

MODES = {
    "SGBM": cv2.STEREO_SGBM_MODE_SGBM,
    "HH": cv2.STEREO_SGBM_MODE_HH,
    "HH4": cv2.STEREO_SGBM_MODE_HH4,
    "3WAY": cv2.STEREO_SGBM_MODE_SGBM_3WAY,
}


def theirs(left: U8, right: U8, options: dict[str, int]) -> F32:
    """OpenCV's disparities in px, NaN unknown."""
    steps = cv2.StereoSGBM.create(**options).compute(left, right)
    lowest = 16 * options.get("minDisparity", 0)
    return np.where(steps < lowest, np.float32(np.nan), steps.astype(np.float32) / np.float32(16))


def ours(left: U8, right: U8, options: dict[str, int]) -> Disparity:
    return match(left, right, Sgm.from_opencv(**options))


def aloe(sample_data: Path) -> tuple[U8, U8]:
    folder = sample_data / "aloe"
    if not (folder / "left.jpg").exists():
        pytest.skip("the aloe pair is not in sample_data")
    left, right = (images.to_u8(images.to_grey(images.read(folder / f"{side}.jpg"))) for side in ("left", "right"))
    return left, right


@pytest.mark.parametrize("mode", ["SGBM", "HH"])
@pytest.mark.parametrize(
    "options",
    [
        {"numDisparities": 128, "blockSize": 3, "P1": 72, "P2": 288, "uniquenessRatio": 5, "preFilterCap": 63},
        {"numDisparities": 96, "blockSize": 5, "P1": 200, "P2": 800, "speckleWindowSize": 50, "speckleRange": 2},
        {"numDisparities": 64, "minDisparity": -7, "blockSize": 7, "uniquenessRatio": 15, "disp12MaxDiff": 3},
        {"numDisparities": 64, "minDisparity": 1, "blockSize": 1, "P1": 5, "preFilterCap": 30, "disp12MaxDiff": -1},
        {"numDisparities": 80, "blockSize": -1, "P1": 10, "P2": 3, "uniquenessRatio": -1},
        {},
    ],
)
def test_low_images_give_the_bits_of_opencv(sample_data: Path, mode: str, options: dict[str, int]) -> None:
    left, right = (image[400:432, 300:700].copy() for image in aloe(sample_data))
    options = {**options, "mode": MODES[mode]}
    np.testing.assert_array_equal(ours(left, right, options).values, theirs(left, right, options))


def assert_alike(left: U8, right: U8, options: dict[str, int]) -> None:
    one, other = ours(left, right, options).values, theirs(left, right, options)
    both = np.isfinite(one) & np.isfinite(other)
    assert np.mean(np.abs(one - other)[both] <= 1) > 0.98
    assert np.mean((one == other)[both]) > 0.92
    assert np.isfinite(one).mean() > np.isfinite(other).mean() - 0.005


@pytest.mark.parametrize("mode", MODES)
def test_the_aloe_pair_as_opencv_matches_it(sample_data: Path, mode: str) -> None:
    left, right = (image[::2, ::2].copy() for image in aloe(sample_data))
    settings = {"numDisparities": 112, "blockSize": 5, "P1": 200, "P2": 800, "uniquenessRatio": 10, "preFilterCap": 31}
    assert_alike(left, right, {**settings, "speckleWindowSize": 100, "speckleRange": 2, "mode": MODES[mode]})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("name", ["middlebury2003/teddy", "middlebury2005/art", "middlebury2001/venus"])
def test_scenes_as_opencv_matches_them(shared_data: Path, name: str, size: int, mode: str) -> None:
    on = scene(shared_data, name)
    penalties = {"P1": 8 * size**2, "P2": 32 * size**2}
    options = {"numDisparities": on.num_disparities, "blockSize": size, **penalties, "mode": MODES[mode]}
    assert_alike(on.left, on.right, {**options, "uniquenessRatio": 5, "preFilterCap": 63})


def test_names_and_defaults_are_those_of_opencv() -> None:
    defaults = {name: p.default for name, p in inspect.signature(Sgm.from_opencv).parameters.items()}
    matcher = cv2.StereoSGBM.create()
    assert defaults == {name: getattr(matcher, f"get{name[0].upper()}{name[1:]}")() for name in defaults}
    every = {name: 16 + 16 * i for i, name in enumerate(defaults)} | {"mode": cv2.STEREO_SGBM_MODE_HH}
    assert cv2.StereoSGBM.create(**every).getP1() == every["P1"]


@pytest.mark.parametrize("paths", [3, 4, 5, 8])
def test_a_shifted_image_has_that_disparity(paths: int) -> None:
    right = texture(31)
    result = match(left_of(right, np.full(right.shape, 11, np.float32)), right, BlockSgm(24, paths=paths))
    assert np.all(result.reason[:, :24] == Reason.BORDER)
    assert np.all(result.measured[2:-2, 24:-6])
    assert np.abs(result.values[4:-4, 26:-6] - 11).max() < 0.2
    assert np.median(result.confidence[:, 24:]) > 0.5


@pytest.mark.parametrize("uniqueness", [0, 5])
def test_a_blank_wall_is_what_it_is_in_opencv(uniqueness: int) -> None:
    blank, options = np.full((30, 60), 99, np.uint8), {"uniquenessRatio": uniqueness}
    np.testing.assert_array_equal(ours(blank, blank, options).values, theirs(blank, blank, options))


def test_reasons() -> None:
    right = texture(32)
    truth = np.full(right.shape, 6, np.float32)
    truth[20:60, 60:110] = 18  # hides the 12 columns to its left from the right camera
    left = left_of(right, truth)
    plain, strict = match(left, right, BlockSgm(24)), match(left, right, BlockSgm(24, speckle=10000))
    hidden = plain.reason[24:56, 49:59]
    assert np.mean(hidden == Reason.LEFT_RIGHT) > 0.5
    assert np.mean(plain.reason[24:56, 115:] == Reason.LEFT_RIGHT) < 0.01
    assert np.all(strict.reason[plain.measured] == Reason.SPECKLE)
    assert not np.isfinite(strict.values).any()
    unrelated = match(texture(33), right, BlockSgm(24, uniqueness_ratio=30))
    assert np.mean(unrelated.reason[:, 24:] == Reason.NOT_UNIQUE) > 0.4
    blurred = (left.astype(np.float32) / 100 + 90).astype(np.uint8)
    assert np.any(match(blurred, right, BlockSgm(24, uniqueness_ratio=30)).reason == Reason.NO_TEXTURE)


@pytest.mark.parametrize("paths", [3, 8])
def test_threads_change_no_bit(paths: int, monkeypatch: pytest.MonkeyPatch) -> None:
    right = texture(33, 300, 90)
    left = left_of(right, np.full(right.shape, 7.5, np.float32), noise=10)
    results = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("DEPTHKIT_THREADS", threads)
        results.append(match(left, right, BlockSgm(20, paths=paths)))
    for other in results[1:]:
        np.testing.assert_array_equal(other.values, results[0].values)
        np.testing.assert_array_equal(other.reason, results[0].reason)
        np.testing.assert_array_equal(other.confidence, results[0].confidence)


@settings(deadline=None, max_examples=25)
@given(
    height=st.integers(3, 20),
    width=st.integers(3, 40),
    num_disparities=st.integers(1, 40),
    min_disparity=st.integers(-50, 50),
    paths=st.sampled_from([3, 4, 5, 8]),
    seed=st.integers(0, 99),
)
def test_any_size_and_range(
    height: int, width: int, num_disparities: int, min_disparity: int, paths: int, seed: int
) -> None:
    left, right = np.random.default_rng(seed).integers(0, 256, (2, height, width), dtype=np.uint8)
    sgm = BlockSgm(min(num_disparities, width), min_disparity, paths)
    result = match(left, right, sgm)
    known = np.isfinite(result.values)
    made_up = result.reason == Reason.INTERPOLATED
    np.testing.assert_array_equal(known, (result.reason == 0) | made_up)
    np.testing.assert_array_equal(result.confidence[~known], 0)
    values = result.values[known]
    assert np.all((values >= min_disparity - 0.5) & (values < min_disparity + sgm.num_disparities))
    outside = np.arange(width) < min_disparity + sgm.num_disparities
    assert np.all(result.reason[:, outside] == Reason.BORDER)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"num_disparities": 0}, "num_disparities is 0; it must be 1 to 4096"),
        ({"min_disparity": 20000}, "min_disparity is 20000"),
        ({"paths": 6}, "paths is 6; it must be one of 3, 4, 5, 8"),
        ({"block_size": 4}, "block_size is 4; it must be one of 1, 3, 5"),
        ({"P1": 300}, "P1 is 300; it must be 0 to 288"),
        ({"P2": 70000}, "P2 is 70000"),
        ({"prefilter_cap": 128}, "prefilter_cap is 128; it must be 1 to 127"),
        ({"uniqueness_ratio": 101}, "uniqueness_ratio is 101"),
        ({"lr_check": -1}, "lr_check is -1"),
        ({"speckle": -1}, "speckle is -1"),
        ({"speckle_range": -0.5}, "speckle_range is -0.5"),
        ({"block_size": 21}, "block_size 21, .* P1 72 and P2 288 reach 83709, above 65535: set some of them lower"),
    ],
)
def test_settings_outside_their_limits(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        BlockSgm(**options)


def test_an_unknown_mode() -> None:
    with pytest.raises(InputError, match="mode is 7; it must be one of cv2"):
        Sgm.from_opencv(mode=7)


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        (np.zeros((9, 9)), np.zeros((9, 9), np.uint8), "left must be uint8 .* depthkit.images.to_grey"),
        (np.zeros((9, 9), np.uint16), np.zeros((9, 9), np.uint16), "left must be uint8 .* depthkit.images.to_u8"),
        (np.zeros((2, 30), np.uint8), np.zeros((2, 30), np.uint8), "smaller than the matching window of 3×3"),
        (np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8), "num_disparities is 16 .* set at most 9"),
    ],
)
def test_images_that_cannot_be_matched(left: U8, right: U8, says: str) -> None:
    with pytest.raises(InputError, match=says):
        match(left, right, BlockSgm(16))
