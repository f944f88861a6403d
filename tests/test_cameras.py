"""Camera models and rigs: projection and its inverse, agreement with OpenCV, and what is refused."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError

PINHOLE = CameraModel(640, 480, 500, 510, 322.5, 238.25)
BROWN = CameraModel(640, 480, 500, 510, 322.5, 238.25, (-0.3, 0.1, 1e-3, -2e-3, 0.02), "brown_conrady")
PRISM = CameraModel(
    640, 480, 700, 690, 300, 250, (0.4, -0.2, 1e-3, 5e-4, 0.1, 0.7, -0.1, 0.1, 1e-3, -2e-3, 5e-4, 1e-3), "brown_conrady"
)
FISHEYE = CameraModel(640, 480, 280, 282, 322.5, 238.25, (0.05, -0.01, 2e-3, -3e-4), "fisheye")
CAMERAS = [PINHOLE, BROWN, PRISM, FISHEYE]

cameras = st.sampled_from(CAMERAS)
pixels = st.tuples(st.floats(0, 639), st.floats(0, 479)).map(np.array)
depths = st.floats(0.1, 100)


def points_in_view() -> F64:
    """(200, 3) points that all of the test cameras see."""
    rng = np.random.default_rng(0)
    z = rng.uniform(0.5, 10, (200, 1))
    return np.concatenate([rng.uniform(-0.4, 0.4, (200, 2)) * z, z], -1)


@given(cameras, pixels, depths)
def test_a_pixel_comes_back_from_any_depth(camera: CameraModel, pixel: F64, depth: float) -> None:
    x, y = camera.unproject(pixel)
    np.testing.assert_allclose(camera.project(depth * np.array([x, y, 1.0])), pixel, atol=1e-6)


@pytest.mark.parametrize("camera", CAMERAS)
def test_projection_agrees_with_opencv(camera: CameraModel) -> None:
    points, zero, k = points_in_view(), np.zeros(3), np.array(camera.distortion)
    project = cv2.fisheye.projectPoints if camera.model == "fisheye" else cv2.projectPoints
    seen = project(points[:, None], zero, zero, camera.K, k)[0].reshape(-1, 2)
    np.testing.assert_allclose(camera.project(points), seen, atol=1e-9)


@pytest.mark.parametrize("camera", CAMERAS)
def test_unprojection_agrees_with_opencv_as_far_as_that_goes(camera: CameraModel) -> None:
    seen, k = camera.project(points_in_view()), np.array(camera.distortion)
    if camera.model == "fisheye":
        ideal = cv2.fisheye.undistortPoints(seen[:, None], camera.K, k)
    else:
        ideal = cv2.undistortPoints(seen[:, None], camera.K, k)
    np.testing.assert_allclose(camera.unproject(seen), ideal.reshape(-1, 2), atol=2e-3)


def test_the_principal_point_is_straight_ahead() -> None:
    for camera in CAMERAS:
        np.testing.assert_allclose(camera.project([0, 0, 2]), (camera.cx, camera.cy))
        np.testing.assert_allclose(camera.unproject((camera.cx, camera.cy)), 0, atol=1e-15)


def test_what_is_not_in_front_has_no_pixel() -> None:
    for camera in CAMERAS:
        hidden = np.array([[0.1, 0.1, -1], [0.1, 0.1, 0], [0, 0, 0], [np.nan, 0, 1]])
        assert np.isnan(camera.project(hidden)).any(-1).all()


@pytest.mark.parametrize("camera", CAMERAS)
def test_ray_table_holds_each_pixel(camera: CameraModel) -> None:
    small = camera.resized(32, 24)
    rays = small.rays()
    assert rays.shape == (2, 24, 32)
    assert rays.dtype == np.float32
    v, u = 5, 9
    np.testing.assert_allclose(rays[:, v, u], small.unproject((u, v)), rtol=1e-6)
    assert not rays.flags.writeable
    assert small.rays() is rays


@given(cameras, st.integers(1, 2000), st.integers(1, 2000))
def test_a_resized_camera_sees_the_resampled_image(camera: CameraModel, width: int, height: int) -> None:
    resized = camera.resized(width, height)
    assert resized.size == (width, height)
    scale = np.array([width / camera.width, height / camera.height])
    points = points_in_view()[:10]
    # Resampling moves pixel centres: the image's outer corner is (−0.5, −0.5) before and after.
    expected = (camera.project(points) + 0.5) * scale - 0.5
    np.testing.assert_allclose(resized.project(points), expected, atol=1e-8)


def test_resizing_there_and_back_changes_nothing() -> None:
    back = BROWN.resized(320, 240).resized(640, 480)
    np.testing.assert_allclose([back.fx, back.fy, back.cx, back.cy], [BROWN.fx, BROWN.fy, BROWN.cx, BROWN.cy])


def test_equal_cameras_are_one_key() -> None:
    twin = CameraModel(np.int64(640), 480, 500, np.float32(510), 322.5, 238.25)  # type: ignore[arg-type]
    assert twin == PINHOLE
    assert {PINHOLE: 1}[twin] == 1
    assert len({*CAMERAS, twin}) == len(CAMERAS)
    assert all(type(number) is float for number in (twin.fx, twin.fy, twin.cx, twin.cy))


VALUES = {"width": 640, "height": 480, "fx": 500.0, "fy": 500.0, "cx": 320.0, "cy": 240.0}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"fx": float("nan")}, "fx must be a finite number, not nan"),
        ({"cy": float("inf")}, "cy must be a finite number, not inf"),
        ({"cx": "320"}, "cx must be a finite number, not '320'"),
        ({"fy": None}, "fy must be a finite number, not None"),
        ({"fx": -500.0}, "focal lengths are in pixels and positive, not fx=-500"),
        ({"fy": 0.0}, "focal lengths are in pixels and positive"),
        ({"width": 640.5}, "width must be a positive whole number of pixels, not 640.5"),
        ({"height": 0}, "height must be a positive whole number"),
        ({"model": "magic"}, "camera model 'magic' is unknown: use one of pinhole, brown_conrady, fisheye"),
        ({"distortion": [0.1]}, "a pinhole camera takes 0 distortion coefficients, not 1"),
        (
            {"distortion": [0.1] * 6, "model": "brown_conrady"},
            "a brown_conrady camera takes 4 or 5 or 8 or 12 distortion coefficients, not 6",
        ),
        ({"distortion": [0.1] * 5, "model": "fisheye"}, "a fisheye camera takes 4 distortion coefficients, not 5"),
        ({"distortion": [0.1, 0, 0, "a"], "model": "fisheye"}, "distortion must be a finite number, not 'a'"),
        ({"distortion": 0.1, "model": "fisheye"}, "distortion must be a list of numbers, not 0.1"),
        ({"skew": 0.1}, "unknown key skew; known are cx, cy, distortion, fx"),
    ],
)
def test_values_that_make_no_camera_are_refused_by_name(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(CalibrationError, match=f"file.toml: {complaint}"):
        CameraModel.from_dict({**VALUES, **changes}, "file.toml")


@pytest.mark.parametrize("missing", VALUES)
def test_missing_values_are_named(missing: str) -> None:
    with pytest.raises(CalibrationError, match=f"camera: missing {missing}"):
        CameraModel.from_dict({key: value for key, value in VALUES.items() if key != missing})


@pytest.mark.parametrize("camera", CAMERAS)
def test_cameras_survive_plain_values(camera: CameraModel) -> None:
    assert CameraModel.from_dict(camera.to_dict()) == camera


def pose(vector: tuple[float, float, float], t: tuple[float, float, float]) -> F64:
    return transforms.from_rotation_translation(transforms.rotation_from_vector(vector), t)


T_RIGHT = pose((0.01, -0.02, 0.03), (-0.1, 0.002, 0.001))
T_COLOR = pose((-0.02, 0.01, 0.5), (0.03, -0.01, 0.02))


def rig() -> Rig:
    return Rig(
        {"left": BROWN, "right": FISHEYE, "color": PINHOLE},
        {"right": T_RIGHT, "color": T_COLOR},
        {"by": "test"},
        transforms.inverse(T_COLOR),
    )


def test_transforms_between_cameras_chain() -> None:
    np.testing.assert_allclose(rig().T("right", "left"), T_RIGHT)
    np.testing.assert_allclose(rig().T("color", "right"), T_COLOR @ np.linalg.inv(T_RIGHT), atol=1e-15)
    np.testing.assert_allclose(
        rig().T("color", "right") @ rig().T("right", "left"), rig().T("color", "left"), atol=1e-15
    )
    for role in ("left", "right", "color"):
        np.testing.assert_allclose(rig().T(role, role), np.eye(4), atol=1e-15)


def test_stereo_rig_is_in_the_left_frame() -> None:
    pair = Rig.stereo(BROWN, FISHEYE, T_RIGHT)
    assert (pair.left, pair.right) == (BROWN, FISHEYE)
    np.testing.assert_array_equal(pair.T_camera_rig["left"], np.eye(4))
    np.testing.assert_allclose(pair.T("right", "left"), T_RIGHT)
    assert pair.baseline == pytest.approx(np.linalg.norm([0.1, 0.002, 0.001]))


def test_rigs_cannot_be_changed_and_keep_nobodys_arrays() -> None:
    mine = T_RIGHT.copy()
    pair = Rig.stereo(BROWN, FISHEYE, mine)
    mine[:] = 0
    np.testing.assert_allclose(pair.T("right", "left"), T_RIGHT)
    with pytest.raises(ValueError, match="read-only"):
        pair.T_camera_rig["right"][0, 0] = 2
    with pytest.raises(TypeError):
        pair.cameras["left"] = PINHOLE  # type: ignore[index]


def test_rigs_survive_plain_values() -> None:
    back = Rig.from_dict(rig().to_dict())
    assert back.cameras == rig().cameras
    assert back.provenance == rig().provenance
    assert back.digest() == rig().digest()
    for role, T in rig().T_camera_rig.items():
        np.testing.assert_array_equal(back.T_camera_rig[role], T)
    assert back.T_imu_rig is not None
    np.testing.assert_array_equal(back.T_imu_rig, transforms.inverse(T_COLOR))
    assert "T_imu_rig" not in replace(rig(), T_imu_rig=None).to_dict()


def test_digest_is_of_the_numbers_only() -> None:
    values = rig().to_dict()
    values["provenance"] = {"by": "somebody else"}
    values["cameras"] = dict(reversed(values["cameras"].items()))
    assert Rig.from_dict(values).digest() == rig().digest()
    values["cameras"]["left"]["fx"] = np.nextafter(BROWN.fx, 1000).item()
    assert Rig.from_dict(values).digest() != rig().digest()
    assert replace(rig(), T_imu_rig=np.eye(4)).digest() != rig().digest()


def test_digest_does_not_depend_on_how_a_number_was_written() -> None:
    assert (
        Rig({"left": CameraModel(4, 4, 5, 5, 2, 2)}).digest()
        == Rig({"left": CameraModel(4, 4, 5.0, 5.0, 2.0, 2.0)}).digest()
    )


def test_unknown_roles_are_refused_with_the_known_ones() -> None:
    with pytest.raises(CalibrationError, match="no 'depth' camera; it has color, left, right"):
        rig().camera("depth")
    with pytest.raises(CalibrationError, match="no 'depth' camera"):
        rig().T("depth", "left")
    with pytest.raises(CalibrationError, match="no 'left' camera; it has color"):
        Rig({"color": PINHOLE}).left  # noqa: B018  # reading it is the point


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({}, "rig: missing cameras"),
        ({"cameras": {}}, "at least one camera"),
        ({"cameras": [VALUES]}, "rig: cameras must be a table of values"),
        ({"cameras": {"left": 3}}, "rig: cameras.left must be a table of values, not 3"),
        ({"cameras": {"left": {**VALUES, "fx": "a"}}}, "rig: cameras.left: fx must be a finite number"),
        (
            {"cameras": {"left": {**VALUES, "T_camera_rig": [1]}}},
            r"rig: cameras.left.T_camera_rig must be a 4×4 matrix",
        ),
        ({"cameras": {"left": VALUES}, "provenance": "me"}, "rig: provenance must be a table of values"),
        ({"cameras": {"left": VALUES}, "extra": 1}, "rig: unknown key extra; known are T_imu_rig, cameras, provenance"),
    ],
)
def test_values_that_make_no_rig_are_refused_by_name(values: dict[str, object], complaint: str) -> None:
    with pytest.raises(CalibrationError, match=complaint):
        Rig.from_dict(values)


def test_poses_must_be_rigid_and_of_cameras() -> None:
    with pytest.raises(CalibrationError, match="places cameras it does not have: right"):
        Rig({"left": PINHOLE}, {"right": np.eye(4)})
    with pytest.raises(CalibrationError, match="T_left_rig is not a rigid transform"):
        Rig({"left": PINHOLE}, {"left": 2 * np.eye(4)})
    with pytest.raises(CalibrationError, match="T_right_left must be a 4×4 matrix"):
        Rig.stereo(PINHOLE, PINHOLE, np.eye(3))
