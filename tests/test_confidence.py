"""Confidence: its laws, and how well it tells the share of right disparities, on real scenes and on rendered ones."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from depthkit import images, kernels, transforms
from depthkit.arrays import F32
from depthkit.rectify import Rectifier, rectifying_rotations
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from depthkit.stereo import Sgm, match
from depthkit.types import Disparity
from depthkit_tools.bench import calibration
from depthkit_tools.bench.calibration import Counts
from depthkit_tools.bench.confidence import count
from tests import oracle_sgm as oracle
from tests.driving_scene import NUM_DISPARITIES, street
from tests.test_stereo_real import BOUNDS, scene

WIDTH = 40
Array = NDArray[Any]
bytes_of_a_row = st.integers(0, 2**31).map(lambda seed: np.random.default_rng(seed))


def trusted(least: Any, second: Any, grey: Any, rejected: Any, paths: float = 3) -> F32:
    """Confidence of a row."""
    reason, out = np.where(rejected, 16, 0).astype(np.uint16), np.empty(len(grey), np.float32)
    rows = kernels.confidence.work(len(grey))
    costs = np.asarray(least, np.uint8), np.asarray(second, np.uint8)
    kernels.confidence.trust(*costs, np.asarray(grey, np.uint8), reason, np.float32(paths), rows, out)
    return out


def a_row(rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Costs of the best and the second best, grey levels, and what is rejected."""
    least = rng.integers(0, 60, WIDTH)
    second = least + rng.integers(0, 60, WIDTH)
    return least, second, rng.integers(0, 256, WIDTH), rng.integers(0, 5, WIDTH) == 0


@pytest.mark.kernel
@pytest.mark.parametrize("paths", [2.5, 3, 4])
def test_the_kernel_does_what_its_naive_twin_does(paths: float) -> None:
    least, second, grey, rejected = a_row(np.random.default_rng(1))
    image = grey.reshape(1, -1)
    wanted = np.zeros(WIDTH, np.float32)
    for x in map(int, np.flatnonzero(~rejected)):
        gradient = abs(oracle.at(image, 0, x + 1) - oracle.at(image, 0, x - 1))
        near = int(np.count_nonzero(rejected[max(x - 8, 0) : x + 9]))
        wanted[x] = oracle.trust(int(least[x]), int(second[x]), gradient, near, paths)
    np.testing.assert_array_equal(trusted(least, second, grey, rejected, paths), wanted)


@given(bytes_of_a_row, st.integers(1, 30))
def test_confidence_grows_with_the_margin_and_falls_with_the_cost(rng: np.random.Generator, more: int) -> None:
    least, second, grey, rejected = a_row(rng)
    plain = trusted(least, second, grey, rejected)
    assert (trusted(least, second + more, grey, rejected) >= plain).all()
    assert (trusted(least + more, second + more, grey, rejected) <= plain).all()


@given(bytes_of_a_row)
def test_confidence_falls_with_rejected_neighbours_and_edges(rng: np.random.Generator) -> None:
    least, second, grey, rejected = a_row(rng)
    more = rejected | (rng.integers(0, 3, WIDTH) == 0)
    assert (trusted(least, second, grey, more) <= trusted(least, second, grey, rejected)).all()
    assert (trusted(least, second, grey, rejected) <= trusted(least, second, np.full(WIDTH, 9), rejected)).all()


@given(bytes_of_a_row)
def test_confidence_is_a_probability_and_nothing_of_what_is_rejected(rng: np.random.Generator) -> None:
    least, second, grey, rejected = a_row(rng)
    found = trusted(least, second, grey, rejected)
    np.testing.assert_array_equal(found == 0, rejected)
    worst = 1 - kernels.confidence.WORST
    assert ((found[~rejected] > worst) & (found[~rejected] < 1)).all()


@given(bytes_of_a_row)
def test_twice_the_paths_with_twice_the_sums_say_the_same(rng: np.random.Generator) -> None:
    least, second, grey, rejected = a_row(rng)
    once, twice = (trusted(n * least, n * second, grey, rejected, 3 * n) for n in (1, 2))
    np.testing.assert_allclose(twice, once, rtol=1e-6)


def test_noise_lowers_confidence(shared_data: Path) -> None:
    on, rng = scene(shared_data, "middlebury2003/teddy"), np.random.default_rng(2)
    noisy = [np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8) for image in (on.left, on.right)]
    clean, worse = match(on.left, on.right, Sgm(64)), match(noisy[0], noisy[1], Sgm(64))
    assert worse.confidence[worse.measured].mean() < clean.confidence[clean.measured].mean() - 0.05


@cache
def counts(data: Path, paths: int) -> dict[str, Counts]:
    return {name: count(on := scene(data, name), Sgm(on.num_disparities, paths=paths)) for name in BOUNDS}


def assert_calibrated(of: Counts, error: float, bin_error: float = 0.1, fewest: float = 0.002) -> None:
    """Within these bounds over all pixels, and in each tenth of confidence that has enough of them."""
    model = calibration.library_model()
    assert calibration.calibration_error(of, model) < error
    pixels, confidence, right = calibration.reliability(of, model).T
    enough = pixels >= fewest
    assert enough.sum() >= 4
    assert np.abs(confidence - right)[enough].max() < bin_error


@pytest.mark.parametrize("paths", [3, 4, 5, 8])
def test_confidence_is_the_share_of_right_pixels_of_real_scenes(shared_data: Path, paths: int) -> None:
    scenes = counts(shared_data, paths)
    assert_calibrated(calibration.together(list(scenes.values())), 0.01)
    for name, of in scenes.items():
        assert calibration.calibration_error(of, calibration.library_model()) < 0.03, name


def test_constants_fitted_without_a_scene_hold_on_it(shared_data: Path) -> None:
    scenes = counts(shared_data, 3)
    errors = {}
    for name, of in scenes.items():
        model = calibration.fitted([other for key, other in scenes.items() if key != name])
        errors[name] = calibration.calibration_error(of, model)
    assert max(errors.values()) < 0.03
    assert np.mean(list(errors.values())) < 0.015


def test_the_constants_are_those_that_fit_best(shared_data: Path) -> None:
    scenes = [of for paths in (3, 4, 5, 8) for of in counts(shared_data, paths).values()]
    best, ours = calibration.fitted(scenes), calibration.library_model()
    assert ours.odds == pytest.approx(best.odds, rel=0.1)
    assert ours.worst == pytest.approx(best.worst, abs=0.04)


@pytest.mark.parametrize("paths", [3, 8])
def test_confident_pixels_come_out_right_first(shared_data: Path, paths: int) -> None:
    scenes = counts(shared_data, paths).values()
    areas = [calibration.error_area(of) for of in scenes]
    by_chance = [1 - of.right.sum() for of in scenes]
    assert np.mean(areas) < 0.0088
    assert np.mean(areas) < 0.22 * np.mean(by_chance)


@pytest.mark.parametrize("paths", [3, 8])
def test_confidence_holds_in_a_simulated_room(paths: int) -> None:
    pairs = [room(sequence) for sequence in (0, 60)]
    found = [rightness(match(left, right, Sgm(128, paths=paths)), truth) for left, right, truth in pairs]
    assert_calibrated(calibration.together(found), 0.03, fewest=0.01)


@cache
def room(sequence: int) -> tuple[Any, Any, F32]:
    """A rectified pair and its true disparities."""
    with SimCamera(Options.parse("stereo?size=320x240&seed=7")) as camera:
        rectifier, frames = Rectifier(camera.rig), camera.frame(sequence)
        grey = [images.to_u8(images.to_grey(frames.image(side))) for side in ("left", "right")]
        R_rectified_left, _ = rectifying_rotations(camera.rig.T("right", "left"))
        T_rectified_left = transforms.from_rotation_translation(R_rectified_left, (0, 0, 0))
        rig = rectifier.rig
        depth = camera.truth(sequence, rig.left, T_rectified_left).depth
    truth = rig.left.fx * rig.baseline / depth - (rig.right.cx - rig.left.cx)
    return rectifier.left(grey[0]), rectifier.right(grey[1]), np.asarray(truth, np.float32)


def rightness(found: Disparity, truth: F32) -> Counts:
    there = found.measured & np.isfinite(truth)
    return calibration.count(found.confidence[there], np.abs(found.values - truth)[there] <= 1)


def test_confidence_in_streets() -> None:
    """Noise, exposures that differ, and images off in height: none of it is in the pairs that constants come from."""
    on = street(1)
    of = rightness(match(on.left, on.right, Sgm(NUM_DISPARITIES)), on.truth)
    assert_calibrated(of, 0.06, bin_error=0.12, fewest=0.01)


def test_at_half_resolution_it_is_for_2_px(shared_data: Path) -> None:
    found = []
    for name in BOUNDS:
        on = scene(shared_data, name)
        result = match(on.left, on.right, Sgm(on.num_disparities, half=True))
        there = result.measured & np.isfinite(on.truth)
        right = np.abs(result.values - on.truth)[there] <= 2
        found.append(calibration.count(result.confidence[there], right))
    assert_calibrated(calibration.together(found), 0.02)


def test_what_is_made_up_is_right_less_often(shared_data: Path) -> None:
    made_up, filled = [], []
    for name in BOUNDS:
        on = scene(shared_data, name)
        result = match(on.left, on.right, Sgm(on.num_disparities, fill="background"))
        right, truth = np.abs(result.values - on.truth) <= 1, np.isfinite(on.truth)
        made_up.append(right[truth & (result.confidence == np.float32(0.1))].mean())
        filled.append(right[truth & (result.confidence == np.float32(0.05))].mean())
    assert np.mean(filled) < np.mean(made_up) < 0.75
