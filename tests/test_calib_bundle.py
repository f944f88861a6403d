"""Bundle adjustment against known rigs, against OpenCV, and its own account of how sure it is."""

import itertools

import cv2
import numpy as np
import pytest

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit_calib.bundle import Adjusted, Freedom, State, adjust
from depthkit_calib.initial import first_guess, pose_of_board
from depthkit_calib.lens_models import unsafe, with_model
from depthkit_calib.rows import held_out, row_errors
from depthkit_calib.sightings import Sighting, View, shared
from tests.calibration_scenes import LEFT, RIG, SIZES, T_RIGHT_LEFT, grid, poses, views

POINTS = grid()
BOTH, RIGHT = frozenset({"left", "right"}), frozenset({"right"})


def solve(seen: list[View], model: str = "brown_conrady-5", warp: bool = True, robust: bool = True) -> Adjusted:
    guess = first_guess(seen, POINTS, SIZES, "fisheye" if model == "fisheye" else "pinhole")
    cameras = {role: with_model(camera, model) for role, camera in guess.rig.cameras.items()}
    start = State(Rig(cameras, guess.rig.T_camera_rig), guess.T_rig_board)
    return adjust(start, seen, POINTS, Freedom(BOTH, RIGHT, warp, robust))


def true_row_error(rig: Rig, seed: int = 0) -> float:
    """Mean px over points anywhere in both pictures, without noise."""
    rng = np.random.default_rng(seed)
    rays = np.column_stack([LEFT.unproject(rng.uniform((5, 5), (635, 475), (4000, 2))), np.ones(4000)])
    points = rays * rng.uniform(0.5, 4, (4000, 1))
    left, right = LEFT.project(points), RIG.right.project(transforms.apply(T_RIGHT_LEFT, points))
    inside = ((right > 3) & (right < (636, 476))).all(1)
    return float(np.abs(row_errors(rig, left[inside], right[inside])).mean())


def scene(count: int, seed: int = 0, **how: float | tuple[float, float]) -> list[View]:
    rng = np.random.default_rng(seed)
    return views(RIG, poses(RIG, count, rng, POINTS), rng, POINTS, **how)  # type: ignore[arg-type]


def test_without_noise_the_rig_is_found() -> None:
    found = solve(scene(10, noise=0.0))
    assert found.sigma < 1e-4
    for role in ("left", "right"):
        truth, camera = RIG.camera(role), found.state.rig.camera(role)
        np.testing.assert_allclose(camera.K, truth.K, atol=1e-3)
        np.testing.assert_allclose(camera.distortion, truth.distortion, atol=1e-4)
    np.testing.assert_allclose(found.state.rig.T("right", "left"), T_RIGHT_LEFT, atol=1e-6)
    assert true_row_error(found.state.rig) < 1e-4


def test_it_equals_opencv_where_opencv_can() -> None:
    """A flat board, no robust loss, all points seen: the same optimum as cv2.stereoCalibrate's."""
    seen = scene(10)
    found = solve(seen, warp=False, robust=False).state.rig
    board = [POINTS.astype(np.float32)] * len(seen)
    left, right = ([view[role].pixels.astype(np.float32) for view in seen] for role in SIZES)
    K, k = ([getattr(c, name) for c in (found.left, found.right)] for name in ("K", "distortion"))
    criteria = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 100, 1e-9)
    _, K1, _, _, d2, R, t, _, _ = cv2.stereoCalibrate(
        board, left, right, K[0], np.array(k[0]), K[1], np.array(k[1]), SIZES["left"],
        flags=cv2.CALIB_USE_INTRINSIC_GUESS, criteria=criteria,
    )  # fmt: skip
    np.testing.assert_allclose(found.left.K, K1, atol=0.02)
    np.testing.assert_allclose(found.right.distortion, d2.ravel()[:5], atol=1e-3)
    np.testing.assert_allclose(found.T("right", "left")[:3, 3], t.ravel(), atol=1e-5)
    np.testing.assert_allclose(found.T("right", "left")[:3, :3], R, atol=1e-5)


def test_points_found_wrong_hardly_count() -> None:
    seen = scene(25, outliers=0.01)
    robust, plain = solve(seen), solve(seen, robust=False)
    assert true_row_error(robust.state.rig) < 0.03 < true_row_error(plain.state.rig)
    assert robust.sigma == pytest.approx(0.1, rel=0.05)
    assert 15 < (~robust.inliers).sum() < 60


def test_a_bent_board_is_found_out() -> None:
    found = solve(scene(25, warp=(5e-4, 3e-4)))
    np.testing.assert_allclose(found.state.warp, (5e-4, 3e-4), atol=5e-5)
    assert true_row_error(found.state.rig) < 0.04


@pytest.mark.parametrize("focal", [300, 220, 160])
def test_fisheye_from_nothing(focal: float) -> None:
    camera = CameraModel(640, 480, focal, focal, 325, 238, (-0.02, 0.003, 0.001, -0.0006), "fisheye")
    rig, rng = Rig.stereo(camera, camera, T_RIGHT_LEFT), np.random.default_rng(0)
    boards = poses(rig, 20, rng, POINTS, reach=(0.12, 0.4))
    found = solve(views(rig, boards, rng, POINTS, noise=0.05), "fisheye").state.rig
    assert found.left.fx == pytest.approx(focal, rel=0.01)
    np.testing.assert_allclose(found.T("right", "left"), T_RIGHT_LEFT, atol=2e-3)


def test_it_knows_how_sure_it_is() -> None:
    """Over repeated noise, each parameter's errors are as its covariance says, also with the robust loss."""
    boards = poses(RIG, 12, np.random.default_rng(3), POINTS)
    off, said = [], []
    for seed in range(30):
        found = solve(views(RIG, boards, np.random.default_rng(seed), POINTS))
        rig = found.state.rig
        values = rig.left.fx, rig.right.cy, rig.T("right", "left")[0, 3], rig.T("right", "left")[2, 3]
        truth = LEFT.fx, RIG.right.cy, T_RIGHT_LEFT[0, 3], T_RIGHT_LEFT[2, 3]
        at = [found.names.index(name) for name in ("left.fx", "right.cy", "right.shift.0", "right.shift.2")]
        off.append(np.subtract(values, truth))
        said.append(np.sqrt(np.diag(found.covariance)[at]))
    ratio = np.sqrt(np.mean(np.square(off), 0)) / np.median(said, 0)
    assert ((ratio > 0.7) & (ratio < 1.4)).all(), ratio  # 30 samples leave 13 % of doubt


def test_three_cameras_in_a_chain() -> None:
    """The middle one sees boards with each of the outer ones, which never see one together."""
    T_third = transforms.from_rotation_translation(transforms.rotation_from_vector((0, -0.1, 0)), (-0.2, 0, 0.01))
    rig = Rig({"left": LEFT, "right": RIG.right, "third": LEFT}, {"right": T_RIGHT_LEFT, "third": T_third})
    rng = np.random.default_rng(0)
    seen = views(rig, poses(rig, 16, rng, POINTS, least=0.3), rng, POINTS)
    parted = [
        {role: each for role, each in view.items() if role != ("third" if v % 2 else "left") and len(each) > 8}
        for v, view in enumerate(seen)
    ]
    guess = first_guess(parted, POINTS, dict.fromkeys(rig.cameras, (640, 480)))
    cameras = {role: with_model(camera, "brown_conrady-5") for role, camera in guess.rig.cameras.items()}
    start = State(Rig(cameras, guess.rig.T_camera_rig), guess.T_rig_board)
    found = adjust(start, parted, POINTS, Freedom(frozenset(cameras), frozenset({"right", "third"})))
    np.testing.assert_allclose(found.state.rig.T("third", "left"), T_third, atol=4e-3)


def test_cameras_that_never_see_the_board_together() -> None:
    seen = [{("left", "right")[v % 2]: view[("left", "right")[v % 2]]} for v, view in enumerate(scene(6))]
    with pytest.raises(CalibrationError, match="never seen by right and by left at once"):
        first_guess(seen, POINTS, SIZES)


def test_views_that_are_all_alike_settle_nothing() -> None:
    seen = scene(1) * 6
    with pytest.raises(CalibrationError, match=r"do not settle|does not converge"):
        solve(seen, "brown_conrady-8", warp=False, robust=False)


def test_the_pose_of_a_board() -> None:
    T = poses(RIG, 1, np.random.default_rng(5), POINTS)[0]
    pixels = LEFT.project(transforms.apply(T, POINTS))
    np.testing.assert_allclose(pose_of_board(Sighting(np.arange(54), pixels), POINTS, LEFT), T, atol=1e-6)


def test_views_held_out() -> None:
    """Each view once, by a rig fitted without it; a fold that cannot be fitted is infinitely wrong."""
    seen, used = scene(5), []

    def fit(kept: object) -> Rig:
        used.append(kept)
        return RIG

    errors = held_out(seen, fit)
    assert [len(kept) for kept in used] == [4] * 5  # type: ignore[arg-type]
    assert all(len({id(v) for v in a} & {id(v) for v in b}) == 3 for a, b in itertools.combinations(used, 2))  # type: ignore[attr-defined]
    left, right = shared(seen[2], "left", "right")
    np.testing.assert_array_equal(errors[2], row_errors(RIG, left.pixels, right.pixels))

    def fails(kept: object) -> Rig:
        raise CalibrationError("no")

    assert np.isinf(np.concatenate(held_out(seen, fails))).all()


def test_row_errors_see_a_turn() -> None:
    points: F64 = np.array([[0.0, 0.1, 1.0], [0.2, -0.1, 2.0]])
    turned = T_RIGHT_LEFT @ transforms.from_rotation_translation(
        transforms.rotation_from_vector((1e-3, 0, 0)), (0, 0, 0)
    )
    left, right = LEFT.project(points), RIG.right.project(transforms.apply(T_RIGHT_LEFT, points))
    np.testing.assert_allclose(row_errors(RIG, left, right), 0, atol=1e-9)
    wrong = Rig.stereo(LEFT, RIG.right, turned)
    assert np.abs(row_errors(wrong, left, right)).mean() == pytest.approx(1e-3 * 537, rel=0.1)


def test_unsafe_lenses_are_told() -> None:
    assert unsafe(LEFT) == ""
    folds = CameraModel(640, 480, 535, 535, 320, 240, (-0.9, 0.0, 0.0, 0.0), "brown_conrady")
    assert "no ray" in unsafe(folds)
