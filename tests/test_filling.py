"""Full disparity images: the kernels beside their naive twins, the laws of filling, and real scenes at 100 %."""

from functools import cache
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from depthkit import filling, kernels
from depthkit.arrays import F32, U8
from depthkit.errors import InputError
from depthkit.filling import Filling, fill
from depthkit.opencv_matcher import match_opencv
from depthkit.stereo import Sgm, match
from depthkit.types import Disparity, Reason
from tests import oracle_filling as oracle
from tests.test_stereo import relief
from tests.test_stereo_real import BOUNDS, errors, scene

WAYS = get_args(Filling)
Array = NDArray[Any]


def gappy(seed: int, shape: tuple[int, int], unknown: float = 0.5) -> tuple[F32, U8]:
    """Values with gaps, some rows of them whole, and a grey image of a few levels."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 20, shape).astype(np.float32) / np.float32(1.7)
    gaps = rng.random(shape) < unknown
    gaps[rng.random(shape[0]) < 0.2] = True
    return np.where(gaps, np.float32(np.nan), values), rng.integers(0, 40, shape, dtype=np.uint8)


def disparity_of(values: F32, reason: Reason = Reason.LEFT_RIGHT) -> Disparity:
    known = np.isfinite(values)
    confidence = np.where(known, np.float32(0.8), np.float32(0))
    return Disparity(values, np.where(known, 0, int(reason)).astype(np.uint16), confidence)


@pytest.mark.kernel
@pytest.mark.parametrize("unknown", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("shape", [(9, 1), (6, 2), (12, 30)])
def test_rows(shape: tuple[int, int], unknown: float) -> None:
    values, _ = gappy(1, shape, unknown)
    filled = values.copy()
    kernels.filling.fill_rows(0, len(values), filled)
    np.testing.assert_array_equal(filled, np.stack([oracle.fill_row(row) for row in values]))


@pytest.mark.kernel
@pytest.mark.parametrize("shape", [(1, 9), (14, 17)])
def test_votes(shape: tuple[int, int]) -> None:
    values, grey = gappy(2, shape)
    gaps = np.isnan(values)
    filled = np.where(gaps, np.float32(3), values)
    out = filled.copy()
    kernels.filling.vote(0, len(values), filled, gaps, grey, *filling.weights(), out)
    np.testing.assert_array_equal(out, oracle.vote(filled, gaps, grey, *filling.weights()))
    assert (out != filled).any()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.tuples(st.integers(1, 12), st.integers(1, 20)), st.sampled_from(WAYS), st.booleans())
def test_all_that_shows_anything_has_a_value(seed: int, shape: tuple[int, int], how: Filling, masked: bool) -> None:
    values, grey = gappy(seed, shape)
    valid = np.random.default_rng(seed).random(shape) < (0.7 if masked else 1)
    before = disparity_of(np.where(valid, values, np.float32(np.nan)))
    after = fill(before, grey, how, valid_left=valid)
    known = np.isfinite(before.values)
    made_up = valid & ~known & known.any()
    np.testing.assert_array_equal(np.isfinite(after.values), known | made_up)
    for name in ("values", "reason", "confidence"):
        np.testing.assert_array_equal(getattr(after, name)[~made_up], getattr(before, name)[~made_up])
    assert (after.reason[made_up] == Reason.INTERPOLATED).all()
    np.testing.assert_array_equal(after.confidence[made_up], np.float32(filling.CONFIDENCE))
    assert np.isin(after.values[made_up], before.values[known]).all()  # none lies between two surfaces


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(WAYS))
def test_a_mirrored_image_is_filled_as_the_image_is(seed: int, how: Filling) -> None:
    values, grey = gappy(seed, (9, 14))
    plain, mirrored = fill(disparity_of(values), grey, how), fill(disparity_of(values[:, ::-1]), grey[:, ::-1], how)
    np.testing.assert_array_equal(mirrored.values[:, ::-1], plain.values)


def test_an_empty_row_takes_the_nearest_one() -> None:
    values = np.full((5, 3), np.nan, np.float32)
    values[1, 2], values[4, 0] = 7, 9
    full = fill(disparity_of(values), np.zeros((5, 3), np.uint8))
    np.testing.assert_array_equal(full.values, np.repeat([7, 7, 7, 9, 9], 3).reshape(5, 3))


def test_gaps_end_where_the_image_has_an_edge() -> None:
    """A near surface left of column 20, of which the last 4 columns are unknown, and the first 4 of what is behind."""
    truth = np.where(np.arange(40) < 20, np.float32(30), np.float32(10)) * np.ones((40, 1), np.float32)
    grey = np.where(truth == 30, np.uint8(60), np.uint8(160))
    values = truth.copy()
    values[:, 16:24] = np.nan
    by_background, by_edges = (fill(disparity_of(values), grey, how).values for how in ("background", "edges"))
    assert (by_background[:, 16:20] == 10).all()
    np.testing.assert_array_equal(by_edges, truth)


@pytest.mark.parametrize("how", WAYS)
def test_what_has_no_partner_in_the_right_image_is_filled_but_not_what_shows_nothing(how: Filling) -> None:
    left, right, _ = relief(41)
    valid_left, valid_right = np.ones(left.shape, np.bool_), np.ones(left.shape, np.bool_)
    valid_left[:, 150:] = False
    valid_right[:, 60:70] = False
    plain, full = (
        match(left, right, Sgm(20, 4, fill=way), valid_left=valid_left, valid_right=valid_right)
        for way in ("none", how)
    )
    no_partner = (plain.reason == Reason.BORDER) & valid_left
    assert no_partner[:, :4].all()
    assert no_partner[:, 60:90].mean() > 0.2
    assert (full.reason[no_partner] == Reason.INTERPOLATED).all()
    np.testing.assert_array_equal(np.isfinite(full.values), valid_left)
    assert (full.reason[~valid_left] == Reason.BORDER).all()
    np.testing.assert_array_equal(full.measured, plain.measured)


@pytest.mark.parametrize("sgm", [Sgm(20, fill="background"), Sgm(20, fill="edges", half=True)], ids=["as is", "half"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_only_the_region_asked_for_is_filled(sgm: Sgm, dtype: Any) -> None:
    left, right = (image.astype(dtype) * dtype(257 if dtype == np.uint16 else 1) for image in relief(42)[:2])
    part = match(left, right, sgm, roi=(30, 20, 90, 40))
    inside = np.zeros(left.shape, np.bool_)
    inside[20:60, 30:120] = True
    np.testing.assert_array_equal(np.isfinite(part.values), inside)
    assert (part.reason[~inside] == Reason.BORDER).all()


def test_without_any_disparity_nothing_is_made_up() -> None:
    flat = np.full((30, 40), 90, np.uint8)
    result = match(flat, flat, Sgm(10, fill="background"))
    assert np.isnan(result.values).all()
    assert (result.reason[:, 4:] & Reason.NO_TEXTURE != 0).all()


def test_what_cannot_be_filled() -> None:
    found, how = disparity_of(np.ones((4, 5), np.float32)), "foreground"
    with pytest.raises(InputError, match="left must be uint8 of shape 4×5"):
        fill(found, np.zeros((5, 4), np.uint8))
    with pytest.raises(InputError, match="'background' or 'edges', not 'foreground'"):
        fill(found, np.zeros((4, 5), np.uint8), how)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="valid_left must be bool of shape 4×5"):
        fill(found, np.zeros((4, 5), np.uint8), valid_left=np.ones((4, 4), np.bool_))


@cache
def totals(data: Path) -> Array:
    """Wrong by more than 2 px or missing, in %, by scene: filled either way, and cv2 HH4 filled from the background."""
    rows = []
    for name in BOUNDS:
        on = scene(data, name)
        ours = match(on.left, on.right, Sgm(on.num_disparities))
        theirs = match_opencv(on.left, on.right, Sgm(on.num_disparities, paths=4, speckle=0))
        full = [fill(ours, on.left, how) for how in WAYS] + [fill(theirs, on.left)]
        assert all(np.isfinite(each.values).all() for each in full)
        rows.append([errors(each, on).total[2.0] for each in full])
    return np.array(rows)


def test_real_scenes_at_full_density(shared_data: Path) -> None:
    background, edges, opencv = totals(shared_data).mean(0)
    assert background < 2.6
    assert edges < 2.5
    assert edges < background
    assert opencv > background + 0.8


def test_no_real_scene_is_filled_worse_than_opencv(shared_data: Path) -> None:
    background, edges, opencv = totals(shared_data).T
    assert (background < opencv).all()
    assert (edges < opencv).all()
