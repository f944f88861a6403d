"""Kernels of calibration against their naive twins."""

import numpy as np
import pytest

from depthkit import kernels, transforms
from depthkit.cameras import CameraModel
from depthkit_calib import bundle, corners
from tests import oracle_bundle as oracle
from tests.calibration_scenes import grid

BROWN = (-0.2, 0.05, 0.002, -0.001, 0.01, 0.03, -0.02, 0.005, 0.001, -0.0005, 0.0007, 0.0003)
LENSES = [
    CameraModel(640, 480, 500, 510, 320, 240, BROWN, "brown_conrady"),
    CameraModel(640, 480, 500, 510, 320, 240, BROWN[:5], "brown_conrady"),
    CameraModel(640, 480, 300, 310, 320, 240, (-0.02, 0.01, -0.003, 0.001), "fisheye"),
]
T_CAMERA = transforms.from_rotation_translation(transforms.rotation_from_vector((0.1, -0.2, 0.3)), (0.05, 0.02, 0.1))
T_BOARD = transforms.from_rotation_translation(transforms.rotation_from_vector((0.4, 0.3, -0.5)), (-0.1, 0.05, 0.6))
POINTS = grid(4, 3)
WARP = np.array([0.004, -0.003])


@pytest.mark.kernel
@pytest.mark.parametrize("camera", LENSES, ids=["12 coefficients", "5 coefficients", "fisheye"])
def test_what_a_sighting_says(camera: CameraModel) -> None:
    rng = np.random.default_rng(0)
    rises, seen, weights = bundle.bends(POINTS), rng.uniform(0, 480, (len(POINTS), 2)), rng.uniform(0.2, 1, len(POINTS))

    def pixels(x: np.ndarray) -> np.ndarray:
        lens = bundle.with_lens(camera, bundle.lens_vector(camera) + x[:16])
        board = POINTS + np.outer(rises @ (WARP + x[22:24]), (0, 0, 1))
        return oracle.predicted(lens, oracle.turned(T_CAMERA, x[16:22]), oracle.turned(T_BOARD, x[24:30]), board)

    residuals, normals, gradients = np.empty((len(POINTS), 2)), np.empty((1, 30, 30)), np.empty((1, 30))
    kernels.bundle.sightings(
        0, 1, np.array([0, len(POINTS)]), np.array([0]), np.array([0]), POINTS, rises, seen, weights,
        bundle.lens_vector(camera)[None], np.array([camera.model == "fisheye"]), T_CAMERA[None], T_BOARD[None], WARP,
        True, residuals, normals, gradients,
    )  # fmt: skip
    expected = pixels(np.zeros(30)) - seen
    J = oracle.slopes(pixels, np.zeros(30)).reshape(-1, 30)
    W = np.repeat(weights, 2)
    own = np.r_[: 4 + len(camera.distortion), 16:30]  # the other columns are of coefficients that the lens lacks
    J, upper = J[:, own], np.triu_indices(len(own))
    np.testing.assert_allclose(residuals, expected, atol=1e-9)
    np.testing.assert_allclose(gradients[0, own], J.T @ (W * expected.ravel()), rtol=1e-5, atol=1e-2)
    found = normals[0][np.ix_(own, own)]
    np.testing.assert_allclose(found[upper], (J.T @ (W[:, None] * J))[upper], rtol=1e-5, atol=1e-1)


@pytest.mark.kernel
def test_sightings_are_gathered() -> None:
    rng = np.random.default_rng(1)
    views, cameras, columns = np.array([0, 0, 1]), np.array([0, 1, 1]), np.full((2, 24), -1)
    columns[0, :4], columns[1, 16:22], columns[:, 22:] = np.arange(4), np.arange(4, 10), (10, 11)
    J = rng.normal(size=(3, 5, 30))
    normals, gradients = np.triu(np.einsum("sni,snj->sij", J, J)), J.sum(1)
    out = np.zeros((12, 12)), np.zeros((2, 12, 6)), np.zeros((2, 6, 6)), np.zeros(12), np.zeros((2, 6))
    kernels.bundle.gather(views, cameras, columns, normals, gradients, *out)
    whole, right = np.zeros((24, 24)), np.zeros(24)
    for s in range(3):
        to = np.zeros((30, 25))  # the last column takes what is held fixed
        to[np.arange(24), np.where(columns[cameras[s]] < 0, 24, columns[cameras[s]])] = 1
        to[np.arange(24, 30), 12 + 6 * views[s] + np.arange(6)] = 1
        whole += (to.T @ J[s].T @ J[s] @ to)[:24, :24]
        right += (to.T @ gradients[s])[:24]
    A, B, C, g, h = out
    np.testing.assert_allclose(A, whole[:12, :12])
    np.testing.assert_allclose(B, [whole[:12, 12:18], whole[:12, 18:]])
    np.testing.assert_allclose(C, [whole[12:18, 12:18], whole[18:, 18:]])
    np.testing.assert_allclose(np.concatenate([g, h.ravel()]), right)


@pytest.mark.kernel
@pytest.mark.parametrize("radius", [2, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_corner_is_a_saddle_point(radius: int, dtype: type) -> None:
    rng = np.random.default_rng(radius)
    y, x = np.mgrid[:24, :26]
    pattern = np.tanh(0.6 * (x - 12.3 + 0.2 * y - 2.2)) * np.tanh(0.6 * (y - 11.4))
    image = np.round(120 + 80 * pattern + rng.normal(0, 2, pattern.shape)).astype(dtype)
    start = np.array([[12.0, 11.0], [2.0, 2.0]])
    moved, found = start.copy(), np.zeros(2, bool)
    kernels.saddle.refine(0, 2, image, *corners._window(radius), moved, found)
    assert found.tolist() == [True, False]
    np.testing.assert_allclose(moved[0], oracle.saddle(image.astype(float), radius, start[0]), atol=2e-3)
    np.testing.assert_array_equal(moved[1], start[1])


def test_a_corner_without_a_saddle_point_stays() -> None:
    flat = np.full((40, 40), 90, np.uint8)
    moved, found = corners.refine(flat, np.array([[20.0, 20.0]]), 20)
    assert not found[0]
    np.testing.assert_array_equal(moved, [[20.0, 20.0]])
