"""Laws of stereo matching, on pairs made up here."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit.arrays import F32, U8
from depthkit.errors import InputError
from depthkit.opencv_matcher import match_opencv
from depthkit.stereo import Sgm, match
from depthkit.types import MADE_UP, Reason

HEIGHT, WIDTH = 80, 160


def texture(seed: int, height: int = HEIGHT, width: int = WIDTH) -> U8:
    """Band-limited noise, from dark to light, so that between pixels it is what interpolation says."""
    noise = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.0)
    return np.asarray(20 + 180 * (smooth - smooth.min()) / np.ptp(smooth), np.uint8)


def left_of(right: U8, disparity: F32, noise: float = 0.0, seed: int = 0) -> U8:
    """The left image of a surface with these disparities (H, W): its pixel (x, y) is the right one's (x - d, y)."""
    grid = np.indices(right.shape).astype(np.float32)
    places = np.dstack([grid[1] - disparity, grid[0]])
    image = cv2.remap(right.astype(np.float32), places, np.empty(0), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    noisy = image + noise * np.random.default_rng(seed).standard_normal(right.shape)
    return np.asarray(np.clip(np.rint(noisy), 0, 255), np.uint8)


def constant(value: float) -> F32:
    return np.full((HEIGHT, WIDTH), value, np.float32)


@pytest.mark.parametrize("disparity", [3, 11, 20])
@pytest.mark.parametrize("paths", [3, 4, 5, 8])
def test_a_shifted_image_has_that_disparity(disparity: int, paths: int) -> None:
    right = texture(1)
    result = match(left_of(right, constant(disparity)), right, Sgm(num_disparities=24, paths=paths))
    assert result.measured[:, disparity + 2 :].mean() > 0.99
    assert np.nanmax(np.abs(result.values[:, disparity + 3 :] - disparity)) < 0.75
    whole_windows = result.values[3:-3, disparity + 6 : -6]
    assert np.abs(whole_windows - disparity).max() < 0.25
    assert np.median(np.abs(whole_windows - disparity)) < 0.02


def test_a_slanted_plane_is_met_between_pixels() -> None:
    v, u = np.indices((HEIGHT, WIDTH), dtype=np.float32)
    truth = 8 + 0.04 * u + 0.03 * v
    right = texture(2)
    result = match(left_of(right, truth), right, Sgm(num_disparities=32))
    errors = (result.values - truth)[4:-4, 24:-4]
    whole = match(left_of(right, truth), right, Sgm(num_disparities=32, subpixel=False)).values[4:-4, 24:-4]
    assert np.isfinite(errors).mean() > 0.99
    assert abs(np.nanmean(errors)) < 0.04
    assert np.sqrt(np.nanmean(errors**2)) < 0.12
    assert np.sqrt(np.nanmean(errors**2)) < 0.5 * np.sqrt(np.nanmean((whole - truth[4:-4, 24:-4]) ** 2))
    assert np.all(whole[np.isfinite(whole)] == np.rint(whole[np.isfinite(whole)]))


def test_brightness_makes_no_difference() -> None:
    right = texture(3)
    left = left_of(right, constant(6))
    sgm = Sgm(num_disparities=16)
    plain, brighter = match(left, right, sgm), match(left, right + np.uint8(30), sgm)
    np.testing.assert_array_equal(plain.values, brighter.values)
    np.testing.assert_array_equal(plain.reason, brighter.reason)
    np.testing.assert_array_equal(plain.confidence, brighter.confidence)


def relief(seed: int) -> tuple[U8, U8, F32]:
    """A noisy pair of a wavy surface with a raised square, and its disparities."""
    v, u = np.indices((HEIGHT, WIDTH), dtype=np.float32)
    truth = 6 + 2 * np.sin(u / 17) * np.cos(v / 23)
    truth[25:55, 70:110] = 15
    right = texture(seed)
    return left_of(right, truth, noise=4, seed=seed), right, truth


@pytest.mark.parametrize("shift", [-12, -5, 4])
def test_a_right_image_moved_sideways_moves_the_range(shift: int) -> None:
    left, right, _ = relief(4)
    moved = np.roll(right, shift, axis=1)
    plain = match(left, right, Sgm(num_disparities=20)).values
    other = match(left, moved, Sgm(num_disparities=20, min_disparity=-shift)).values + shift
    inside = np.s_[:, 40:-20]  # the way paths come in from the border differs a little
    assert np.mean(np.isnan(plain[inside]) == np.isnan(other[inside])) > 0.99
    assert np.nanmean(np.abs(plain[inside] - other[inside]) < 0.01) > 0.95


def test_mirrored_images_have_mirrored_disparities() -> None:
    left, right, _ = relief(5)
    plain = match(left, right, Sgm(num_disparities=20)).values
    mirrored = match(left[:, ::-1], right[:, ::-1], Sgm(num_disparities=20, min_disparity=-19)).values
    back = -mirrored[:, ::-1]
    apart = np.abs(plain - back)[:, 25:-5]
    assert np.isfinite(apart).mean() > 0.95
    assert np.nanmean(apart < 0.05) > 0.93  # of two equally good candidates the smaller wins, so not all are


@pytest.mark.parametrize("paths", [3, 8])
def test_threads_change_no_bit(paths: int, monkeypatch: pytest.MonkeyPatch) -> None:
    right = texture(6, 300, 90)
    left = left_of(right, np.full(right.shape, 7.5, np.float32), noise=10)
    results = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("DEPTHKIT_THREADS", threads)
        results.append(match(left, right, Sgm(num_disparities=20, paths=paths)))
    for other in results[1:]:
        np.testing.assert_array_equal(other.values, results[0].values)
        np.testing.assert_array_equal(other.reason, results[0].reason)
        np.testing.assert_array_equal(other.confidence, results[0].confidence)


def test_arrays_of_any_layout_are_taken_and_left_alone() -> None:
    left, right, _ = relief(7)
    wide = np.repeat(left, 2, axis=1)
    wide.flags.writeable = False
    before = right.copy()
    plain, strided = match(left, right, Sgm(num_disparities=20)), match(wide[:, ::2], right, Sgm(num_disparities=20))
    np.testing.assert_array_equal(plain.values, strided.values)
    np.testing.assert_array_equal(right, before)


def test_hidden_background_disagrees_with_the_right_image() -> None:
    left, right, truth = relief(8)
    raw = match(left, right, Sgm(num_disparities=20, speckle=0, median=0, bridge=0))
    hidden = np.s_[30:50, 64:69]  # just left of the raised square
    assert np.mean(raw.reason[hidden] & Reason.LEFT_RIGHT != 0) > 0.7
    seen = np.s_[30:50, 75:105]
    assert np.mean(np.abs(raw.values[seen] - truth[seen]) < 0.5) > 0.97


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_without_texture_nothing_is_measured(grey: int) -> None:
    flat = np.full((HEIGHT, WIDTH), grey, np.uint8)
    result = match(flat, flat, Sgm(num_disparities=16))
    assert np.isnan(result.values).all()
    assert (result.reason[:, 4:] & Reason.NO_TEXTURE != 0).all()


def test_stripes_that_repeat_are_not_unique() -> None:
    right = texture(14)
    right[20:60, 50:110] = np.tile(np.array([40, 60, 150, 200, 120, 70], np.uint8), (40, 10))
    left = left_of(right, constant(11))
    left[20:60, 61:121] = np.roll(left[20:60, 61:121], 3, axis=1)  # now 8 px or 14 px, as far from 11 px
    result = match(left, right, Sgm(num_disparities=32, uniqueness=30, speckle=0, median=0, bridge=0))
    assert np.mean(result.reason[30:50, 75:105] & Reason.NOT_UNIQUE != 0) > 0.7
    assert np.mean(result.reason[:, 20:58] & Reason.NOT_UNIQUE != 0) < 0.2


def test_a_small_patch_is_speckle_only_if_smaller_than_asked() -> None:
    truth = constant(5)
    truth[30:42, 60:72] = 13
    right = texture(9)
    left = left_of(right, truth)
    kept = match(left, right, Sgm(num_disparities=20, speckle=40, bridge=0, median=0))
    dropped = match(left, right, Sgm(num_disparities=20, speckle=400, bridge=0, median=0))
    patch = np.s_[33:39, 63:69]
    assert np.nanmedian(kept.values[patch]) == pytest.approx(13, abs=0.3)
    assert np.isnan(dropped.values[patch]).all()
    assert np.mean(dropped.reason[patch] == Reason.SPECKLE) > 0.9


def test_gaps_are_bridged_only_where_asked_and_marked() -> None:
    left, right, _ = relief(10)
    left[60:63, 60:90] = 255  # hides the surface
    empty, filled = (match(left, right, Sgm(num_disparities=20, median=0, bridge=px)) for px in (0, 30))
    made_up = filled.reason == Reason.INTERPOLATED
    assert not (empty.reason & MADE_UP).any()
    assert made_up.sum() > 20
    assert np.isnan(empty.values[made_up]).all()
    np.testing.assert_allclose(filled.confidence[made_up], 0.1)
    np.testing.assert_array_equal(filled.values[~made_up], empty.values[~made_up])


def test_pixels_that_show_nothing_are_border() -> None:
    left, right, _ = relief(11)
    valid_left, valid_right = np.ones(left.shape, np.bool_), np.ones(left.shape, np.bool_)
    valid_left[:, :40] = False
    valid_right[:, 100:] = False
    result = match(left, right, Sgm(num_disparities=20), valid_left=valid_left, valid_right=valid_right)
    assert (result.reason[:, :40] == Reason.BORDER).all()
    assert (result.reason[:, 120:] & Reason.BORDER != 0).mean() > 0.95
    assert np.isnan(result.values[:, :40]).all()
    assert np.isfinite(result.values[:, 45:90]).mean() > 0.9


def test_no_candidate_in_the_image_is_border() -> None:
    left, right, _ = relief(12)
    result = match(left, right, Sgm(num_disparities=4, min_disparity=WIDTH))
    assert (result.reason == Reason.BORDER).all()


SIZES = st.tuples(st.integers(5, 24), st.integers(5, 24))


@settings(max_examples=40, deadline=None)
@given(SIZES, st.integers(0, 2**31), st.integers(-20, 20), st.sampled_from([3, 4, 5, 8]), st.data())
def test_values_reasons_and_confidence_agree(
    size: tuple[int, int], seed: int, min_disparity: int, paths: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    left, right = (rng.integers(0, data.draw(st.sampled_from([2, 20, 256])), size, dtype=np.uint8) for _ in range(2))
    num_disparities = data.draw(st.integers(1, size[1] + 10))
    sgm = Sgm(num_disparities, min_disparity, paths, speckle=data.draw(st.sampled_from([0, 9])))
    result = match(left, right, sgm)
    unknown = result.reason & ~np.uint16(MADE_UP) != 0
    np.testing.assert_array_equal(np.isnan(result.values), unknown)
    assert (result.confidence[unknown] == 0).all()
    assert (result.confidence[~unknown] > 0).all()
    assert result.confidence.max() <= 1
    known = result.values[~unknown]
    assert ((known >= min_disparity - 0.5) & (known <= min_disparity + num_disparities - 0.5)).all()


def test_confidence_tells_good_from_bad() -> None:
    wrong, confidence = [], []
    for seed in range(20, 26):
        left, right, truth = relief(seed)
        noisy = np.clip(left + np.random.default_rng(seed).normal(0, 18, left.shape), 0, 255).astype(np.uint8)
        result = match(noisy, right, Sgm(num_disparities=24, speckle=0, median=0, bridge=0))
        seen = result.measured[:, 24:]
        wrong.append(np.abs(result.values - truth)[:, 24:][seen] > 1)
        confidence.append(result.confidence[:, 24:][seen])
    rates = error_rates(np.concatenate(confidence), np.concatenate(wrong), bins=5)
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 5 * rates[-1]


def error_rates(confidence: F32, wrong: Any, bins: int) -> list[float]:
    """Share of wrong pixels from the least to the most confident of equal parts."""
    order = np.argsort(confidence, kind="stable")
    return [float(part.mean()) for part in np.array_split(wrong[order], bins)]


@pytest.mark.parametrize("paths", [3, 4, 5, 8])
def test_opencv_finds_the_same_surface(paths: int) -> None:
    left, right, _ = relief(13)
    sgm = Sgm(num_disparities=24, paths=paths)
    ours, theirs = match(left, right, sgm), match_opencv(left, right, sgm)
    both = np.isfinite(ours.values) & np.isfinite(theirs.values)
    assert both[:, 40:].mean() > 0.8
    assert np.mean(np.abs(ours.values - theirs.values)[both] < 0.5) > 0.95
    unknown = np.isnan(theirs.values)
    assert (theirs.reason[unknown] == Reason.NO_DATA).all()
    assert theirs.measured[~unknown].all()


@pytest.mark.parametrize("matcher", [match, match_opencv])
@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        (np.zeros((9, 9)), np.zeros((9, 9), np.uint8), "left must be uint8 .* depthkit.images.to_grey"),
        (np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8), "depthkit.images.to_grey"),
        (np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint16), "right must be uint8 .* depthkit.images.to_u8"),
        (np.zeros((9, 9), np.uint8), np.zeros((8, 9), np.uint8), "right must be uint8 of shape 9×9"),
        (np.zeros((4, 9), np.uint8), np.zeros((4, 9), np.uint8), "smaller than the matching window"),
    ],
)
def test_images_that_cannot_be_matched(matcher: Callable[..., Any], left: U8, right: U8, says: str) -> None:
    with pytest.raises(InputError, match=says):
        matcher(left, right)


def test_masks_must_fit() -> None:
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(InputError, match="valid_right must be bool of shape 9×9"):
        match(image, image, Sgm(num_disparities=4), valid_right=np.ones((9, 8), np.bool_))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"num_disparities": 0}, "num_disparities is 0; it must be 1 to 4096"),
        ({"min_disparity": 20000}, "min_disparity is 20000"),
        ({"paths": 6}, "paths is 6; it must be one of 3, 4, 5, 8"),
        ({"census": 6}, "census is 6; it must be one of 5, 7, 9"),
        ({"P1": 13}, "P1 is 13; it must be 0 to 12"),
        ({"P2": 56}, "P2 is 56; it must be 0 to 55"),
        ({"P2_min": 51}, "P2_min is 51; it must be 0 to 50"),
        ({"uniqueness": -1}, "uniqueness"),
        ({"lr_check": -1}, "lr_check"),
        ({"speckle": -1}, "speckle"),
        ({"speckle_range": float("nan")}, "speckle_range"),
        ({"median": 4}, "median is 4; it must be one of 0, 3, 5"),
        ({"bridge": -2}, "bridge"),
        ({"fill": "all"}, "fill is all; it must be one of none, background, edges"),
    ],
)
def test_settings_out_of_range_are_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Sgm(**options)
