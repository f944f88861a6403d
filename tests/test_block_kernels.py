"""Each kernel of block matching against its naive twin, and the whole matcher against the whole naive one."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from depthkit import aggregation, block_matching, kernels
from depthkit.block_matching import BlockSgm
from depthkit.stereo import match
from depthkit.types import Reason
from tests import oracle_block as oracle
from tests.test_sgm_kernels import dots

pytestmark = pytest.mark.kernel
Array = NDArray[Any]


def spans(image: Array, cap: int, backwards: bool) -> Array:
    out = np.empty((image.shape[0], 6, image.shape[1]), np.uint8)
    kernels.block_costs.spans(0, len(image), image, cap, backwards, out)
    return out


@pytest.mark.parametrize("cap", [15, 63, 127])
def test_spans(cap: int) -> None:
    image = dots(21, 7, 12)[0]
    image[2:4, 5:] = 255
    out = spans(image, cap, False)
    for first, plane in zip((0, 3), oracle.planes(image, cap), strict=True):
        for y, x in np.ndindex(*image.shape):
            assert tuple(out[y, first : first + 3, x]) == oracle.span(plane[y], x)
    np.testing.assert_array_equal(spans(image, cap, True), out[:, :, ::-1])


def views(left: Array, right: Array, sgm: BlockSgm) -> Any:
    cap = sgm.prefilter_cap
    return kernels.block_types.Spans(spans(left, cap, False), spans(right, cap, True), left)


@pytest.mark.parametrize("min_disparity", [-12, -3, 0, 4])
def test_pixel_costs(min_disparity: int) -> None:
    left, right = dots(22, 3, 24)
    left[1, 12:], right[1, :12] = 255, 0  # to reach the most a byte holds
    sgm = BlockSgm(num_disparities=6, min_disparity=min_disparity, prefilter_cap=127)
    on, wanted = views(left, right, sgm), oracle.pixel_costs(left, right, sgm)
    first = oracle.columns(24, sgm)[0]
    out = np.empty(wanted.shape[1:], np.uint8)
    for y in range(3):
        kernels.block_costs.pixel_costs(on.left[y], on.right[y], first, min_disparity, out)
        np.testing.assert_array_equal(out, wanted[y])


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("size", [1, 3, 7])
def test_costs_of_blocks_row_by_row_either_way(step: int, size: int) -> None:
    left, right = dots(23, 9, 18)
    sgm = BlockSgm(num_disparities=5, min_disparity=1, block_size=size)
    setting = block_matching._setting(sgm)
    wanted = oracle.block_costs(oracle.pixel_costs(left, right, sgm), size)
    row = wanted.shape[1:]
    lines = np.empty((2 * (size // 2) + 2, *row), np.uint8)
    sums, out = np.empty(row, np.uint16), np.empty(row, np.uint16)
    rows = range(2, 9) if step > 0 else range(6, -1, -1)
    for y in rows:
        kernels.block_costs.next_row(y, step, y == rows[0], views(left, right, sgm), setting, lines, sums, out)
        np.testing.assert_array_equal(out, wanted[y])


@pytest.mark.parametrize(
    "costs",
    [[3, 2, 2, 9], [0, 65535, 7, 65535], [5, 5, 5, 5], [9, 8, 7, 1], [65535, 65535, 65535, 65535]],
)
def test_the_best_of_a_row(costs: list[int]) -> None:
    total = np.array([costs, costs[::-1]], np.uint16)
    best = kernels.block_winners.Best(*np.empty((4, 2), np.int32))
    kernels.block_winners.pick(total, best)
    for i, row in enumerate((costs, costs[::-1])):
        k = row.index(min(row))
        second = min((c for j, c in enumerate(row) if abs(j - k) > 1), default=65536)
        assert [int(part[i]) for part in best] == [k, oracle.offset(row, k), min(row), second]
    np.testing.assert_array_equal(total, [costs, costs[::-1]])


def assert_equal(result: Any, wanted: oracle.Found) -> None:
    values, reason, confidence = wanted
    np.testing.assert_array_equal(result.reason, reason)
    np.testing.assert_array_equal(result.values, values)
    np.testing.assert_array_equal(result.confidence, confidence)


@pytest.mark.parametrize(
    "sgm",
    [
        BlockSgm(6),
        BlockSgm(6, -3, paths=8, block_size=1, P1=2, P2=5, prefilter_cap=15, uniqueness_ratio=15),
        BlockSgm(7, 2, paths=4, block_size=5, P1=100, P2=300, uniqueness_ratio=0, speckle=6, speckle_range=1.0),
        BlockSgm(1, paths=3, lr_check=None),
        BlockSgm(5, -20, paths=3, uniqueness_ratio=30, lr_check=0, speckle=20),
    ],
    ids=lambda sgm: f"{sgm.paths} paths, {sgm.num_disparities} from {sgm.min_disparity}",
)
def test_the_whole_matcher_bit_for_bit(sgm: BlockSgm) -> None:
    left, right = dots(24, 18, 30, disparity=2)
    left[3:11, 10:18] = 90  # no texture
    assert_equal(match(left, right, sgm), oracle.match(left, right, sgm))


def test_pixels_that_show_nothing_bit_for_bit() -> None:
    left, right = dots(25, 12, 24, disparity=2)
    rng = np.random.default_rng(25)
    one, other = rng.random(left.shape) < 0.8, rng.random(left.shape) < 0.8
    sgm = BlockSgm(5, uniqueness_ratio=0)
    result = match(left, right, sgm, valid_left=one, valid_right=other)
    assert_equal(result, oracle.match(left, right, sgm, (one, other)))
    assert np.all(result.reason[~one] == Reason.BORDER)


@pytest.mark.parametrize("paths", [3, 8])
def test_bands_start_their_paths_outside(paths: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregation, "ROWS_A_BAND", 10)
    left, right = dots(26, 40, 16, disparity=2)
    sgm = BlockSgm(5, paths=paths, P1=40, P2=900)
    assert_equal(match(left, right, sgm), oracle.match(left, right, sgm, rows_a_band=10))
