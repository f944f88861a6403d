"""The simulation's kernels against their naive twins, and against geometry in closed form."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from depthkit import kernels, transforms
from depthkit.arrays import F32, F64
from depthkit.cameras import CameraModel
from depthkit.errors import InputError
from depthkit.sim import patterns
from depthkit.sim.depth_sensor import DepthSensor, limits_of
from depthkit.sim.noise import normal_quantiles, words
from depthkit.sim.rays import Rays, seen_from
from depthkit.sim.render import render, true_depth
from depthkit.sim.scene import FACES, Lamp, Material, Scene, Shape, box, ellipsoid, pole, sphere
from depthkit.sim.shadows import maps
from tests import oracle_raycast as oracle

CAMERA = CameraModel(40, 19, 30.0, 30.4, 19.3, 8.8, (-0.13, 0.07, 0.0006, -0.0004, -0.012), "brown_conrady")
PINHOLE = CameraModel(65, 43, 60.0, 60.0, 32.0, 21.0)
GREY = Material("grain", 0.5, ("#202020", "#808080", "#f0f0f0"))
RED = Material("plaster", 0.5, ("#d02010", "#d02010", "#d02010"))
COLORFUL = Material("cells", 0.7, ("#803010", "#20a060", "#f0e0ff"))
IDENTITY = np.eye(4)


def random_scene(seed: int) -> Scene:
    """Nine shapes of all kinds in a box around the camera, in no particular place, and two lamps."""
    rng = np.random.default_rng(seed)
    shapes = [box((0, 0, 0), (7, 5, 9), *[GREY if i % 2 else COLORFUL for i in range(6)])]
    for i in range(9):
        half = rng.uniform(0.1, 0.7, 3)
        turn = transforms.rotation_from_vector(rng.uniform(-2, 2, 3))
        pose = transforms.from_rotation_translation(turn, rng.uniform((-1.5, -1, 1.5), (1.5, 1, 4)))
        kind = ("box", "ellipsoid", "cylinder")[i % 3]
        shapes.append(Shape(kind, (half[0], half[1], half[2]), pose, (COLORFUL if i % 2 else GREY,)))
    lamps = (Lamp((0.5, -2, 1), (0, 1, 0), (4, 3, 2)), Lamp((-3, 0, 0), (1, 0, 0.5), (1, 2, 3)))
    return Scene(tuple(shapes), lamps, (0.2, 0.25, 0.3), seed)


def random_pose(seed: int) -> F64:
    rng = np.random.default_rng(seed)
    return transforms.from_rotation_translation(
        transforms.rotation_from_vector(rng.uniform(-0.15, 0.15, 3)), rng.uniform(-0.2, 0.2, 3)
    )


def cast(shapes: NDArray[np.void], rays: F32, bands: int = 1) -> tuple[F32, NDArray[np.int32]]:
    """The kernel, over the rows of tiles in so many bands."""
    table = Rays.of(rays)
    depth, surface = np.zeros(rays.shape[1:], np.float32), np.zeros(rays.shape[1:], np.int32)
    edges = np.linspace(0, table.tiles.shape[1], bands + 1).astype(int).tolist()
    with np.errstate(all="ignore"):
        for start, stop in itertools.pairwise(edges):
            kernels.raycast.cast(start, stop, rays, table.tiles, shapes, depth, surface)
    return depth, surface


@pytest.mark.kernel
@pytest.mark.parametrize("seed", range(4))
def test_cast_finds_what_the_naive_tracer_finds(seed: int) -> None:
    shapes = seen_from(random_scene(seed), random_pose(seed))
    depth, surface = cast(shapes, CAMERA.rays())
    expected_depth, expected_surface = oracle.cast(CAMERA.rays(), shapes)
    same = surface == expected_surface
    assert same.mean() > 0.995  # rounding may move a silhouette past a ray
    np.testing.assert_allclose(depth[same], expected_depth[same], rtol=2e-5)
    assert len(np.unique(surface // 6)) >= 6


@pytest.mark.kernel
@pytest.mark.parametrize("bands", [2, 3])
def test_cast_is_the_same_in_any_bands(bands: int) -> None:
    shapes = seen_from(random_scene(1), IDENTITY)
    whole, banded = cast(shapes, CAMERA.rays()), cast(shapes, CAMERA.rays(), bands)
    np.testing.assert_array_equal(whole[0], banded[0])
    np.testing.assert_array_equal(whole[1], banded[1])


@pytest.mark.kernel
def test_shapes_behind_and_rays_that_are_none_are_not_hit() -> None:
    shapes = seen_from(Scene((sphere((0, 0, -3), 1, GREY), box((0, 0, 4), (20, 20, 1), GREY))), IDENTITY)
    rays = CAMERA.rays().copy()
    rays[:, 3, 5] = np.nan
    depth, surface = cast(shapes, rays)
    hit = np.ones(depth.shape, bool)
    hit[3, 5] = False
    assert (surface[hit] == 6 + 4).all()
    assert surface[3, 5] == -1
    assert np.isnan(depth[3, 5])
    np.testing.assert_allclose(depth[hit], 3.5, rtol=1e-6)


@pytest.mark.kernel
@pytest.mark.parametrize("seed", range(3))
def test_shade_gives_the_naive_radiance(seed: int) -> None:
    scene, rng = random_scene(seed), np.random.default_rng(seed)
    shapes = seen_from(scene, random_pose(seed))
    depth, surface = cast(shapes, CAMERA.rays())
    seen = rng.uniform(1, 5, (2, 32, 32)).astype(np.float32)  # a map of anything: half of it is in shadow
    tables = scene.material_table, patterns.atlas(seed), scene.lamp_table, seen, np.array(scene.ambient, np.float32)
    radiance = np.empty((*depth.shape, 3), np.float32)
    with np.errstate(all="ignore"):
        kernels.shade.shade(0, 9, CAMERA.rays(), depth, surface, shapes, *tables, radiance)
        kernels.shade.shade(9, 19, CAMERA.rays(), depth, surface, shapes, *tables, radiance)
    expected = oracle.shade(CAMERA.rays(), depth, surface, shapes, *tables)
    off = np.abs(radiance - expected).max(-1) > 2e-3 * (1 + expected.max(-1))
    assert off.mean() < 0.01  # rounding may move an edge of a pattern, a shadow or a shape past a ray
    assert expected.max() > 4 * expected.min() > 0


@pytest.mark.kernel
def test_a_pattern_seen_from_afar_is_its_mean() -> None:
    atlas = patterns.atlas(0)
    with np.errstate(all="ignore"):
        far = kernels.texture.sample(atlas, np.int32(3), np.float32(0.3), np.float32(0.7), np.float32(5))
    assert far == pytest.approx(oracle._images(atlas, 3)[0].mean() / 255, abs=0.01)


@pytest.mark.kernel
@pytest.mark.parametrize("gain", [0.0, 1 / 500])
def test_expose_gives_the_naive_digits(gain: float) -> None:
    light = np.linspace(-0.1, 1.2, 24 * 7, dtype=np.float32).reshape(24, 7).clip(0)
    transfer = np.linspace(0, 255, 4096).astype(np.uint8)
    seed, digits = words("a seed"), np.empty(light.shape, np.uint8)
    settings = np.float32(gain), np.float32(30.0), seed, normal_quantiles(), transfer
    for start, stop in ((0, 5), (5, 24)):
        kernels.sensor.expose(start, stop, light, *settings, digits)
    expected = oracle.expose(light, gain, 30.0, seed, normal_quantiles(), transfer)
    assert np.abs(digits.astype(int) - expected).max() <= 1
    assert (digits == expected).mean() > 0.97


@pytest.mark.kernel
def test_measure_gives_the_naive_depth() -> None:
    camera = CameraModel(48, 20, 30.0, 30.0, 23.5, 9.5)
    shapes = seen_from(random_scene(2), IDENTITY)
    depth, surface = cast(shapes, camera.rays())
    depth[2, 3:6], surface[2, 3:6] = np.nan, -1
    projector = transforms.from_rotation_translation(np.eye(3), (0.2, 0, 0))
    lit, _ = cast(seen_from(random_scene(2), projector), camera.rays())
    sensor = DepthSensor(range=(1.5, 4.2), grazing=0.3, edge=0.05, baseline=0.2)
    inputs = camera.rays(), depth, surface, lit, shapes, limits_of(sensor, camera), words("s"), normal_quantiles()
    out = np.empty_like(depth), np.empty(depth.shape, np.uint16), np.empty_like(depth)
    with np.errstate(all="ignore"):
        kernels.depth_sensor.measure(0, 8, *inputs, *out)
        kernels.depth_sensor.measure(8, 20, *inputs, *out)
    expected = oracle.measure(*inputs)
    same = out[1] == expected[1]
    assert same.mean() > 0.99
    assert len(np.unique(out[1])) == 6  # every reason, and none
    assert np.nanmax(np.abs(out[0] - expected[0])[same]) < 1.1e-3  # one step of 1 mm, where rounding tips it
    np.testing.assert_allclose(out[2][same], expected[2][same], rtol=1e-3)


def test_depth_of_a_plane_is_along_the_axis_whatever_the_lens() -> None:
    wall = Scene((box((0, 0, 4), (50, 50, 2), GREY),))
    for camera in (PINHOLE, CAMERA, CameraModel(65, 43, 40, 40, 32, 21, (0.01, 0, 0, 0), "fisheye")):
        np.testing.assert_allclose(true_depth(wall, camera, IDENTITY), 3.0, rtol=1e-6)


def test_depth_of_a_tilted_plane() -> None:
    turn = (0.3, -0.5, 0.2)
    n = transforms.rotation_from_vector(turn)[:, 2]
    plate = Scene((box((0.2, -0.1, 3), (60, 60, 2e-6), GREY, turn=turn),))
    x, y = PINHOLE.rays().astype(float)
    expected = n @ (0.2, -0.1, 3) / (n[0] * x + n[1] * y + n[2])
    np.testing.assert_allclose(true_depth(plate, PINHOLE, IDENTITY), expected, rtol=1e-5)


def test_depth_of_a_sphere() -> None:
    x, y = PINHOLE.rays().astype(float)
    a, b, c = x * x + y * y + 1, -2 * (0.3 * x - 0.2 * y + 4), 0.3**2 + 0.2**2 + 4**2 - 0.8**2
    with np.errstate(invalid="ignore"):
        expected = (-b - np.sqrt(b * b - 4 * a * c)) / (2 * a)
    depth = true_depth(Scene((sphere((0.3, -0.2, 4), 0.8, GREY),)), PINHOLE, IDENTITY)
    assert ((np.isfinite(depth)) == np.isfinite(expected)).mean() > 0.999
    np.testing.assert_allclose(depth, expected, rtol=2e-4)
    assert np.nanmin(depth) == pytest.approx(np.nanmin(expected), rel=1e-6)


def test_depth_of_a_box_seen_over_its_edge_and_of_a_pole() -> None:
    edge_on = Scene((box((0, 0, 3), (1, 1, 1), GREY, turn=(0, np.pi / 4, 0)),))
    assert true_depth(edge_on, PINHOLE, IDENTITY)[21, 32] == pytest.approx(3 - np.sqrt(0.5), rel=1e-5)
    standing = Scene((pole((0, 1, 2), 0.25, 5, GREY),))
    np.testing.assert_allclose(true_depth(standing, PINHOLE, IDENTITY)[:, 32], 1.75, rtol=1e-5)


def test_a_room_is_seen_from_inside() -> None:
    depth = true_depth(Scene((box((0, 0, 1), (4, 3, 8), GREY),)), PINHOLE, IDENTITY)
    assert depth[21, 32] == pytest.approx(5.0)
    x, y = PINHOLE.rays().astype(float)
    np.testing.assert_allclose(
        depth, np.minimum(5, np.minimum(2 / np.abs(x + 1e-12), 1.5 / np.abs(y + 1e-12))), rtol=1e-4
    )


def test_the_first_pixel_is_centred_at_zero_and_pictures_are_neither_mirrored_nor_upside_down() -> None:
    ball = sphere((0.4, -0.3, 2), 0.1, RED)  # to the right of the axis and above it
    surface = render(Scene((ball,)), PINHOLE, IDENTITY).surface
    v, u = np.nonzero(surface == 0)
    np.testing.assert_allclose((u.mean(), v.mean()), PINHOLE.project((0.4, -0.3, 2)), atol=0.1)
    assert u.mean() > 32
    assert v.mean() < 21


def test_a_straight_edge_bends_as_the_lens_does() -> None:
    camera = CameraModel(160, 120, 110, 110, 79, 60, (-0.25, 0.05, 0, 0), "brown_conrady")
    half_plane = Scene((box((5.7, 0, 2), (10, 20, 2e-6), RED),))  # its left edge is x = 0.7 at z = 2
    depth = true_depth(half_plane, camera, IDENTITY)
    first = np.argmax(np.isfinite(depth), axis=1)
    heights = np.linspace(-2, 2, 400)
    u, v = camera.project(np.stack([np.full(400, 0.7), heights, np.full(400, 2.0)], -1)).T
    expected = np.interp(np.arange(120), v, u)
    assert (np.abs(first - 0.5 - expected) <= 0.51).all()
    assert np.ptp(expected) > 3  # bent indeed


def test_a_smooth_edge_is_covered_by_its_share() -> None:
    white = Material("plaster", 1.0, ("#ffffff",) * 3)
    radiance = render(Scene((box((5.2 + 1 / 60, 0, 2), (10, 20, 2e-6), white),)), PINHOLE, IDENTITY).radiance[:, :, 0]
    # The edge, at x = 0.2 + 1/60, falls on column 38.5 at z = 2 and 60 px of focal length: no pixel is cut.
    assert (radiance[:, :39] == 0).all()
    assert np.ptp(radiance[:, 39:]) < 1e-5
    shifted = render(Scene((box((5.2 + 2 / 60, 0, 2), (10, 20, 2e-6), white),)), PINHOLE, IDENTITY).radiance[:, :, 0]
    np.testing.assert_allclose(shifted[:, 39], radiance[:, 40] / 2, rtol=1e-5)  # column 39 is half covered


@pytest.mark.parametrize("seed", [0, 1])
def test_shadows_are_where_the_lamp_is_hidden(seed: int) -> None:
    scene = random_scene(seed)
    scene = dataclasses.replace(scene, lamps=scene.lamps[:1], ambient=(0.0, 0.0, 0.0))
    rendering = render(scene, CAMERA, IDENTITY)
    T_lamp_world = transforms.inverse(scene.lamps[0].T_world_lamp)
    from_camera, from_lamp = seen_from(scene, IDENTITY), seen_from(scene, scene.lamps[0].T_world_lamp)
    agreed, dark = [], []
    for v, u in np.argwhere(rendering.surface >= 0):
        k, face = divmod(int(rendering.surface[v, u]), 6)
        T_shape_world = transforms.inverse(scene.shapes[k].T_world_shape)
        point = rendering.depth[v, u] * np.array([*CAMERA.rays()[:, v, u], 1.0])
        normal = oracle.normal(from_camera[k], face, transforms.apply(T_shape_world, point)) * (-1 if k == 0 else 1)
        x, y, z = transforms.apply(T_lamp_world, point)
        facing = transforms.apply(T_shape_world, scene.lamps[0].position) - transforms.apply(T_shape_world, point)
        if z > 0.05 and normal @ facing > 0.05:
            hidden = oracle.nearest(x / z, y / z, from_lamp)[0] < 0.98 * z
            agreed.append(hidden == (rendering.radiance[v, u].max() < 1e-6))
            dark.append(hidden)
    assert np.mean(agreed) > 0.9  # all but the soft edges
    assert 0.05 < np.mean(dark) < 0.95


def test_the_lamps_map_holds_the_distance_to_what_it_sees() -> None:
    scene = Scene((box((0, 0, 0), (4, 4, 4), GREY),), (Lamp((0, 0, 0), (0, 1, 0), (1, 1, 1)),))
    seen = maps(scene)[0]
    middle, side = len(seen) // 2, len(seen) // 2 + round(len(seen) / 2 * np.tan(np.pi / 8))
    assert seen[middle, middle] == pytest.approx(2, rel=1e-3)
    assert seen[middle, side] == pytest.approx(2 * np.sqrt(2), rel=1e-2)  # 45° off
    assert np.isinf(seen[0, 0])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_depth_is_that_of_the_point_seen(seed: int, count: int) -> None:
    """Every point, taken to its shape's frame, lies on the shape's surface, on the face that is named."""
    scene, pose = random_scene(seed), random_pose(seed + count)
    depth, surface = cast(seen_from(scene, pose), CAMERA.rays())
    x, y = CAMERA.rays().astype(float)
    points = transforms.apply(pose, np.stack([x, y, np.ones_like(x)], -1) * depth[..., None])
    for k, shape in enumerate(scene.shapes):
        mine = surface // 6 == k
        p = transforms.apply(transforms.inverse(shape.T_world_shape), points[mine]) / shape.half
        level = {"box": np.abs(p).max(-1), "ellipsoid": np.linalg.norm(p, axis=-1)}
        level["cylinder"] = np.maximum(np.abs(p[:, 1]), np.hypot(p[:, 0], p[:, 2]))
        np.testing.assert_allclose(level[shape.kind], 1, atol=2e-4)
        if shape.kind == "box":
            face = surface[mine] % 6
            np.testing.assert_allclose(p[np.arange(len(p)), face // 2], face % 2 * 2 - 1, atol=2e-4)


def test_bad_shapes_and_patterns_are_named() -> None:
    with pytest.raises(InputError, match="box, ellipsoid, cylinder, not 'cone'"):
        Shape("cone", (1, 1, 1), IDENTITY, (GREY,))
    with pytest.raises(InputError, match="must be positive"):
        ellipsoid((0, 0, 1), (1, 0, 1), GREY)
    with pytest.raises(InputError, match=f"1 material or {len(FACES)}, not 2"):
        box((0, 0, 1), (1, 1, 1), GREY, RED)
    with pytest.raises(InputError, match="no pattern 'tartan'"):
        patterns.index("tartan")
