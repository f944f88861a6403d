"""Stereo matching on rendered streets, beside OpenCV's matchers on the same pixels."""

from functools import cache

import numpy as np
import pytest

from depthkit.evaluate import DisparityErrors, evaluate
from depthkit.opencv_matcher import match_opencv
from depthkit.stereo import Sgm, match
from tests.driving_scene import KINDS, NUM_DISPARITIES, Street, street

SEEDS = (0, 1)


@cache
def errors(seed: int, kind: str | None = None) -> tuple[DisparityErrors, list[DisparityErrors]]:
    """Ours, and OpenCV's in two modes, on all pixels that both cameras see, or on those of a kind."""
    on, ours, theirs = matched(seed)
    counted = (on.of(kind) if kind else on.seen) & (np.arange(on.truth.shape[1]) >= NUM_DISPARITIES)
    return evaluate(ours, on.truth, counted), [evaluate(values, on.truth, counted) for values in theirs]


@cache
def matched(seed: int) -> tuple[Street, np.ndarray, list[np.ndarray]]:
    on = street(seed)
    settings = [Sgm(NUM_DISPARITIES, paths=paths, speckle=0) for paths in (3, 4)]
    theirs = [match_opencv(on.left, on.right, sgm).values for sgm in settings]
    return on, match(on.left, on.right, Sgm(NUM_DISPARITIES)).values, theirs


@pytest.mark.parametrize("seed", SEEDS)
def test_streets_are_matched_better_than_opencv_does_at_best(seed: int) -> None:
    ours, theirs = errors(seed)
    for threshold in (0.5, 1.0, 2.0):
        assert ours.bad[threshold] < min(t.bad[threshold] for t in theirs)
    assert ours.total[2.0] < min(t.total[2.0] for t in theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_road_is_where_we_are_ahead(seed: int) -> None:
    ours, theirs = errors(seed, "road")
    assert ours.bad[1.0] < 0.9 * min(t.bad[1.0] for t in theirs)
    assert ours.total[2.0] < min(t.total[2.0] for t in theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_bodies_of_cars_without_texture_are_where_we_are_not(seed: int) -> None:
    ours, theirs = errors(seed, "car")
    assert ours.bad[2.0] < 1.2 * min(t.bad[2.0] for t in theirs)
    assert ours.total[2.0] < 1.5 * min(t.total[2.0] for t in theirs)


def test_a_street_has_all_that_makes_it_hard() -> None:
    on = street(0)
    assert all(on.of(kind).sum() > 1000 for kind in KINDS)
    assert np.isnan(on.truth[on.kind < 0]).all()
    both = on.of("road")
    assert 1.01 < np.median(on.right[both]) / np.median(on.left[both]) < 1.04  # 4 % of light, of code value 2 %
