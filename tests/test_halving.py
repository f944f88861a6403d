"""Matching at half resolution: its kernels against naive twins, and what becomes of surfaces."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import kernels
from depthkit.halves import setting_of_halves
from depthkit.kernels.halving import Measured
from depthkit.stereo import Sgm, match
from depthkit.types import MADE_UP, Reason
from tests import oracle_halving as oracle
from tests.test_stereo import left_of, texture
from tests.test_stereo_real import BOUNDS, errors, scene


@pytest.mark.kernel
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(2, 2), (5, 8), (8, 11)])
def test_halve(size: tuple[int, int], dtype: Any) -> None:
    image = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, size, dtype, endpoint=True)
    image[:2, :2] = np.iinfo(dtype).max
    out = np.empty((size[0] // 2, size[1] // 2), dtype)
    kernels.halving.halve(0, len(out), image, out)
    np.testing.assert_array_equal(out, oracle.halve(image))


@pytest.mark.kernel
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(2, 2), (3, 2), (9, 14), (10, 13)])
def test_enlarge(size: tuple[int, int], dtype: Any) -> None:
    rng = np.random.default_rng(2)
    shape = size[0] // 2, size[1] // 2
    values = rng.choice(np.array([3, 3.5, 4.25, 9], np.float32), shape)
    reason = rng.choice(np.array([0, 0, Reason.INTERPOLATED], np.uint16), shape)
    hidden = rng.random(shape) < 0.2
    values[hidden], reason[hidden] = np.nan, Reason.LEFT_RIGHT
    confidence = np.where(hidden, 0, rng.random(shape)).astype(np.float32)
    image, small = (rng.integers(0, 9, s, dtype) * dtype(1000 % 256) for s in (size, shape))  # many are alike
    large = Measured(image, np.empty(size, np.float32), np.empty(size, np.uint16), np.empty(size, np.float32))
    kernels.halving.enlarge(0, size[0], Measured(small, values, reason, confidence), large)
    for found, wanted in zip(large[1:], oracle.enlarge((small, values, reason, confidence), image), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("size", [(90, 180), (91, 181)])
def test_a_slanted_plane_has_no_bias(size: tuple[int, int]) -> None:
    v, u = np.indices(size, dtype=np.float32)
    truth = 10 + 0.04 * u + 0.03 * v
    right = np.asarray(cv2.GaussianBlur(texture(1, *size), (0, 0), 1.0), np.uint8)
    result = match(left_of(right, truth), right, Sgm(num_disparities=32, half=True))
    wrong = (result.values - truth)[6:-6, 36:-6]
    assert np.isfinite(wrong).mean() > 0.99
    for rows, columns in np.ndindex(2, 2):  # none of the pixels of a block is better off than the others
        assert abs(np.nanmean(wrong[rows::2, columns::2])) < 0.05
    assert np.sqrt(np.nanmean(wrong**2)) < 0.25


def test_no_value_is_between_two_surfaces() -> None:
    truth = np.full((80, 160), 6, np.float32)
    truth[21:59, 61:111] = 20
    right = texture(2)
    right[:, 41:91] = np.where(truth[:, 61:111] == 20, right[:, 41:91] // 3, right[:, 41:91])  # a dark square
    result = match(left_of(right, truth), right, Sgm(num_disparities=32, half=True))
    known = np.isfinite(result.values)
    between = known & (result.values > 8) & (result.values < 18)
    assert between.mean() < 0.002
    truth[21:59, 47:61] = np.nan  # hidden behind the square
    assert np.mean(np.abs(result.values - truth)[:, 32:] > 2) < 0.05
    assert known[:, 32:].mean() > 0.95


def test_the_range_that_is_asked_for_is_covered() -> None:
    for first, count in ((0, 128), (-3, 8), (5, 1), (-7, 7)):
        half = setting_of_halves(Sgm(num_disparities=count, min_disparity=first))
        wanted = {d // 2 for d in range(first, first + count)}
        assert {half.min_disparity + k for k in range(half.num_disparities)} == wanted
    half = setting_of_halves(Sgm(speckle=30, lr_check=None, bridge=0, half=True))
    assert (half.half, half.speckle, half.speckle_range, half.lr_check, half.bridge) == (False, 8, 1.0, None, 0)


def test_a_half_size_pixel_is_valid_if_all_four_are() -> None:
    right = texture(3, 81, 161)
    left = left_of(right, np.full(right.shape, 6, np.float32))
    valid = np.ones(left.shape, np.bool_)
    valid[41, 100], valid[80, 50], valid[:, 160] = False, False, False
    result = match(left, right, Sgm(num_disparities=16, half=True), valid_left=valid)
    hidden = result.reason == Reason.BORDER
    assert hidden[40:42, 100:102].all()
    assert hidden[80, 50]
    assert hidden[:, 160].all()
    assert not hidden[10:30, 20:150].any()


@settings(max_examples=30, deadline=None)
@given(
    st.integers(10, 33),
    st.integers(10, 33),
    st.integers(1, 40),
    st.integers(-20, 20),
    st.sampled_from((np.uint8, np.uint16)),
    st.integers(0, 99),
)
def test_values_reasons_and_confidence_agree(
    height: int, width: int, num_disparities: int, min_disparity: int, dtype: Any, seed: int
) -> None:
    left, right = np.random.default_rng(seed).integers(0, 256, (2, height, width)).astype(dtype)
    result = match(left, right, Sgm(num_disparities, min_disparity, speckle=0, half=True))
    unknown = result.reason & ~np.uint16(MADE_UP) != 0
    np.testing.assert_array_equal(np.isnan(result.values), unknown)
    np.testing.assert_array_equal(result.confidence > 0, ~unknown)


def test_real_scenes_at_half_resolution(shared_data: Path) -> None:
    bad, total = [], []
    for name in BOUNDS:
        on = scene(shared_data, name)
        half = errors(match(on.left, on.right, Sgm(on.num_disparities, half=True)), on)
        bad.append(half.bad[2.0])
        total.append(half.total[2.0])
        assert half.density > 93
    assert np.mean(bad) < 3.6
    assert np.mean(total) < 4.7
