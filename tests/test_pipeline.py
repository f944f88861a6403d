"""The whole way from frames to points, against the exact truth of the simulated room."""

import numpy as np
import pytest

from depthkit import CameraModel, DepthImage, FrameSet, Pipeline, Reason, Rig, open_camera, transforms
from depthkit.cloud import CloudConfig
from depthkit.errors import InputError
from depthkit.pipeline import PipelineConfig, Reconstruction, Reconstructor
from depthkit.rectify import Rectifier
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from depthkit_tools.showcase import depth_errors

# Largest median depth error: the fisheye pair has half the focal length, and sees most of what is near on slopes.
BOUNDS = {"brown": 0.01, "none": 0.01, "fisheye": 0.04}


def simulate(lens: str) -> tuple[SimCamera, Reconstruction]:
    camera = SimCamera(Options.parse(f"stereo?lens={lens}&seed=1&frames=1"))
    return camera, next(iter(Pipeline(camera)))


@pytest.mark.parametrize("lens", BOUNDS)
def test_depth_is_close_to_the_truth_and_so_are_the_points(lens: str) -> None:
    camera, result = simulate(lens)
    T_rectified_left = Rectifier(camera.rig).T_rectified_left
    truth = camera.truth(0, result.rig.left, T_rectified_left).depth
    errors = depth_errors(result.depth.depth, truth)
    assert errors["median_error_at_2_m"] < BOUNDS[lens]
    assert errors["median_error"] < BOUNDS[lens]
    assert errors["density"] > 0.7
    assert errors["within_2_percent"] > 0.6

    # The cloud is in the frame of the left camera as it was before rectification: back in that camera's raw
    # image, each point lies at the depth which is exact there.
    points = result.cloud.points.astype(np.float64)
    u, v = np.rint(camera.rig.left.project(points)).T
    inside = (u >= 0) & (u < camera.rig.left.width) & (v >= 0) & (v < camera.rig.left.height)
    seen = camera.truth(0).depth[v[inside].astype(int), u[inside].astype(int)]
    assert np.nanmedian(np.abs(points[inside, 2] / seen - 1)) < BOUNDS[lens]
    assert inside.mean() > 0.95


def test_every_pixel_without_depth_has_a_reason_and_no_other() -> None:
    _, result = simulate("brown")
    known = np.isfinite(result.depth.depth)
    made_up = result.depth.reason == Reason.INTERPOLATED
    assert np.array_equal(known, result.depth.measured | made_up)
    assert np.all(result.depth.confidence[~known] == 0)


def test_up_is_up_and_colours_are_those_of_the_scene() -> None:
    camera, result = simulate("none")
    floor = result.cloud.points[result.cloud.points[:, 1] > 0.5]
    assert len(floor) > 1000  # y points down: the floor is below the camera
    assert result.cloud.colors is not None
    rectified = transforms.apply(Rectifier(camera.rig).T_rectified_left, result.cloud.points)
    u, v = np.rint(result.rig.left.project(rectified)).T
    assert result.image is not None
    there = result.image[v.astype(int), u.astype(int)]
    assert np.mean(np.all(there == result.cloud.colors, axis=1)) > 0.99


def test_depth_measured_by_the_device_is_taken_as_it_is() -> None:
    with open_camera("sim:rgbd?frames=1&size=160x120") as camera:
        result = next(iter(Pipeline(camera)))
    assert result.disparity is None
    assert result.depth is result.frames.depth
    assert result.cloud.frame == "depth"
    assert 0 < len(result.cloud) <= np.isfinite(result.depth.depth).sum()


@pytest.mark.parametrize(("moved", "focal", "colored"), [(0, 50, True), (0.01, 50, False), (0, 51, False)])
def test_color_registered_with_the_depth_colors_the_cloud(moved: float, focal: float, colored: bool) -> None:
    """And colour of another camera does not."""
    camera = CameraModel(8, 6, 50, 50, 3.5, 2.5)
    T = transforms.from_rotation_translation(np.eye(3), [moved, 0, 0])
    rig = Rig({"depth": camera, "color": CameraModel(8, 6, focal, 50, 3.5, 2.5)}, {"color": T})
    z = np.full((6, 8), 2, np.float32)
    depth = DepthImage(z, np.zeros((6, 8), np.uint16), np.ones((6, 8), np.float32), camera)
    color = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    result = Reconstructor(rig, PipelineConfig())(FrameSet({"color": color}, rig, depth=depth))
    assert (result.image is not None) == (result.cloud.colors is not None) == colored
    if result.cloud.colors is not None:
        u, v = np.rint(camera.project(result.cloud.points)).astype(int).T
        assert np.array_equal(result.cloud.colors, color[v, u])
        assert len(result.cloud) == 48


def test_settings_reach_their_stages() -> None:
    camera = SimCamera(Options.parse("stereo?size=160x120&frames=1"))
    near = Reconstructor(camera.rig, PipelineConfig(cloud=CloudConfig(z_max=2.0)))(camera.frame(0))
    assert near.cloud.points[:, 2].max() < 2.05
    theirs = Reconstructor(camera.rig, PipelineConfig(engine="opencv"))(camera.frame(0))
    assert np.any(theirs.depth.reason == Reason.NO_DATA)


def test_frames_that_cannot_be_reconstructed() -> None:
    with open_camera("sim:rgbd?frames=1&size=64x48") as camera:
        frames = next(camera.frames())
    without = FrameSet(frames.images, frames.rig)
    with pytest.raises(InputError, match="neither depth nor a stereo pair"):
        Reconstructor(frames.rig, PipelineConfig())(without)
