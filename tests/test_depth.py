"""Disparity ↔ depth, and what happens to reasons and confidence on the way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from depthkit import depth, images, transforms
from depthkit.arrays import F32
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError, InputError
from depthkit.types import Disparity, Reason


def rig(width: int = 4, height: int = 3, doffs: float = 0.0) -> Rig:
    left = CameraModel(width, height, 500, 501, 2, 1)
    right = CameraModel(width, height, 500, 501, 2 + doffs, 1)
    return Rig.stereo(left, right, transforms.from_rotation_translation(np.eye(3), (-0.12, 0, 0)))


def disparity(values: F32) -> Disparity:
    """All known ones measured with confidence 0.8, the others LEFT_RIGHT."""
    unknown = np.isnan(values)
    reason = np.where(unknown, Reason.LEFT_RIGHT, 0).astype(np.uint16)
    return Disparity(values, reason, np.where(unknown, 0, 0.8).astype(np.float32))


def test_known_truth() -> None:
    """A point at 2 m seen by cameras 12 cm apart with fx = 500 px is shifted by 30 px, less the shift of cx."""
    for doffs in (0.0, 7.5, -7.5):
        values = np.full((3, 4), 30 - doffs, np.float32)
        result = depth.from_disparity(disparity(values), rig(doffs=doffs), stamp_ns=5)
        np.testing.assert_allclose(result.depth, 2.0, rtol=1e-6)
        assert result.camera == rig().left
        assert result.stamp_ns == 5


def test_projection_gives_the_disparity_whose_depth_is_the_point() -> None:
    pair = rig(640, 480, doffs=12)
    point = np.array([0.3, -0.2, 3.7])
    u_left = pair.left.project(point)[0]
    u_right = pair.right.project(transforms.apply(pair.T("right", "left"), point))[0]
    values = np.full((480, 640), u_left - u_right, np.float32)
    np.testing.assert_allclose(depth.from_disparity(disparity(values), pair).depth, 3.7, rtol=1e-5)


def test_unknown_stays_unknown_and_keeps_its_reason() -> None:
    values = np.array([[np.nan, 0, -1, 10], [1e-44, 5, np.nan, 20], [1, 2, 3, 4]], np.float32)
    result = depth.from_disparity(disparity(values), rig())
    L, F = Reason.LEFT_RIGHT, Reason.TOO_FAR
    np.testing.assert_array_equal(result.reason, [[L, F, F, 0], [F, 0, L, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(np.isnan(result.depth), result.reason != 0)
    np.testing.assert_array_equal(result.confidence == 0, result.reason != 0)
    np.testing.assert_array_equal(result.confidence[2], np.full(4, 0.8, np.float32))


def test_made_up_disparities_stay_made_up() -> None:
    values = np.full((3, 4), 10, np.float32)
    reason = np.full((3, 4), Reason.INTERPOLATED, np.uint16)
    result = depth.from_disparity(Disparity(values, reason, np.full((3, 4), 0.1, np.float32)), rig())
    assert not result.measured.any()
    assert np.isfinite(result.depth).all()
    np.testing.assert_array_equal(result.reason, reason)


@given(
    arrays.arrays(np.float32, (3, 4), elements=st.just(np.nan) | st.floats(1, 300, width=32)),
    st.floats(-0.75, 40, width=32),
)
def test_there_and_back(values: F32, doffs: float) -> None:
    pair = rig(doffs=doffs)
    given_disparity = disparity(values)
    back = depth.to_disparity(depth.from_disparity(given_disparity, pair), pair)
    np.testing.assert_allclose(back.values, values, atol=1e-4)
    np.testing.assert_array_equal(back.reason, given_disparity.reason)
    np.testing.assert_array_equal(back.confidence, given_disparity.confidence)


def test_errors_name_the_remedy() -> None:
    flat = disparity(np.full((3, 4), 10, np.float32))
    bent = CameraModel(4, 3, 500, 501, 2, 1, (0.1, 0, 0, 0), "brown_conrady")
    raw = Rig.stereo(bent, bent, transforms.from_rotation_translation(np.eye(3), (-0.12, 0, 0)))
    with pytest.raises(CalibrationError, match="Rectifier"):
        depth.from_disparity(flat, raw)
    with pytest.raises(InputError, match=r"4×3 .* 8×6"):
        depth.from_disparity(flat, rig(8, 6))
    with pytest.raises(CalibrationError, match="not seen by the left camera"):
        depth.to_disparity(depth.from_disparity(flat, rig()), rig(8, 6))


def test_depth_of_a_device_is_measured_where_it_is_known() -> None:
    metres = np.array([[1, np.nan, 2, 3]] * 3, np.float32)
    found = depth.from_device(metres, rig().left, 7)
    np.testing.assert_array_equal(found.depth, metres)
    np.testing.assert_array_equal(found.measured, ~np.isnan(metres))
    assert found.reason[0, 1] == Reason.NO_DATA
    assert found.confidence[0].tolist() == [1, 0, 1, 1]
    assert found.stamp_ns == 7


@pytest.mark.kernel
def test_depth_in_steps() -> None:
    steps = np.random.default_rng(0).integers(0, 3, (3, 4)).astype(np.uint16) * np.uint16(21845)
    found, expected = depth.from_steps(steps, 0.00025, rig().left, 7), images.dequantize(steps, 0.00025)
    same = depth.from_device(expected, rig().left, 7)
    for name in ("depth", "reason", "confidence", "stamp_ns"):
        np.testing.assert_array_equal(getattr(found, name), getattr(same, name))
    with pytest.raises(InputError, match="depth in steps must be uint16"):
        depth.from_steps(expected, 0.001, rig().left)  # type: ignore[arg-type]


def test_infinite_depth_of_a_device_says_on_which_side_it_is() -> None:
    metres = np.array([[np.nan, -np.inf, np.inf, 2]] * 3, np.float32)
    found = depth.from_device(metres, rig().left)
    assert found.reason[0, :4].tolist() == [Reason.NO_DATA, Reason.TOO_NEAR, Reason.TOO_FAR, 0]
    assert np.isnan(found.depth[0, :3]).all()
    assert found.confidence[0, :4].tolist() == [0, 0, 0, 1]
    assert np.isinf(metres).sum() == 6
