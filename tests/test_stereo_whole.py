"""The whole matcher against the whole naive one, bit for bit, on images and settings of all kinds."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import stereo
from depthkit.errors import InputError
from depthkit.stereo import Sgm
from tests import oracle_sgm as oracle

MOST = {np.uint8: 255, np.uint16: 65535}


@st.composite
def settings_of_sgm(draw: st.DrawFn) -> Sgm:
    P2 = draw(st.integers(0, 55))
    P2_min = draw(st.integers(0, P2))
    return Sgm(
        num_disparities=draw(st.integers(1, 18)),
        min_disparity=draw(st.integers(-6, 6)),
        paths=draw(st.sampled_from((3, 4, 5, 8))),
        census=draw(st.sampled_from((5, 7, 9))),
        cost=draw(st.sampled_from(("stable", "census"))),
        P1=draw(st.integers(0, P2_min)),
        P2=P2,
        P2_min=P2_min,
        uniqueness=draw(st.sampled_from((0, 1, 7))),
        lr_check=draw(st.sampled_from((None, 0, 1, 2))),
        subpixel=draw(st.booleans()),
        speckle=draw(st.sampled_from((0, 5))),
        median=draw(st.sampled_from((0, 3, 5))),
        bridge=draw(st.sampled_from((0, 4))),
    )


def image(draw: st.DrawFn, kind: str, dtype: Any, shape: tuple[int, int]) -> Any:
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    most = MOST[dtype]
    if kind == "constant":
        return np.full(shape, draw(st.sampled_from((0, 7, most))), dtype)
    if kind == "saturated":
        return (rng.integers(0, 2, shape) * most).astype(dtype)
    return rng.integers(0, most + 1, shape).astype(dtype)


@settings(deadline=None, max_examples=40)  # the first of each kind compiles, and the naive matcher takes its time
@given(data=st.data(), sgm=settings_of_sgm(), extra=st.tuples(st.integers(0, 9), st.integers(0, 11)))
def test_bit_for_bit_whatever_the_images_and_the_setting(data: st.DataObject, sgm: Sgm, extra: tuple[int, int]) -> None:
    shape = sgm.census + extra[0], sgm.census + extra[1]  # also narrower than the disparities searched
    dtype = data.draw(st.sampled_from((np.uint8, np.uint16)))
    kind = data.draw(st.sampled_from(("constant", "saturated", "noise")))
    right = image(data.draw, kind, dtype, shape)  # type: ignore[arg-type]  # draws the same way
    left = np.roll(right, 2, 1) if data.draw(st.booleans()) else image(data.draw, kind, dtype, shape)  # type: ignore[arg-type]
    found = stereo.match(left, right, sgm)
    values, reason, confidence = oracle.match(left, right, sgm)
    np.testing.assert_array_equal(found.reason, reason)
    np.testing.assert_array_equal(found.values, values)
    np.testing.assert_array_equal(found.confidence, confidence)


@pytest.mark.parametrize("shape", [(1, 1), (4, 30), (30, 4)])
def test_images_smaller_than_the_window_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="smaller than the matching window"):
        stereo.match(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), Sgm(1))
