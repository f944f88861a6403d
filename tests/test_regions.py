"""Matching a part of the image gives what matching the whole gives there, and nothing elsewhere."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit.arrays import Image
from depthkit.errors import InputError
from depthkit.regions import Roi
from depthkit.stereo import Sgm, StereoMatcher, match
from depthkit.types import Disparity, Reason
from tests.test_stereo import left_of, texture
from tests.test_stereo_real import scene

BLOCK = Sgm.from_opencv(numDisparities=24, P1=72, P2=288)
SETTINGS = [Sgm(24), Sgm(24, paths=8, min_disparity=3), Sgm(25, census=9, half=True), Sgm(24, -10, paths=4), BLOCK]


def pair(seed: int, dtype: Any = np.uint8) -> tuple[Image, Image]:
    """A noisy pair of a wavy surface with a raised square, high enough for several bands of rows."""
    v, u = np.indices((301, 203), dtype=np.float32)
    truth = 8 + 2 * np.sin(u / 17) * np.cos(v / 23)
    truth[130:190, 90:150] = 15
    right = texture(seed, 301, 203)
    left = left_of(right, truth, noise=4, seed=seed)
    return left.astype(dtype), right.astype(dtype)


def same(one: Disparity, other: Disparity, at: Any = np.s_[:]) -> Any:
    """Pixels that are the same in both."""
    values = np.nan_to_num(one.values[at], nan=-99) == np.nan_to_num(other.values[at], nan=-99)
    return values & (one.reason[at] == other.reason[at]) & (one.confidence[at] == other.confidence[at])


@pytest.mark.parametrize("sgm", SETTINGS, ids=str)
@pytest.mark.parametrize("roi", [(80, 100, 70, 60), (0, 0, 61, 33), (101, 201, 102, 100), (120, 121, 1, 1)])
def test_a_part_is_as_in_the_whole(sgm: Any, roi: Roi) -> None:
    left, right = pair(1)
    matcher = StereoMatcher(sgm)
    whole, part = matcher.match(left, right), matcher.match(left, right, roi=roi)
    u, v, width, height = roi
    inside = np.s_[v : v + height, u : u + width]
    known = np.isfinite(whole.values[inside])
    assert np.sum(np.abs(part.values[inside] - whole.values[inside]) < 0.1) >= 0.99 * known.sum()
    assert same(whole, part, inside).mean() > 0.98
    outside = np.ones(left.shape, np.bool_)
    outside[inside] = False
    assert np.isnan(part.values[outside]).all()
    assert (part.reason[outside] == Reason.BORDER).all()
    assert not part.confidence[outside].any()


@pytest.mark.parametrize("sgm", SETTINGS, ids=str)
def test_the_whole_as_a_part_is_bit_for_bit_the_whole(sgm: Any) -> None:
    left, right = pair(2)
    valid = np.random.default_rng(2).random(left.shape) > 0.01
    whole = match(left, right, sgm, valid_left=valid, valid_right=valid)
    part = match(left, right, sgm, valid_left=valid, valid_right=valid, roi=(0, 0, 203, 301))
    assert same(whole, part).all()


def test_the_grey_levels_of_a_part_are_those_of_the_whole() -> None:
    left, right = pair(3, np.uint16)
    left[:150] //= 3
    right[:150] //= 3
    left, right = left * 50, right * 50
    whole, part = match(left, right, Sgm(24)), match(left, right, Sgm(24), roi=(60, 20, 100, 90))
    assert same(whole, part, np.s_[20:110, 60:160]).mean() > 0.95


@pytest.mark.parametrize("name", ["middlebury2003/teddy", "middlebury2014/motorcycle_Q"])
@pytest.mark.parametrize("paths", [3, 8])
def test_a_part_of_a_real_scene(shared_data: Path, name: str, paths: int) -> None:
    on = scene(shared_data, name)
    matcher = StereoMatcher(Sgm(on.num_disparities, paths=paths))
    whole, part = matcher.match(on.left, on.right), matcher.match(on.left, on.right, roi=(150, 120, 160, 120))
    inside = np.s_[120:240, 150:310]
    assert same(whole, part, inside).mean() > 0.99


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(10, 40), st.integers(10, 40), st.sampled_from([3, 8]), st.booleans())
def test_regions_anywhere_in_small_images(data: st.DataObject, height: int, width: int, paths: int, half: bool) -> None:
    sgm = Sgm(50, -4, paths=paths, half=half, speckle=0, bridge=0)  # but for these, all that has a say is near
    left, right = np.random.default_rng(4).integers(0, 256, (2, height, width)).astype(np.uint8)
    u, v = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    roi = u, v, data.draw(st.integers(1, width - u)), data.draw(st.integers(1, height - v))
    whole, part = match(left, right, sgm), match(left, right, sgm, roi=roi)
    inside = np.s_[v : v + roi[3], u : u + roi[2]]
    np.testing.assert_array_equal(part.values[inside], whole.values[inside])
    assert np.isnan(part.values).sum() >= part.values.size - roi[2] * roi[3]


@pytest.mark.parametrize(
    "roi", [(0, 0, 0, 5), (0, 0, 5, 0), (-1, 0, 5, 5), (0, 16, 5, 5), (26, 0, 5, 5), (0.5, 0, 5, 5), (0, 0, 5)]
)
def test_regions_that_are_empty_or_outside(roi: Any) -> None:
    image = np.zeros((20, 30), np.uint8)
    with pytest.raises(InputError, match=r"roi is .* but must be \(u, v, width, height\) .* of 30×20"):
        match(image, image, roi=roi)
