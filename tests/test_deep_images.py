"""Images of 16 bits, larger census windows, and images of any size."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import images
from depthkit.arrays import U16, Image
from depthkit.errors import InputError
from depthkit.levels import SAME, levels_of
from depthkit.matching import Pair
from depthkit.opencv_matcher import match_opencv
from depthkit.stereo import Sgm, match
from depthkit.types import Disparity
from tests.test_stereo import left_of, relief, texture
from tests.test_stereo_real import errors, scene

SGM = Sgm(num_disparities=20)


def pair_of(left: Image, right: Image) -> Pair:
    seen = np.ones(left.shape, np.bool_)
    return Pair(left, right, seen, seen)


def alike(one: Disparity, other: Disparity, px: float) -> float:
    """Share of pixels that differ by less than so many pixels, or are unknown in both."""
    unknown = np.isnan(one.values) & np.isnan(other.values)
    return float(np.mean(unknown | (np.abs(one.values - other.values) < px)))


@pytest.mark.parametrize("factor", [4, 16, 256, 257])
@pytest.mark.parametrize("seed", [1, 2])
def test_more_bits_of_the_same_give_the_same(factor: int, seed: int) -> None:
    left, right, _ = relief(seed)
    plain = match(left, right, SGM)
    deep = match(left.astype(np.uint16) * factor, right.astype(np.uint16) * factor, SGM)
    assert alike(plain, deep, px=0.25) > 0.95
    assert alike(plain, deep, px=1) > 0.985


def test_eight_bits_in_sixteen_are_bit_for_bit_the_same() -> None:
    left, right, _ = relief(3)
    plain, deep = match(left, right, SGM), match(left.astype(np.uint16), right.astype(np.uint16), SGM)
    np.testing.assert_array_equal(plain.values, deep.values)
    np.testing.assert_array_equal(plain.reason, deep.reason)


@pytest.mark.parametrize("name", ["middlebury2003/teddy", "eth3d/playground"])
@pytest.mark.parametrize(("factor", "offset"), [(257, 0), (16, 0), (1, 29000)])
def test_real_scenes_in_sixteen_bits(shared_data: Path, name: str, factor: int, offset: int) -> None:
    on = scene(shared_data, name)
    deep = [image.astype(np.uint16) * factor + offset for image in (on.left, on.right)]
    plain, theirs = (
        errors(match(left, right, Sgm(on.num_disparities)), on) for left, right in ((on.left, on.right), deep)
    )
    assert theirs.bad[2.0] < 1.15 * plain.bad[2.0]
    assert theirs.total[2.0] < 1.1 * plain.total[2.0]


def test_the_low_bits_count() -> None:
    """A dim scene of a 12-bit camera, all of it within two levels of its upper 8 bits."""
    v, u = np.indices((80, 160), dtype=np.float32)
    truth = np.asarray(6 + 2 * np.sin(u / 17) * np.cos(v / 23), np.float32)
    right = texture(4)
    bright = right, left_of(right, truth, noise=2, seed=4)
    deep = [1000 + image.astype(np.uint16) // 20 for image in bright]
    cut = [np.asarray(image >> 4, np.uint8) for image in deep]
    found, theirs, best = (match(left, right, SGM) for right, left in (deep, cut, bright))
    off = [np.mean(~(np.abs(result.values - truth)[:, 12:] < 1)) for result in (found, theirs, best)]
    assert off[0] < 0.01
    assert off[0] < off[2] + 0.02
    assert off[1] > 0.05


def test_hot_pixels_do_not_darken_the_rest() -> None:
    left, right, truth = relief(5)
    deep: list[U16] = [image.astype(np.uint16) for image in (left, right)]
    for i, image in enumerate(deep):
        image[10 + 20 * i, 30], image[50, 40 + 50 * i] = 65535, 60000
    found, theirs = match(deep[0], deep[1], SGM), match(images.to_u8(deep[0]), images.to_u8(deep[1]), SGM)
    wrong = [np.mean(~(np.abs(result.values - truth)[:, 20:] < 1)) for result in (found, theirs)]
    assert wrong[0] < 0.06
    assert wrong[1] > 0.9


@pytest.mark.parametrize("offset", [0, 300, 5000, 29000, 65000])
def test_levels_stretch_what_is_far_above_black(offset: int) -> None:
    values = np.random.default_rng(6).integers(0, 500, (60, 80), dtype=np.uint16) + np.uint16(offset)
    values[5, 5] = 65535
    dark, scale = levels_of(pair_of(values, values))
    low, high = ((np.percentile(values, (1, 99))) - dark) * scale
    assert 240 < high <= 256
    assert low < 130
    assert dark >= 0
    assert (dark == 0) == (offset <= 450)


def test_levels_do_not_blow_up_noise_and_leave_out_what_shows_nothing() -> None:
    flat = np.full((60, 80), 30000, np.uint16) + np.random.default_rng(7).integers(0, 3, (60, 80), dtype=np.uint16)
    assert levels_of(pair_of(flat, flat)).scale == 1
    seen = np.ones(flat.shape, np.bool_)
    seen[:, 40:] = False
    black = np.where(seen, flat, 0)
    assert levels_of(Pair(black, black, seen, seen)).dark > 29000
    assert levels_of(Pair(black, black, ~seen, ~seen)).dark == 0
    assert levels_of(Pair(flat, flat, seen & ~seen, seen & ~seen)).scale == 1
    assert levels_of(pair_of(flat.astype(np.uint8), flat.astype(np.uint8))) is SAME


@pytest.mark.parametrize("census", [7, 9])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_larger_windows_find_the_same_surface(census: int, dtype: Any) -> None:
    left, right, truth = relief(8)
    result = match(left.astype(dtype), right.astype(dtype), Sgm(num_disparities=20, census=census))
    assert np.mean(np.abs(result.values - truth)[:, 20:] < 1) > 0.93


@pytest.mark.parametrize("census", [7, 9])
def test_larger_windows_do_for_real_scenes(shared_data: Path, census: int) -> None:
    on = scene(shared_data, "middlebury2014/motorcycle_Q")
    ours, plain = (errors(match(on.left, on.right, Sgm(on.num_disparities, census=side)), on) for side in (census, 5))
    assert ours.bad[2.0] < 1.1 * plain.bad[2.0]
    assert ours.total[2.0] < 1.1 * plain.total[2.0]


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    num_disparities=st.integers(1, 80),
    min_disparity=st.integers(-30, 30),
    census=st.sampled_from((5, 7, 9)),
    half=st.booleans(),
    dtype=st.sampled_from((np.uint8, np.uint16)),
    seed=st.integers(0, 99),
)
def test_images_of_any_size(
    size: tuple[int, int],
    num_disparities: int,
    min_disparity: int,
    census: int,
    half: bool,
    dtype: Any,
    seed: int,
) -> None:
    left, right = np.random.default_rng(seed).integers(0, 65536, (2, *size)).astype(dtype)
    sgm = Sgm(num_disparities, min_disparity, census=census, half=half)
    window = 2 * census if half else census
    if min(size) < window:
        with pytest.raises(InputError, match=f"smaller than the matching window of {window}×{window} px"):
            match(left, right, sgm)
        return
    result = match(left, right, sgm)
    assert result.values.shape == size
    known = result.values[np.isfinite(result.values)]
    assert ((known > min_disparity - 2) & (known < min_disparity + num_disparities + 1)).all()


def test_a_pair_narrower_than_the_range_is_matched() -> None:
    right = texture(9, width=60)
    left = left_of(right, np.full(right.shape, 7, np.float32))
    result = match(left, right, Sgm(num_disparities=128))
    assert np.mean(np.abs(result.values - 7)[:, 12:] < 0.5) > 0.9


@pytest.mark.parametrize(
    ("left", "right"), [(np.uint16, np.uint8), (np.uint8, np.uint16), (np.uint16, np.int32), (np.int16, np.int16)]
)
def test_images_of_two_kinds(left: Any, right: Any) -> None:
    with pytest.raises(InputError, match=r"must be uint(8|16) .*"):
        match(np.zeros((9, 9), left), np.zeros((9, 9), right), SGM)


@pytest.mark.parametrize("matcher", [match_opencv, lambda left, right, _: match(left, right, Sgm.from_opencv())])
def test_what_takes_eight_bits_only_says_so(matcher: Any) -> None:
    image = np.zeros((20, 40), np.uint16)
    with pytest.raises(InputError, match=r"left must be uint8 .* not uint16 .* to 8 bits with .*to_u8"):
        matcher(image, image, SGM)
