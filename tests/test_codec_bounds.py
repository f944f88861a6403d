"""Errors within a bound: kept by every pixel, whatever the law, and no level more than needed."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import codec
from depthkit.arrays import U16
from depthkit.codec import bounds
from depthkit.codec.bounds import Bound
from depthkit.errors import InputError
from tests import codec_images

EVERY = np.arange(65536, dtype=np.uint16).reshape(256, 256)
BOUNDS = st.builds(
    Bound, st.floats(0, 3000), st.sampled_from(["depth", "disparity"]), st.floats(1, 65535, allow_subnormal=False)
)


def check(depth: U16, decoded: U16, bound: Bound) -> None:
    growth = (depth / bound.at) ** 2 if bound.law == "disparity" else 1.0
    assert (abs(decoded.astype(float) - depth) <= bound.error * growth).all()
    np.testing.assert_array_equal(decoded == 0, depth == 0)


@settings(deadline=None)
@given(BOUNDS)
def test_no_value_is_off_by_more(bound: Bound) -> None:
    check(EVERY, bounds.moved(EVERY, bound), bound)


@settings(deadline=None)
@given(codec_images.drawn(), BOUNDS, st.sampled_from(["rvl", "fast", "cm"]))
def test_no_pixel_is_off_by_more(depth: U16, bound: Bound, mode: codec.Mode) -> None:
    check(depth, codec.decode(codec.encode(depth, mode, max_error=bound)), bound)


def test_a_number_is_a_bound_on_depth() -> None:
    depth = codec_images.room()
    assert codec.encode(depth, max_error=10) == codec.encode(depth, max_error=Bound(10, "depth"))
    assert codec.encode(depth, max_error=0.9) == codec.encode(depth)


def test_levels_are_as_far_apart_as_can_be() -> None:
    assert np.unique(bounds.moved(EVERY, Bound(10))).size == 1 + -(-65535 // 21)
    levels = np.unique(bounds.moved(EVERY[:40], Bound(4, "disparity", at=1000))).astype(float)[1:]
    steps = 1e6 * np.diff(1 / levels[levels > 4000])
    np.testing.assert_allclose(steps, -8, rtol=0.06)  # twice the error of 4e-6 in 1 / depth


@pytest.mark.parametrize("error", [-1, float("nan"), 70000])
def test_bounds_that_make_no_sense(error: float) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        codec.encode(EVERY, max_error=error)
    with pytest.raises(InputError, match="cannot be used"):
        Bound(1, at=error)


def test_sizes_of_real_frames(shared_data: Path) -> None:
    depth = codec_images.real(shared_data)[0]
    for bound in (Bound(10), Bound(4, "disparity")):
        data = codec.encode(depth, "cm", max_error=bound)
        check(depth, codec.decode(data), bound)
        assert len(data) < 0.85 * len(codec.encode(depth, "cm"))
