"""Lens models: bending agrees with OpenCV, unbending is its exact inverse, and never crosses a fold."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import lenses
from depthkit.arrays import F64

MILD: dict[str, list[tuple[float, ...]]] = {
    "brown_conrady": [
        (-0.3, 0.1, 1e-3, -2e-3),
        (-0.3, 0.1, 1e-3, -2e-3, 0.02),
        (0.4, -0.2, 1e-3, 5e-4, 0.1, 0.7, -0.1, 0.1),
        (0.4, -0.2, 1e-3, 5e-4, 0.1, 0.7, -0.1, 0.1, 1e-3, -2e-3, 5e-4, 1e-3),
    ],
    "fisheye": [(0.0, 0.0, 0.0, 0.0), (0.05, -0.01, 2e-3, -3e-4), (-0.05, 0.01, -1e-3, 1e-4)],
}
LENSES: list[tuple[str, tuple[float, ...]]] = [
    ("pinhole", ()),
    *((model, k) for model, sets in MILD.items() for k in sets),
]
BARREL = (-0.3, 0.0, 0.0, 0.0)  # turns back at r = 1/sqrt(0.9), where it has bent rays to 2/3 of that
BARREL_FOLD = 1 / np.sqrt(0.9)


def grid(reach: float) -> F64:
    """(21, 31, 2) coordinates up to that far from the axis on both sides."""
    return np.stack(np.meshgrid(np.linspace(-reach, reach, 31), np.linspace(-reach, reach, 21)), -1)


def seen_by_opencv(model: str, coefficients: tuple[float, ...], xy: F64) -> F64:
    rays = np.concatenate([xy.reshape(-1, 2), np.ones((xy.size // 2, 1))], -1)[:, None]
    zero, K, k = np.zeros(3), np.eye(3), np.array(coefficients)
    if model == "fisheye":
        pixels = cv2.fisheye.projectPoints(rays, zero, zero, K, k)[0]
    else:
        pixels = cv2.projectPoints(rays, zero, zero, K, k)[0]
    return np.asarray(pixels, np.float64).reshape(xy.shape)


@pytest.mark.parametrize(("model", "coefficients"), LENSES)
def test_bending_agrees_with_opencv(model: str, coefficients: tuple[float, ...]) -> None:
    xy = grid(0.8)
    np.testing.assert_allclose(
        lenses.distort(model, coefficients, xy), seen_by_opencv(model, coefficients, xy), atol=1e-12
    )


@pytest.mark.parametrize(("model", "coefficients"), LENSES)
def test_unbending_closes_to_a_billionth(model: str, coefficients: tuple[float, ...]) -> None:
    xy = grid(0.7)
    back = lenses.undistort(model, coefficients, lenses.distort(model, coefficients, xy))
    np.testing.assert_allclose(back, xy, atol=1e-9)


tangential = st.tuples(*[st.floats(-2e-3, 2e-3)] * 2)
brown = st.builds(
    lambda k12, p, k3456, s: (*k12, *p, *k3456, *s),
    st.tuples(*[st.floats(-0.6, 0.6)] * 2),
    tangential,
    st.tuples(*[st.floats(-0.6, 0.6)] * 4),
    st.tuples(*[st.floats(-1e-3, 1e-3)] * 4),
)


@settings(max_examples=100)
@given(brown, st.floats(0, 0.95), st.floats(-np.pi, np.pi))
def test_any_brown_lens_is_inverted_up_to_its_fold(k: tuple[float, ...], part: float, angle: float) -> None:
    fold = first_fold(k)
    r = part * min(fold, 1.2)
    xy = np.array([r * np.cos(angle), r * np.sin(angle)])
    np.testing.assert_allclose(
        lenses.undistort("brown_conrady", k, lenses.distort("brown_conrady", k, xy)), xy, atol=1e-7
    )


def first_fold(k: tuple[float, ...]) -> float:
    """Where the radial part stops growing, found by walking outwards."""
    r = np.linspace(0, 3, 3001)
    radial = (*k[:2], 0.0, 0.0, *k[4:8])
    with np.errstate(divide="ignore", invalid="ignore"):
        bent = lenses.distort("brown_conrady", radial, np.stack([r, 0 * r], -1))[:, 0]
    turns = np.flatnonzero(~(np.diff(bent) > 0))
    return float(r[turns[0]]) if len(turns) else np.inf


@settings(max_examples=100)
@given(st.tuples(*[st.floats(-0.3, 0.3)] * 4), st.floats(0, 0.95), st.floats(-np.pi, np.pi))
def test_any_fisheye_is_inverted_up_to_its_fold(k: tuple[float, ...], part: float, angle: float) -> None:
    theta = np.linspace(0, np.pi / 2, 2001)
    bent = lenses.distort("fisheye", k, np.stack([np.tan(theta[:-1]), 0 * theta[:-1]], -1))[:, 0]
    turns = np.flatnonzero(~(np.diff(bent) > 0))
    r = np.tan(part * (theta[turns[0]] if len(turns) else np.pi / 2))
    xy = np.array([r * np.cos(angle), r * np.sin(angle)])
    np.testing.assert_allclose(
        lenses.undistort("fisheye", k, lenses.distort("fisheye", k, xy)), xy, rtol=1e-6, atol=1e-9
    )


def test_no_ray_no_solution() -> None:
    reach = BARREL_FOLD * 2 / 3
    xy = np.array([[0.99 * reach, 0], [1.01 * reach, 0], [0, -5.0]])
    ideal = lenses.undistort("brown_conrady", BARREL, xy)
    assert np.isfinite(ideal[0]).all()
    assert np.isnan(ideal[1:]).all()


def test_the_far_side_of_a_fold_is_never_an_answer() -> None:
    # These rays lie beyond the fold: what they are bent to has another, nearer source, or none.
    beyond = np.stack([np.linspace(1.02 * BARREL_FOLD, 3, 50), np.zeros(50)], -1)
    bent = lenses.distort("brown_conrady", BARREL, beyond)
    ideal = lenses.undistort("brown_conrady", BARREL, bent)
    found = np.isfinite(ideal[:, 0])
    assert found.any()
    assert not found.all()
    assert (np.linalg.norm(ideal[found], axis=-1) < BARREL_FOLD).all()
    np.testing.assert_allclose(lenses.distort("brown_conrady", BARREL, ideal[found]), bent[found], atol=1e-9)


def test_a_pole_inside_the_image_is_a_border_too() -> None:
    pole = (0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0)  # 1 / (1 − r²)
    inside = np.array([[0.9, 0.0], [0.0, -0.5]])
    np.testing.assert_allclose(
        lenses.undistort("brown_conrady", pole, lenses.distort("brown_conrady", pole, inside)), inside, atol=1e-9
    )
    outside = lenses.distort("brown_conrady", pole, np.array([[1.5, 0.0]]))
    assert np.linalg.norm(lenses.undistort("brown_conrady", pole, outside)) < 1


def test_fisheye_sees_nothing_behind_itself() -> None:
    zero = (0.0, 0.0, 0.0, 0.0)
    xy = np.array([[np.pi / 2 - 1e-3, 0], [np.pi / 2, 0], [0, 3.0]])
    ideal = lenses.undistort("fisheye", zero, xy)
    assert ideal[0, 0] == pytest.approx(np.tan(np.pi / 2 - 1e-3), rel=1e-9)
    assert np.isnan(ideal[1:]).all()


@pytest.mark.parametrize(("model", "coefficients"), LENSES)
def test_unknown_stays_unknown_and_shapes_are_kept(model: str, coefficients: tuple[float, ...]) -> None:
    one = lenses.undistort(model, coefficients, np.array([0.1, -0.2]))
    assert one.shape == (2,)
    many = lenses.undistort(model, coefficients, np.array([[[0.1, -0.2], [np.nan, 0.1]]]))
    assert many.shape == (1, 2, 2)
    np.testing.assert_allclose(many[0, 0], one, atol=1e-12)
    assert np.isnan(many[0, 1]).any()
    assert lenses.undistort(model, coefficients, np.empty((0, 2))).shape == (0, 2)


def test_the_axis_is_not_bent() -> None:
    for model, coefficients in LENSES:
        np.testing.assert_array_equal(lenses.distort(model, coefficients, np.zeros(2)), 0)
        np.testing.assert_array_equal(lenses.undistort(model, coefficients, np.zeros(2)), 0)


def test_what_is_given_is_not_changed() -> None:
    xy = grid(0.5)
    kept = xy.copy()
    for model, coefficients in LENSES:
        lenses.undistort(model, coefficients, xy)
        lenses.distort(model, coefficients, xy)
    np.testing.assert_array_equal(xy, kept)
