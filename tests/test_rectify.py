"""Rectification: rows match, disparity gives depth back, and OpenCV finds the same geometry."""

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import depth, images, transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError, InputError
from depthkit.rectify import Rectifier, is_rectified, rectifying_rotations
from depthkit.types import Disparity

LENSES: dict[str, tuple[float, ...]] = {
    "pinhole": (),
    "brown_conrady": (-0.28, 0.07, 0.0002, -0.0001, 0.01),
    "fisheye": (0.003, 0.0007, -0.002, 0.0002),
}
ANGLE = st.floats(-0.08, 0.08)
SMALL = st.floats(-0.02, 0.02)


def camera(model: str = "pinhole", width: int = 160, height: int = 120, scale: float = 1.0) -> CameraModel:
    f = 0.7 * width * scale
    return CameraModel(width, height, f, 1.01 * f, 0.51 * width, 0.48 * height, LENSES[model], model)


def rig(
    model: str = "pinhole",
    rotation: tuple[float, float, float] = (0.01, -0.02, 0.015),
    translation: tuple[float, float, float] = (-0.12, 0.003, 0.002),
) -> Rig:
    T = transforms.from_rotation_translation(transforms.rotation_from_vector(rotation), translation)
    return Rig.stereo(camera(model), camera(model, scale=1.02), T, {"file": "test"})


def side_by_side(baseline: float = 0.1, right_cx: float = 80.0) -> Rig:
    left = CameraModel(160, 120, 110, 111, 80, 60)
    right = CameraModel(160, 120, 110, 111, right_cx, 60)
    return Rig.stereo(left, right, transforms.from_rotation_translation(np.eye(3), (-baseline, 0, 0)))


def points_in_view(rectified: Rig, count: int = 200) -> F64:
    """Points in the rectified left frame, 0.5 to 10 m away, that the rectified left image shows."""
    rng = np.random.default_rng(0)
    size = rectified.left.size
    pixels = rng.uniform((0, 0), (size[0] - 1, size[1] - 1), (count, 2))
    z = rng.uniform(0.5, 10, (count, 1))
    return np.asarray(np.concatenate([rectified.left.unproject(pixels), np.ones((count, 1))], -1) * z)


def rays(model: CameraModel, points: F64) -> F64:
    """Directions (N, 3) of the pixels at which a camera sees the points; NaN for those outside its image."""
    pixels = model.project(points)
    outside = np.any((pixels < 0) | (pixels > (model.width - 1, model.height - 1)), -1)
    pixels[outside] = np.nan
    return np.concatenate([model.unproject(pixels), np.ones((len(points), 1))], -1)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(LENSES)), st.tuples(ANGLE, ANGLE, ANGLE), st.tuples(SMALL, SMALL))
def test_a_point_is_on_one_row_and_its_disparity_gives_its_depth(
    model: str, rotation: tuple[float, float, float], offset: tuple[float, float]
) -> None:
    original = rig(model, rotation, (-0.12, *offset))
    rectifier = Rectifier(original)
    rectified = rectifier.rig
    p = points_in_view(rectified)
    p_left = transforms.apply(transforms.inverse(rectifier.T_rectified_left), p)
    p_right = transforms.apply(original.T("right", "left"), p_left)
    R_left, R_right = rectifying_rotations(original.T("right", "left"))
    left = rectified.left.project(rays(original.left, p_left) @ R_left.T)
    right = rectified.right.project(rays(original.right, p_right) @ R_right.T)
    seen = np.isfinite(left + right).all(1)
    assert seen.mean() > 0.5
    np.testing.assert_allclose(left[seen, 1], right[seen, 1], atol=1e-6, rtol=0)
    disparity = left[:, 0] - right[:, 0]
    expected = rectified.left.fx * rectified.baseline / p[:, 2]
    np.testing.assert_allclose(disparity[seen], expected[seen], atol=1e-6, rtol=0)
    assert rectified.baseline == pytest.approx(original.baseline, abs=1e-12)


@pytest.mark.parametrize("model", LENSES)
def test_the_images_show_the_scene_from_the_rectified_cameras(model: str) -> None:
    """A smooth picture on a wall far away, drawn by each camera's own model, comes out as the pinholes would see it."""
    original = rig(model)
    rectifier = Rectifier(original)
    for role, rectify, valid in (
        ("left", rectifier.left, rectifier.valid_left),
        ("right", rectifier.right, rectifier.valid_right),
    ):
        drawn = draw(original.camera(role), original.T("left", role)[:3, :3])
        T = rectifier.T_rectified_left[:3, :3]
        expected = draw(rectifier.rig.camera(role), T.T)
        difference = rectify(drawn)[valid].astype(int) - expected[valid].astype(int)
        assert np.abs(difference).max() <= 2
        assert valid.mean() > 0.95


def draw(model: CameraModel, R_left_camera: F64) -> Any:
    """What a camera sees of a pattern at infinity, given by direction in the left camera's frame."""
    x, y = model.rays().astype(np.float64)
    direction = np.stack([x, y, np.ones_like(x)], -1) @ R_left_camera.T
    a, b = direction[..., 0] / direction[..., 2], direction[..., 1] / direction[..., 2]
    return np.round(127 + 60 * np.sin(6 * a) + 60 * np.cos(7 * b)).astype(np.uint8)


def test_upright_stays_upright() -> None:
    """A light dot in the upper left of the scene stays there."""
    image = np.zeros((120, 160), np.uint8)
    image[30:34, 20:24] = 255
    v, u = np.argwhere(Rectifier(rig()).left(image) > 128).mean(0)
    assert v < 50
    assert u < 50


@pytest.mark.parametrize("model", ["pinhole", "brown_conrady"])
def test_opencv_finds_the_same_rotations_and_baseline(model: str) -> None:
    original = rig(model, (0.03, -0.05, 0.04), (-0.12, 0.01, -0.008))
    T = original.T("right", "left")
    distortion = np.array(LENSES[model] or (0.0,) * 4)
    R1, R2, P1, P2, *_ = cv2.stereoRectify(
        original.left.K, distortion, original.right.K, distortion, original.left.size, T[:3, :3], T[:3, 3:]
    )
    R_left, R_right = rectifying_rotations(T)
    np.testing.assert_allclose(R_left, R1, atol=1e-9)
    np.testing.assert_allclose(R_right, R2, atol=1e-9)
    assert P2[0, 3] / P1[0, 0] == pytest.approx(-Rectifier(original).rig.baseline, abs=1e-9)


@pytest.mark.parametrize("model", LENSES)
def test_opencv_makes_the_same_images(model: str) -> None:
    original = rig(model)
    rectifier = Rectifier(original)
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    image: Any = cv2.GaussianBlur(noise, (0, 0), 1.5)
    R_left, _ = rectifying_rotations(original.T("right", "left"))
    make_maps = cv2.fisheye.initUndistortRectifyMap if model == "fisheye" else cv2.initUndistortRectifyMap
    distortion = np.array(LENSES[model] or (0.0,) * 4)
    maps = make_maps(original.left.K, distortion, R_left, rectifier.rig.left.K, (160, 120), cv2.CV_32FC1)
    theirs = cv2.remap(image, *maps, cv2.INTER_LINEAR)
    difference = rectifier.left(image).astype(int) - theirs.astype(int)
    assert np.abs(difference[rectifier.valid_left]).max() <= 2


@pytest.mark.parametrize("model", LENSES)
@pytest.mark.parametrize("vergence", [-0.05, 0.0, 0.05])
def test_the_view_is_filled_and_no_wider_than_can_be_matched(model: str, vergence: float) -> None:
    rectifier = Rectifier(rig(model, (0.003, vergence, 0.004)))
    left, right = rectifier.valid_left, rectifier.valid_right
    assert min(left.mean(), right.mean()) > 0.93
    # Rows without a source in one image are of no use; columns are, up to the other image's edge.
    rows = left.any(1) & right.any(1)
    assert rows.all()
    assert left[:, -4:].mean() > 0.9
    assert right[:, :4].mean() > 0.9
    assert 0.69 < rectifier.rig.left.fx / (0.7 * 160) < 1.3


def test_valid_pixels_are_those_with_a_source() -> None:
    """Rays followed one by one, the other way round: from the rectified pixel back into the original image."""
    original = rig("brown_conrady", (0.02, -0.03, 0.1))
    rectifier = Rectifier(original, zoom=0.7)
    v, u = np.mgrid[:120, :160]
    pixels = np.stack([u, v], -1).astype(np.float64)
    rays = np.concatenate([rectifier.rig.left.unproject(pixels), np.ones((120, 160, 1))], -1)
    seen = original.left.project(transforms.apply(transforms.inverse(rectifier.T_rectified_left), rays))
    inside = np.all((seen >= 0) & (seen <= (159, 119)), -1) & ~np.all(seen >= (158, 118), -1)
    assert 0.3 < inside.mean() < 0.9
    near_edge = np.any((np.abs(seen - (159, 119)) < 0.01) | (np.abs(seen) < 0.01), -1)
    np.testing.assert_array_equal(rectifier.valid_left[~near_edge], inside[~near_edge])


def test_rays_past_the_fold_of_a_lens_are_not_valid() -> None:
    """Strong barrel distortion: OpenCV's formula alone brings rays from far outside back into the image."""
    lens = CameraModel(160, 120, 100, 100, 80, 60, (-0.35, 0.0, 0.0, 0.0), "brown_conrady")
    folding = Rig.stereo(lens, lens, transforms.from_rotation_translation(np.eye(3), (-0.1, 0, 0)))
    rectifier = Rectifier(folding, zoom=0.4)
    x, y = rectifier.rig.left.rays()
    ring = np.hypot(x, y) > 1 / np.sqrt(3 * 0.35)  # where r·(1 + k1·r²) turns back
    assert ring.mean() > 0.2
    assert not rectifier.valid_left[ring].any()
    assert rectifier.valid_left[np.hypot(x, y) < 0.5].all()


def test_a_very_wide_lens_keeps_its_resolution() -> None:
    lens = CameraModel(256, 256, 95, 95, 127.5, 127.5, (0.0034, 0.0007, -0.002, 0.0002), "fisheye")
    wide = Rig.stereo(lens, lens, transforms.from_rotation_translation(np.eye(3), (-0.1, 0, 0)))
    rectifier = Rectifier(wide)
    assert rectifier.rig.left.fx == pytest.approx(0.7 * 95)
    assert rectifier.valid_left.all()


def test_a_rectified_rig_passes_through_untouched() -> None:
    original = side_by_side(right_cx=83.5)
    rectifier = Rectifier(original)
    image = np.random.default_rng(0).integers(0, 256, (120, 160), np.uint8)
    assert rectifier.left(image) is image
    assert rectifier.right(image) is image
    assert rectifier.rig is original
    assert rectifier.valid_left.all()
    assert rectifier.valid_right.all()
    np.testing.assert_array_equal(rectifier.T_rectified_left, np.eye(4))
    with pytest.raises(CalibrationError, match=r"80×60 .* 160×120"):
        rectifier.left(image[::2, ::2])


@pytest.mark.parametrize("model", LENSES)
def test_its_result_counts_as_rectified(model: str) -> None:
    original = rig(model)
    assert not is_rectified(original)
    assert is_rectified(Rectifier(original).rig)
    assert Rectifier(original).rig.provenance == {"file": "test"}


def test_the_size_and_zoom_of_the_view() -> None:
    original = rig()
    usual = Rectifier(original).rig.left
    double = Rectifier(original, size=(320, 240)).rig.left
    wide = Rectifier(original, zoom=0.5).rig.left
    assert double.size == (320, 240)
    assert double.fx == pytest.approx(usual.fx * 2, rel=0.01)
    assert wide.fx == pytest.approx(usual.fx / 2)
    assert Rectifier(side_by_side(), zoom=2.0).left(np.ones((120, 160), np.uint8)).shape == (120, 160)
    with pytest.raises(CalibrationError, match="positive"):
        Rectifier(original, zoom=0.0)


def test_other_cameras_keep_their_place() -> None:
    original = rig()
    T_color_left = transforms.from_rotation_translation(transforms.rotation_from_vector((0, 0.1, 0)), (0.02, 0, 0))
    cameras = {**original.cameras, "color": camera()}
    three = Rig(cameras, {**original.T_camera_rig, "color": T_color_left}, T_imu_rig=T_color_left)
    rectifier = Rectifier(three)
    expected = T_color_left @ transforms.inverse(rectifier.T_rectified_left)
    np.testing.assert_allclose(rectifier.rig.T("color", "left"), expected, atol=1e-12)
    assert rectifier.rig.T_imu_rig is not None
    np.testing.assert_allclose(rectifier.rig.T_imu_rig, expected, atol=1e-12)  # the rig's frame is the left camera's


def test_rgb_and_16_bit_images() -> None:
    rectifier = Rectifier(rig())
    grey = np.random.default_rng(0).integers(0, 256, (120, 160), np.uint8)
    np.testing.assert_array_equal(rectifier.left(np.dstack([grey] * 3))[..., 1], rectifier.left(grey))
    deep = rectifier.right((grey * np.uint16(257)).astype(np.uint16))
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - rectifier.right(grey)).max() < 0.51
    with pytest.raises(InputError, match="uint16"):
        rectifier.left(np.zeros((120, 160, 3), np.uint16))


@pytest.mark.parametrize(
    ("translation", "rotation", "message"),
    [
        ((0.12, 0, 0), (0, 0, 0), "left and right are swapped"),
        ((-0.01, 0.2, 0), (0, 0, 0), "not beside"),
        ((0, 0, 0), (0, 0, 0), "in one place"),
        ((-0.12, 0, 0), (0, -1.5, 0), "no common view"),
        ((-0.12, 0, 0), (1.5, 0, 0), "no common view"),
    ],
)
def test_rigs_that_cannot_be_rectified(
    translation: tuple[float, float, float], rotation: tuple[float, float, float], message: str
) -> None:
    with pytest.raises(CalibrationError, match=message):
        Rectifier(rig("pinhole", rotation, translation))


def test_a_rig_without_a_pair() -> None:
    with pytest.raises(CalibrationError, match="no 'right' camera"):
        Rectifier(Rig({"left": camera()}))


def test_depth_of_a_rectified_pair_lies_on_the_original_rays() -> None:
    """Back through T_rectified_left, a rectified pixel's point projects where the original camera saw it."""
    original = rig("brown_conrady")
    rectifier = Rectifier(original)
    values = np.full((120, 160), 5.0, np.float32)
    measured = depth.from_disparity(
        Disparity(values, np.zeros((120, 160), np.uint16), np.ones_like(values)), rectifier.rig
    )
    x, y = rectifier.rig.left.rays()
    p = np.stack([x, y, np.ones_like(x)], -1) * measured.depth[..., None]
    p_left = transforms.apply(transforms.inverse(rectifier.T_rectified_left), p)
    p_right = transforms.apply(original.T("right", "left"), p_left)
    R_left, R_right = rectifying_rotations(original.T("right", "left"))
    shift = rectifier.rig.left.project(p_left @ R_left.T) - rectifier.rig.right.project(p_right @ R_right.T)
    np.testing.assert_allclose(shift, np.broadcast_to((5.0, 0.0), shift.shape), atol=1e-4)


def test_rows_match_in_real_images(shared_data: Path) -> None:
    """A raw EuRoC pair: what ORB matches lies rows apart before, and on one row after."""
    folder = shared_data / "calib" / "euroc_raw_stereo"
    (left, T_body_left), (right, T_body_right) = (
        euroc_camera(folder / name / "sensor.yaml") for name in ("cam0", "cam1")
    )
    rectifier = Rectifier(Rig.stereo(left, right, transforms.inverse(T_body_right) @ T_body_left))
    name = min(path.name for path in (folder / "cam0").glob("*.png"))
    pair = images.read(folder / "cam0" / name), images.read(folder / "cam1" / name)
    assert row_difference(*pair) > 8
    assert row_difference(rectifier.left(pair[0]), rectifier.right(pair[1])) < 0.5


def euroc_camera(path: Path) -> tuple[CameraModel, F64]:
    """The camera and its T_body_camera of an EuRoC sensor.yaml."""
    lists = {
        key: np.array(text.split(","), float) for key, text in re.findall(r"(\w+): \[([^\]]*)\]", path.read_text())
    }
    width, height = lists["resolution"]
    fx, fy, cx, cy = lists["intrinsics"]
    distortion = tuple(lists["distortion_coefficients"])
    return CameraModel(width, height, fx, fy, cx, cy, distortion, "brown_conrady"), lists["data"].reshape(4, 4)


def row_difference(left: Any, right: Any) -> float:
    """Median |Δv| in px of mutual ORB matches."""
    orb = cv2.ORB.create(1000)
    (points_left, features_left), (points_right, features_right) = (
        orb.detectAndCompute(i, None) for i in (left, right)
    )
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(features_left, features_right)
    rows = [(points_left[m.queryIdx].pt[1], points_right[m.trainIdx].pt[1]) for m in matches if m.distance < 30]
    return float(np.median(np.abs(np.diff(rows, axis=1))))
