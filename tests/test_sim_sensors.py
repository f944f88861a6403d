"""The simulated sensors: the statistics of their noise, and what they cannot measure."""

import numpy as np
import pytest

from depthkit.arrays import F32
from depthkit.cameras import CameraModel
from depthkit.errors import InputError
from depthkit.sim.camera import SimCamera
from depthkit.sim.depth_sensor import DepthSensor, measure
from depthkit.sim.options import Options
from depthkit.sim.scene import Material, Scene, box
from depthkit.sim.sensor import Sensor, expose
from depthkit.types import Reason

GREY = Material("grain", 0.5, ("#202020", "#808080", "#f0f0f0"))


def flat(level: float, size: int = 200) -> F32:
    return np.full((size, size, 3), level, np.float32)


def test_noise_follows_the_photon_transfer_curve() -> None:
    sensor = Sensor(full_well=600, read_noise=8, gamma=1.0)
    for level in (0.1, 0.3, 0.6):
        digits = expose(flat(level), sensor, "curve").astype(float)
        variance = (level * 600 + 8**2) * (255 / 600) ** 2 + 1 / 12  # photons, reading, rounding to digits
        assert digits.mean() == pytest.approx(255 * level, abs=0.15)
        assert digits.var() == pytest.approx(variance, rel=0.03)


def test_noise_of_pixels_channels_and_seeds_is_independent() -> None:
    sensor = Sensor(full_well=200, blur=0, gamma=1.0)
    a, b = (expose(flat(0.5), sensor, seed).astype(float) - 127.5 for seed in ("a", "b"))
    pairs = [(a, b), (a[1:], a[:-1]), (a[:, 1:], a[:, :-1]), (a[..., 0], a[..., 1]), (a[..., 1], a[..., 2])]
    for first, second in pairs:
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4 / np.sqrt(first.size)


def test_exposure_gamma_and_saturation() -> None:
    dark, bright = Sensor(exposure_us=2_500, noise=False), Sensor(exposure_us=40_000, noise=False)
    np.testing.assert_allclose(expose(flat(0.4), dark, ""), 255 * 0.1 ** (1 / 2.2), atol=1)
    assert (expose(flat(0.4), bright, "") == 255).all()
    grey = expose(flat(0.4)[..., 0], Sensor(noise=False), "")
    assert grey.shape == (200, 200)


def test_blur_spreads_a_point_as_a_gaussian() -> None:
    point = np.zeros((21, 21), np.float32)
    point[10, 10] = 1
    digits = expose(point, Sensor(blur=1.0, noise=False, gamma=1.0, exposure_us=60_000), "").astype(float)
    x = np.arange(-10, 11)
    weights = np.exp(-(x**2) / 2)
    weights /= weights.sum()
    np.testing.assert_allclose(digits, 255 * 6 * np.outer(weights, weights), atol=2.5)


def test_an_impossible_sensor_is_refused() -> None:
    with pytest.raises(InputError, match="must be positive"):
        Sensor(exposure_us=0)


DEPTH_CAMERA = CameraModel(160, 120, 125, 125, 79.5, 59.5)
IDENTITY = np.eye(4)


def test_an_rgbd_camera_measures_depth_beside_its_picture() -> None:
    camera = SimCamera(Options.parse("rgbd?size=160x120"))
    frame = camera.frame(0)
    assert sorted(frame.images) == ["color"]
    assert np.linalg.norm(frame.rig.T("color", "depth")[:3, 3]) == pytest.approx(0.025, abs=1e-4)
    depth, truth = frame.depth, camera.truth(0)
    assert depth is not None
    assert depth.camera == truth.camera == frame.rig.camera("depth")
    assert depth.stamp_ns == frame.stamp_device_ns
    assert 0.6 < depth.measured.mean() < 0.99
    np.testing.assert_array_equal(np.isfinite(depth.depth), depth.measured)
    np.testing.assert_array_equal(depth.confidence > 0, depth.measured)
    assert np.median(np.abs(depth.depth - truth.depth)[depth.measured]) < 0.02
    exact = SimCamera(Options.parse("rgbd?size=160x120&noise=0")).frame(0).depth
    assert exact is not None
    np.testing.assert_array_equal(exact.depth, truth.depth)


@pytest.mark.parametrize("z", [0.8, 2.0, 4.0])
def test_depth_noise_grows_with_the_square_of_depth(z: float) -> None:
    wall = Scene((box((0, 0, z + 1), (20, 20, 2), GREY),))
    depth = measure(wall, DEPTH_CAMERA, IDENTITY, DepthSensor(unit=1e-5), "noise")
    facing = np.s_[40:80, 50:110]  # rays within a few degrees of the normal
    assert depth.depth[facing].mean() == pytest.approx(z, abs=3e-4 * z * z)
    assert depth.depth[facing].std() == pytest.approx(0.0012 + 0.0019 * (z - 0.4) ** 2, rel=0.05)


def test_depth_comes_in_whole_millimetres() -> None:
    wall = Scene((box((0, 0, 3), (20, 20, 2), GREY),))
    depth = measure(wall, DEPTH_CAMERA, IDENTITY, DepthSensor(), "")
    steps = depth.depth / np.float32(0.001)
    np.testing.assert_allclose(steps, np.rint(steps), atol=2e-3)


@pytest.mark.parametrize(
    ("z", "reason"), [(0.4, Reason.TOO_NEAR), (4.6, Reason.TOO_FAR), (2.0, Reason(0))], ids=["near", "far", "between"]
)
def test_depth_out_of_range_says_so(z: float, reason: Reason) -> None:
    depth = measure(Scene((box((0, 0, z + 1), (20, 20, 2), GREY),)), DEPTH_CAMERA, IDENTITY, DepthSensor(), "")
    assert (depth.reason == reason).all()


def test_nothing_and_grazing_surfaces_give_no_data() -> None:
    floor = Scene((box((0, 0.2, 0), (20, 0.2, 20), GREY),))  # 10 cm below the camera: seen at a slant of z / 0.1
    depth = measure(floor, DEPTH_CAMERA, IDENTITY, DepthSensor(range=(0.1, 9)), "")
    assert (depth.reason[:59] == Reason.NO_DATA).all()  # above the horizon
    assert (depth.reason[64:75] == Reason.NO_DATA).all()  # the cosine is 0.1 / √(0.1² + z²) < 0.17 for z > 0.58
    assert depth.measured[105:].all()


def test_the_projector_casts_a_shadow_to_the_left_of_what_is_near() -> None:
    scene = Scene((box((0, 0, 1.25), (0.4, 9, 0.5), GREY), box((0, 0, 3), (20, 20, 2), GREY)))
    depth = measure(scene, DEPTH_CAMERA, IDENTITY, DepthSensor(jitter=0, baseline=0.08), "")
    hidden = depth.reason == Reason.LEFT_RIGHT
    # The post's left edge is at 79.5 - 125 · 0.2 = 54.5; its shadow is f · baseline · (1/1 - 1/2) = 5 px wide.
    assert hidden[:, 50:53].all()
    assert not hidden[:, :49].any()
    assert not hidden[:, 56:].any()
    assert (depth.reason[:, 50:56] != 0).all()  # and the edge itself
