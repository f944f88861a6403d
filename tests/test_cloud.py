"""Depth to points against a pixel-by-pixel twin, and laws of the geometry."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import cloud, transforms
from depthkit.arrays import F32
from depthkit.cameras import CameraModel
from depthkit.cloud import CloudConfig
from depthkit.errors import CalibrationError, InputError
from depthkit.types import DepthImage, Reason
from tests import oracle_cloud

CAMERA = CameraModel(24, 18, 20, 21, 12.5, 8.25, (-0.1, 0.02, 0.001, -0.002), "brown_conrady")
T_WORLD_CAMERA = transforms.from_rotation_translation(
    transforms.rotation_from_vector((0.2, -0.4, 0.3)), (0.5, -1.0, 2.0)
)


def depth_image(depth: F32, reason: Any = None, confidence: Any = None, camera: CameraModel = CAMERA) -> DepthImage:
    unknown = np.isnan(depth)
    if reason is None:
        reason = np.where(unknown, Reason.NO_DATA, 0)
    if confidence is None:
        confidence = np.where(unknown, 0, 0.9)
    return DepthImage(depth, reason.astype(np.uint16), confidence.astype(np.float32), camera, 77)


def messy_depth() -> DepthImage:
    """Two surfaces with an edge between them, pixels in between at the edge, holes, and filled pixels."""
    rng = np.random.default_rng(3)
    depth = rng.normal(2.0, 0.02, (18, 24))
    depth[5:12, 8:16] = rng.normal(1.0, 0.01, (7, 8))
    depth[5:12, 16] = 1.5
    depth[12, 8:16] = 1.4
    depth[rng.random(depth.shape) < 0.08] = np.nan
    depth[0, :5] = 0.3
    reason = np.where(np.isnan(depth), Reason.LEFT_RIGHT, 0)
    reason[(rng.random(depth.shape) < 0.1) & ~np.isnan(depth)] = Reason.INTERPOLATED
    confidence = np.where(np.isnan(depth), 0, rng.random(depth.shape))
    return depth_image(depth.astype(np.float32), reason, confidence)


def plane(z: float = 2.0) -> DepthImage:
    return depth_image(np.full((18, 24), z, np.float32))


@pytest.mark.kernel
@pytest.mark.parametrize(
    "config",
    [
        CloudConfig(),
        CloudConfig(edge=None, made_up=True),
        CloudConfig(edge=0.2, min_confidence=0.5),
        CloudConfig(z_min=0.5, z_max=2.0),
        CloudConfig(box=(-0.6, -1.5, 2.5, 1.0, 0.5, 3.9)),
    ],
)
@pytest.mark.parametrize("channels", [None, 1, 3])
def test_equals_the_naive_twin(config: CloudConfig, channels: int | None) -> None:
    depth = messy_depth()
    shape = {None: (0,), 1: (18, 24), 3: (18, 24, 3)}[channels]
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8) if channels else None
    points, colors, pixels = oracle_cloud.cloud(depth, image, T_WORLD_CAMERA, config)
    result = cloud.from_depth(depth, image, T_WORLD_CAMERA, config, frame="world")
    assert 50 < len(pixels) < 18 * 24
    np.testing.assert_allclose(result.points, points, atol=2e-6)
    assert (result.frame, result.stamp_ns) == ("world", 77)
    if image is None:
        assert result.colors is None
    else:
        np.testing.assert_array_equal(result.colors, colors)


@settings(deadline=None)
@given(st.floats(0.2, 50), st.sampled_from(["pinhole", "brown_conrady", "fisheye"]))
def test_points_project_back_onto_their_pixels(z: float, model: str) -> None:
    distortion = {"pinhole": (), "brown_conrady": CAMERA.distortion, "fisheye": (0.01, -0.002, 0.001, 0.0)}[model]
    camera = CameraModel(24, 18, 20, 21, 12.5, 8.25, distortion, model)
    depth = depth_image(np.full((18, 24), z, np.float32), camera=camera)
    points = cloud.from_depth(depth, T_target_camera=T_WORLD_CAMERA).points
    pixels = camera.project(transforms.apply(transforms.inverse(T_WORLD_CAMERA), points))
    v, u = np.mgrid[:18, :24]
    np.testing.assert_allclose(pixels, np.stack([u, v], -1).reshape(-1, 2), atol=5e-4)


def test_axes_x_right_y_down_z_forward() -> None:
    points = cloud.from_depth(plane()).points.reshape(18, 24, 3)
    assert points[0, 0, 1] < 0 < points[-1, 0, 1]  # the top of the image is at negative y
    assert points[0, 0, 0] < 0 < points[0, -1, 0]
    np.testing.assert_array_equal(points[..., 2], 2.0)


def test_a_pixel_between_two_surfaces_is_flying_but_their_edges_are_not() -> None:
    depth = np.full((18, 24), 2.0, np.float32)
    depth[:, 12:] = 1.0
    assert len(cloud.from_depth(depth_image(depth))) == depth.size
    depth[:, 12] = 1.5
    assert len(cloud.from_depth(depth_image(depth))) == depth.size - 18
    assert len(cloud.from_depth(depth_image(depth), config=CloudConfig(edge=None))) == depth.size
    # With the foreground unknown, what is left of the jump still tells.
    depth[:, 13] = np.nan
    assert len(cloud.from_depth(depth_image(depth))) == depth.size - 36
    # Upright: the same along columns.
    depth = np.full((18, 24), 2.0, np.float32)
    depth[9:] = 1.0
    depth[9] = 1.5
    assert len(cloud.from_depth(depth_image(depth))) == depth.size - 24


def test_a_pixel_without_known_neighbours_is_kept() -> None:
    depth = np.full((18, 24), np.nan, np.float32)
    depth[3, 4] = depth[17, 0] = 2.0
    assert len(cloud.from_depth(depth_image(depth))) == 2


def test_filled_pixels_are_left_out_unless_asked_for() -> None:
    reason = np.zeros((18, 24))
    reason[:, :3], reason[:, 3:5] = Reason.INTERPOLATED, Reason.LEARNED
    depth = depth_image(np.full((18, 24), 2.0, np.float32), reason)
    assert len(cloud.from_depth(depth)) == 18 * 19
    assert len(cloud.from_depth(depth, config=CloudConfig(made_up=True))) == 18 * 24


def test_nothing_known_is_an_empty_cloud() -> None:
    result = cloud.from_depth(plane(np.nan), np.zeros((18, 24, 3), np.uint8))
    assert len(result) == 0
    assert result.colors is not None
    assert result.colors.shape == (0, 3)


def test_pixels_no_ray_reaches_give_no_point() -> None:
    """A lens that folds inside the image: its corners see nothing."""
    camera = CameraModel(24, 18, 12, 12, 12, 9, (-0.45, 0, 0, 0), "brown_conrady")
    rays = np.isfinite(camera.rays()).all(0)
    assert 0 < rays.sum() < rays.size
    depth = depth_image(np.full((18, 24), 2.0, np.float32), camera=camera)
    result = cloud.from_depth(depth)
    assert len(result) == rays.sum()
    assert np.isfinite(result.points).all()


def test_tiny_images() -> None:
    for width, height in ((1, 1), (1, 5), (2, 1)):
        camera = CameraModel(width, height, 10, 10, 0, 0)
        depth = depth_image(np.full((height, width), 2.0, np.float32), camera=camera)
        assert len(cloud.from_depth(depth)) == width * height


def test_16_bit_grey_colours_are_scaled() -> None:
    image = np.full((18, 24), 500, np.uint16)
    image[0, 0] = 1000
    colors = cloud.from_depth(plane(), image).colors
    assert colors is not None
    assert colors[0].tolist() == [255] * 3
    assert colors[1].tolist() == [127] * 3


def test_the_number_of_threads_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    camera = CameraModel(64, 200, 60, 60, 32, 100)
    depth = depth_image(rng.uniform(1, 1.2, (200, 64)).astype(np.float32), camera=camera)
    image = rng.integers(0, 256, (200, 64, 3), np.uint8)
    monkeypatch.setenv("DEPTHKIT_THREADS", "1")
    alone = cloud.from_depth(depth, image)
    monkeypatch.setenv("DEPTHKIT_THREADS", "3")
    together = cloud.from_depth(depth, image)
    np.testing.assert_array_equal(alone.points, together.points)
    np.testing.assert_array_equal(alone.colors, together.colors)


def test_errors_name_the_remedy() -> None:
    with pytest.raises(InputError, match=r"12×9 but the depth 24×18"):
        cloud.from_depth(plane(), np.zeros((9, 12, 3), np.uint8))
    with pytest.raises(InputError, match="color must be uint8"):
        cloud.from_depth(plane(), np.zeros((18, 24), np.float32))  # type: ignore[arg-type]
    with pytest.raises(CalibrationError, match="T_target_camera"):
        cloud.from_depth(plane(), T_target_camera=np.eye(3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"z_min": 2.0, "z_max": 1.0}, "z_min"),
        ({"edge": 0.0}, "edge"),
        ({"min_confidence": 1.5}, "min_confidence"),
        ({"box": (0, 0, 0, 1, 1, -1)}, "box"),
    ],
)
def test_settings_that_leave_nothing(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CloudConfig(**settings)
