"""Rigid transforms: the group's laws, rotations against OpenCV, and the axes of `look_at`."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.errors import CalibrationError, InputError

small = st.floats(-10, 10)
vectors = st.tuples(small, small, small).map(np.array)
directions = vectors.filter(lambda v: float(np.linalg.norm(v)) > 1e-3).map(lambda v: v / np.linalg.norm(v))
# Angles where formulas lose digits: next to 0 and next to a half turn.
angles = st.one_of(
    st.floats(0, np.pi),
    st.floats(1e-16, 1e-3),
    st.floats(1e-16, 1e-3).map(lambda a: np.pi - a),
    st.sampled_from([0.0, np.pi]),
)
rotation_vectors = st.builds(lambda axis, angle: axis * angle, directions, angles)
poses = st.builds(
    lambda vector, t: transforms.from_rotation_translation(transforms.rotation_from_vector(vector), t),
    rotation_vectors,
    vectors,
)


@given(poses)
def test_a_transform_after_its_inverse_changes_nothing(T: F64) -> None:
    np.testing.assert_allclose(T @ transforms.inverse(T), np.eye(4), atol=1e-13)
    np.testing.assert_allclose(transforms.inverse(T) @ T, np.eye(4), atol=1e-13)


@given(poses, poses, st.lists(vectors, min_size=1, max_size=4).map(np.array))
def test_a_product_applies_the_right_factor_first(T_a_b: F64, T_b_c: F64, points: F64) -> None:
    in_steps = transforms.apply(T_a_b, transforms.apply(T_b_c, points))
    np.testing.assert_allclose(transforms.apply(T_a_b @ T_b_c, points), in_steps, atol=1e-12)


def test_apply_keeps_the_shape_and_is_the_matrix_product() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(2, 3, 3))
    T = transforms.from_rotation_translation(transforms.rotation_from_vector([0.1, 0.2, 0.3]), (1, 2, 3))
    homogeneous = np.concatenate([points, np.ones((2, 3, 1))], -1)
    np.testing.assert_allclose(transforms.apply(T, points), (homogeneous @ T.T)[..., :3], atol=1e-14)


@given(rotation_vectors)
def test_rotations_from_vectors_agree_with_opencv(vector: F64) -> None:
    np.testing.assert_allclose(transforms.rotation_from_vector(vector), cv2.Rodrigues(vector)[0], atol=1e-14)


@given(rotation_vectors)
def test_rotations_are_rigid_transforms(vector: F64) -> None:
    R = transforms.rotation_from_vector(vector)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-14)
    assert np.linalg.det(R) == pytest.approx(1)


@given(rotation_vectors)
def test_rotation_vectors_come_back(vector: F64) -> None:
    back = transforms.vector_from_rotation(transforms.rotation_from_vector(vector))
    angle = float(np.linalg.norm(vector))
    assert np.linalg.norm(back) == pytest.approx(angle, abs=1e-8)
    if angle < np.pi - 1e-6:  # at half a turn the axis may point either way
        np.testing.assert_allclose(back, vector, atol=1e-9)
    np.testing.assert_allclose(
        transforms.rotation_from_vector(back), transforms.rotation_from_vector(vector), atol=1e-13
    )


@given(rotation_vectors.filter(lambda v: 0 < np.linalg.norm(v) < 1e-3))
def test_small_rotation_vectors_keep_their_digits(vector: F64) -> None:
    back = transforms.vector_from_rotation(transforms.rotation_from_vector(vector))
    np.testing.assert_allclose(back, vector, rtol=0, atol=1e-15)


@given(rotation_vectors)
def test_quaternions_come_back(vector: F64) -> None:
    R = transforms.rotation_from_vector(vector)
    q = transforms.quaternion_from_rotation(R)
    assert np.linalg.norm(q) == pytest.approx(1, abs=1e-14)
    assert q[0] >= 0
    np.testing.assert_allclose(transforms.rotation_from_quaternion(q), R, atol=1e-14)
    np.testing.assert_allclose(transforms.rotation_from_quaternion(-3 * q), R, atol=1e-14)


@given(directions, angles)
def test_quaternion_is_half_the_angle_about_the_axis(axis: F64, angle: float) -> None:
    R = transforms.rotation_from_quaternion([np.cos(angle / 2), *(np.sin(angle / 2) * axis)])
    np.testing.assert_allclose(R, transforms.rotation_from_vector(axis * angle), atol=1e-13)


def test_quaternion_of_zero_length_is_refused() -> None:
    with pytest.raises(InputError, match=r"of length 0\.0 is no rotation"):
        transforms.rotation_from_quaternion([0, 0, 0, 0])


@given(vectors, directions)
def test_look_at_sees_its_target_ahead_and_down_below(eye: F64, ahead: F64) -> None:
    if np.linalg.norm(np.cross((0, 1, 0), ahead)) < 1e-3:
        return
    T_world_camera = transforms.look_at(eye, eye + 2 * ahead)
    transforms.check("T_world_camera", T_world_camera)
    T_camera_world = transforms.inverse(T_world_camera)
    np.testing.assert_allclose(transforms.apply(T_camera_world, eye + 2 * ahead), (0, 0, 2), atol=1e-12)
    x, y, _ = transforms.apply(T_camera_world, eye + np.array([0, 1, 0]))
    assert abs(x) < 1e-12  # what is down in the world is neither left nor right,
    assert y > 0  # but down in the image


def test_look_at_along_z_is_the_world_itself() -> None:
    np.testing.assert_allclose(transforms.look_at((1, 2, 3), (1, 2, 9))[:3, :3], np.eye(3), atol=1e-15)


@pytest.mark.parametrize(("eye", "target"), [((0, 0, 0), (0, 0, 0)), ((0, 0, 0), (0, 5, 0)), ((0, 5, 0), (0, 0, 0))])
def test_look_at_nowhere_is_refused(eye: tuple[int, ...], target: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="look_at needs a target"):
        transforms.look_at(eye, target)


FLIP = np.diag([-1.0, 1, 1, 1])
SHEAR = np.eye(4) + 0.01 * np.eye(4, k=1)


@pytest.mark.parametrize(
    ("T", "complaint"),
    [
        (np.eye(3), "T_a_b must be a 4×4 matrix, not 3×3"),
        ([[1, 0], [0]], "T_a_b must be a 4×4 matrix of numbers"),
        ("unit", "T_a_b must be a 4×4 matrix of numbers"),
        (2 * np.eye(4), "T_a_b is not a rigid transform"),
        (FLIP, "T_a_b is not a rigid transform"),
        (SHEAR, "T_a_b is not a rigid transform"),
        (np.eye(4) * np.nan, "T_a_b is not a rigid transform"),
        (np.eye(4) + np.eye(4, k=-3), "T_a_b is not a rigid transform"),
    ],
)
def test_what_is_not_rigid_is_refused_by_name(T: F64, complaint: str) -> None:
    with pytest.raises(CalibrationError, match=complaint):
        transforms.check("T_a_b", T)
