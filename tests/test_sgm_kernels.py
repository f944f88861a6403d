"""Each kernel of stereo matching against its naive twin, and the whole matcher against the whole naive one."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from depthkit import aggregation, kernels, stereo
from depthkit.kernels import matching
from depthkit.matching import drop_speckles, reason_bits
from depthkit.stereo import Sgm
from depthkit.types import Reason
from tests import oracle_sgm as oracle
from tests.sgm_parts import aggregator, features

pytestmark = pytest.mark.kernel
Array = NDArray[Any]


def dots(seed: int, height: int, width: int, disparity: int = 0) -> tuple[Array, Array]:
    """A pair of random dots with soft edges, in which a raised patch hides background."""
    rng = np.random.default_rng(seed)
    right = rng.integers(0, 256, (height, width), dtype=np.int64)
    right = (right + np.roll(right, 1, 1) + 1) // 2
    left = np.roll(right, disparity, 1)
    left[4:-4, width // 3 : -6] = np.roll(right, disparity + 3, 1)[4:-4, width // 3 : -6]
    noisy = [np.clip(image + rng.integers(-3, 4, image.shape), 0, 255).astype(np.uint8) for image in (left, right)]
    return noisy[0], noisy[1]


def setting(sgm: Sgm) -> Any:
    both, diagonal = sgm.paths in (4, 8), sgm.paths in (5, 8)
    lr_check = -1 if sgm.lr_check is None else sgm.lr_check
    return matching.Setting(
        sgm.num_disparities, sgm.min_disparity, both, diagonal, sgm.P1, sgm.P2, sgm.P2_min, lr_check
    )


@pytest.mark.parametrize("value", [0, 1, 128, 170, 255])
def test_popcount(value: int) -> None:
    counted = kernels.bits.popcount(np.uint8(value))
    assert counted == bin(value).count("1")
    assert counted.dtype == np.uint8


@pytest.mark.parametrize("size", [(5, 5), (7, 12), (16, 9)])
@pytest.mark.parametrize("side", [5, 7, 9])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_features(size: tuple[int, int], side: int, dtype: Any) -> None:
    grey = dots(1, 24, 32)[0][: size[0], : size[1]].copy()
    grey[2:4] = 255  # saturated, no texture
    image = grey.astype(dtype)
    if dtype == np.uint16:  # what 8 bits do not tell, up to the last value there is
        image = image * np.uint16(257) - np.random.default_rng(1).integers(0, 3, size, np.uint16) * (image > 0)
    np.testing.assert_array_equal(features(image, Sgm(census=side), grey), oracle.features(image, side, grey))


@pytest.mark.parametrize(("dark", "scale"), [(0.0, 255 / 65535), (29700.25, 0.31), (0.0, 1.0)])
def test_grey_levels_of_deep_images(dark: float, scale: float) -> None:
    image = np.random.default_rng(15).integers(0, 65536, (6, 40), dtype=np.uint16)
    image[:3] //= 200
    image[0, :2] = 0, 65535
    out = np.empty(image.shape, np.uint8)
    kernels.levels.to_levels(0, 6, image, dark, scale, out)
    np.testing.assert_array_equal(out, oracle.to_levels(image, dark, scale))


@pytest.mark.parametrize("min_disparity", [-9, -2, 0, 3, 40])
def test_raw_costs(min_disparity: int) -> None:
    left, right = (features(image)[3] for image in dots(2, 8, 14))
    width, num_disparities = 14, 6
    candidates = np.empty((7, width + num_disparities - 1), np.uint8)
    kernels.costs.reverse(right, min_disparity, candidates)
    out = np.empty((width, num_disparities), np.uint8)
    kernels.costs.raw_costs(left, candidates, out)
    for x, k in np.ndindex(width, num_disparities):
        assert out[x, k] == oracle.raw_cost(left[None], right[None], 0, x, min_disparity + k)


def test_costs_are_smoothed_but_not_past_edges() -> None:
    rng = np.random.default_rng(3)
    volume, grey = rng.integers(0, 31, (3, 11, 5), dtype=np.uint8), rng.integers(0, 32, (3, 11), dtype=np.uint8)
    along, across = np.empty((11, 5), np.uint8), np.empty((11, 5), np.uint8)
    kernels.costs.smooth_along(volume[1], grey[1], along)
    np.testing.assert_array_equal(along, oracle.smooth(volume.astype(int), grey, 0, 1)[1])
    kernels.costs.smooth_across((volume[0], volume[1], volume[2]), grey, (0, 1, 2), across)
    np.testing.assert_array_equal(across, oracle.smooth(volume.astype(int), grey, 1, 0)[1])


@pytest.mark.parametrize("step", [1, -1])
def test_costs_row_by_row_either_way(step: int) -> None:
    left, right = dots(4, 7, 12)
    views = matching.Views(features(left), features(right), left)
    wanted = oracle.costs(views.left, views.right, left, Sgm(num_disparities=5, min_disparity=1))
    lines, raw, out = np.empty((3, 12, 5), np.uint8), np.empty((12, 5), np.uint8), np.empty((12, 5), np.uint8)
    rows = range(2, 7) if step > 0 else range(5, -1, -1)
    for y in rows:
        kernels.costs.next_row(y, step, y == rows[0], views, 1, lines, raw, out)
        np.testing.assert_array_equal(out, wanted[y])


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("num_disparities", [1, 2, 9])
def test_paths_along_a_row(backwards: bool, num_disparities: int) -> None:
    rng = np.random.default_rng(5)
    volume = rng.integers(0, 31, (1, 20, num_disparities), dtype=np.uint8)
    grey, sgm = rng.integers(0, 100, (1, 20), dtype=np.uint8), Sgm(num_disparities=num_disparities)
    total = np.zeros(volume.shape[1:], np.uint8)
    kernels.paths.along(volume[0], grey[0], backwards, setting(sgm), total)
    wanted = oracle.path(volume.astype(int), grey, sgm, 0, -1 if backwards else 1, 0, 1)[0]
    np.testing.assert_array_equal(total, wanted)


@pytest.mark.parametrize("halve", [False, True])
def test_sums_of_paths_stop_at_255(halve: bool) -> None:
    part, total = np.random.default_rng(5).integers(0, 200, (2, 4, 9), dtype=np.uint8)
    wanted = np.minimum(total.astype(int) + (part.astype(int) + 1) // 2 if halve else total.astype(int) + part, 255)
    kernels.paths.move(part, halve, total)
    np.testing.assert_array_equal(total, wanted)
    assert not part.any()


@pytest.mark.parametrize("way", [0, 1, 2])
def test_paths_across_rows(way: int) -> None:
    rng = np.random.default_rng(6)
    volume, grey = rng.integers(0, 31, (4, 9, 6), dtype=np.uint8), rng.integers(0, 100, (4, 9), dtype=np.uint8)
    sgm = Sgm(num_disparities=6)
    wanted = oracle.path(volume.astype(int), grey, sgm, 1, 1 - way, 0, 4)
    fresh = kernels.paths.fresh(6 * 11, 6, sgm.P1).reshape((2, 3, 11, 8))
    ends = matching.Ends(fresh, np.zeros((2, 3, 11), np.uint8))
    for y in range(4):
        total = np.zeros((9, 6), np.uint8)
        kernels.paths.across(ends, y & 1, way, volume[y], grey[y], grey[max(y - 1, 0)], setting(sgm), total)
        np.testing.assert_array_equal(total, wanted[y])


@pytest.mark.parametrize("min_disparity", [-4, 0, 2, 30])
@pytest.mark.parametrize("lr_check", [None, 0, 1])
def test_winners(min_disparity: int, lr_check: int | None) -> None:
    total = np.random.default_rng(7).integers(0, 12, (1, 15, 7), dtype=np.uint8)
    sgm = Sgm(num_disparities=7, min_disparity=min_disparity, lr_check=lr_check)
    wanted = oracle.winners(total, sgm)
    found = matching.Winners(*(np.zeros_like(field) for field in wanted))
    before = total.copy()
    kernels.winners.choose(0, total[0], setting(sgm), found)
    np.testing.assert_array_equal(total, before)
    np.testing.assert_array_equal(found.best, wanted.best)
    seen = wanted.best >= 0
    np.testing.assert_array_equal(np.moveaxis(found.sums, 1, 2)[seen], np.moveaxis(wanted.sums, 1, 2)[seen])
    for name in ("second", "agrees"):
        np.testing.assert_array_equal(getattr(found, name)[seen], getattr(wanted, name)[seen], name)


@pytest.mark.parametrize("min_disparity", [-3, 0, 2])
def test_subpixel(min_disparity: int) -> None:
    rng = np.random.default_rng(8)
    sgm = Sgm(num_disparities=6, min_disparity=min_disparity)
    total = rng.integers(20, 60, (5, 18, 6), dtype=np.uint8)
    total[:, :, 3] = 0  # a surface, so that neighbours in the row count
    total[2, 4, 3] = 70
    found = oracle.winners(total, sgm)
    left, right = (rng.integers(0, 127, (5, 18), dtype=np.uint8) for _ in range(2))
    values = np.empty((5, 18), np.float32)
    kernels.subpixel.subpixel(0, 5, found, left, right, 6, min_disparity, values)
    np.testing.assert_array_equal(values, oracle.subpixel(found.best, found.sums, left, right, sgm))


def test_reasons_and_confidence() -> None:
    rng = np.random.default_rng(9)
    sgm = Sgm(num_disparities=6, min_disparity=1, uniqueness=2)
    found = oracle.winners(rng.integers(0, 9, (6, 16, 6), dtype=np.uint8), sgm)
    grey = rng.integers(0, 5, (6, 16), dtype=np.uint8)
    grey[:, :8] = 7
    valid = rng.random((6, 16)) < 0.9, rng.random((6, 16)) < 0.9
    values, confidence = np.ones((2, 6, 16), np.float32)
    reason = np.empty((6, 16), np.uint16)
    kernels.disparity.judge(0, 6, found, grey, valid, 1, 2, np.float32(3), reason_bits(), values, reason, confidence)
    wanted = oracle.judge(found, grey, valid, sgm)
    np.testing.assert_array_equal(reason, wanted[0])
    np.testing.assert_array_equal(confidence, wanted[1])
    np.testing.assert_array_equal(np.isnan(values), wanted[0] != 0)
    for bit in (Reason.BORDER, Reason.NO_TEXTURE, Reason.NOT_UNIQUE, Reason.LEFT_RIGHT):
        assert (reason & bit).any(), bit
    assert (reason == 0).any()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("height", [1, 12, 30, 31, 65])  # 16 rows are enough for a thread of their own
def test_small_segments(height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (height, 17)).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.nan
    small = np.zeros(values.shape, np.bool_)
    for segment in oracle.segments(values, 1):
        for pixel in segment:
            small[pixel] = len(segment) < 7
    left = values.copy()
    drop_speckles(left, 7, 1.0)
    np.testing.assert_array_equal(left, np.where(small, np.float32(np.nan), values))
    assert 0 < small.sum() < small.size


@pytest.mark.parametrize("kernel", [kernels.median.median3, kernels.median.median5])
@pytest.mark.parametrize("size", [(1, 1), (2, 7), (9, 14), (3, 331)])
def test_median(kernel: Any, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(10)
    values = rng.normal(0, 9, size).astype(np.float32)
    values[rng.random(size) < 0.4] = np.nan
    out = np.empty_like(values)
    kernel(0, size[0], values, out)
    np.testing.assert_array_equal(out, oracle.median(values, 3 if kernel is kernels.median.median3 else 5))


@pytest.mark.parametrize("longest", [1, 3])
def test_gaps(longest: int) -> None:
    rng = np.random.default_rng(11)
    values = rng.integers(0, 3, (14, 15)).astype(np.float32) / np.float32(1.3)
    values[rng.random(values.shape) < 0.4] = np.nan
    rows, columns = values.copy(), values.copy()
    kernels.gaps.bridge_rows(0, 14, rows, longest, np.float32(1))
    kernels.gaps.bridge_columns(0, 15, columns, longest, np.float32(1))
    np.testing.assert_array_equal(rows, np.stack([oracle.bridge(line, longest, 1) for line in values]))
    np.testing.assert_array_equal(columns, np.stack([oracle.bridge(line, longest, 1) for line in values.T], axis=1))
    assert 0 < np.isnan(rows).sum() < np.isnan(values).sum()


def test_what_was_filtered_has_its_reason() -> None:
    border, occluded, filled, speckle = 1 << 1, 1 << 4, 1 << 10, 1 << 5
    judged = np.array([[np.nan, np.nan, np.nan, 4, 3.9, 5]], np.float32)
    values = np.array([[5, np.nan, 5, 5, 5, np.nan]], np.float32)
    reason = np.array([[border, occluded, occluded, 0, 0, 0]], np.uint16)
    confidence = np.array([[0, 0, 0, 0.7, 0.7, 0.7]], np.float32)
    kernels.disparity.settle(0, values.shape[1], judged, values, reason, confidence, reason_bits(), 0.1)
    np.testing.assert_array_equal(values, np.array([[np.nan, np.nan, 5, 5, 5, np.nan]], np.float32))
    np.testing.assert_array_equal(reason, [[border, occluded, filled, 0, filled, speckle]])
    np.testing.assert_array_equal(confidence, np.array([[0, 0, 0.1, 0.7, 0.1, 0]], np.float32))


WHOLE = [
    Sgm(num_disparities=10, cost="census", speckle=0, median=3),
    Sgm(num_disparities=10, speckle=6),
    Sgm(num_disparities=10, paths=4, median=3, bridge=2),
    Sgm(num_disparities=9, paths=5, min_disparity=-3, speckle=0, uniqueness=4),
    Sgm(num_disparities=10, census=7),
    Sgm(num_disparities=40, census=9),
    Sgm(num_disparities=10, paths=8, min_disparity=2, P1=3, P2=55, P2_min=5, lr_check=None, median=0, bridge=0),
]


@pytest.mark.parametrize("sgm", WHOLE, ids=lambda sgm: f"{sgm.paths} paths, window {sgm.census}")
@pytest.mark.parametrize("factor", [1, 150])
def test_the_whole_matcher_bit_for_bit(sgm: Sgm, factor: int) -> None:
    left, right = dots(12, 24, 32, disparity=3)
    if factor > 1:
        left, right = left.astype(np.uint16) * factor + 9000, right.astype(np.uint16) * factor + 9000
    disparity = stereo.match(left, right, sgm)
    values, reason, confidence = oracle.match(left, right, sgm)
    np.testing.assert_array_equal(disparity.reason, reason)
    np.testing.assert_array_equal(disparity.values, values)
    np.testing.assert_array_equal(disparity.confidence, confidence)


@pytest.mark.parametrize("paths", [3, 8])
def test_bands_start_their_paths_outside(paths: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregation, "ROWS_A_BAND", 10)
    left, right = dots(13, 40, 16, disparity=2)
    sgm = Sgm(num_disparities=6, paths=paths)
    views = matching.Views(features(left), features(right), left)
    found = aggregator(left.shape, sgm)(views)
    total = oracle.totals(oracle.costs(views.left, views.right, left, sgm), left, sgm, rows_a_band=10)
    wanted = oracle.winners(total, sgm)
    for name in ("best", "sums", "second", "agrees"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), name)
