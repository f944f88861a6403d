"""Bundle adjustment: the rig, the board's bend and its poses that fit best to all that was seen, and how sure they are.

Levenberg–Marquardt under Cauchy's loss, whose scale is that of the residuals themselves, so that a point found wrong
hardly counts. The covariance is an M-estimator's (Huber, "Robust statistics", 1981).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from depthkit import kernels, threads, transforms
from depthkit.arrays import F64, I64, Mask
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit_calib.normal_equations import POSE, Normal, scaled_inverse
from depthkit_calib.sightings import View

_LENS, _WARP, _SHARED, _LOCAL = 16, 22, 24, 30  # columns of a sighting, as in the kernels
_TIGHT = 3.0  # residual, in standard deviations, at which a point counts half
_INLIER = 0.3  # weight above which a point counts as well seen
_CLOSE, _STILL = 1e-4, 1e-3  # converged: squared step against the result's variance, and change of the noise
_STEPS, _TRIES = 100, 12
_LEAST_SIGMA = 1e-5  # px, so that sightings without noise can be solved too
_BEND = 5e-3  # m, standard deviation of the bend of boards, which settles it where few views cannot


@dataclass(frozen=True, slots=True)
class Freedom:
    """What may change.

    lenses: roles whose intrinsics do; places: roles whose `T_camera_rig` does; warp: whether the board may be bent, by
    a parabola along each side; robust: whether points far off count less.
    """

    lenses: frozenset[str]
    places: frozenset[str] = frozenset()
    warp: bool = True
    robust: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """A guess or a result: the rig, `T_rig_board` (V, 4, 4) of each view, and the board's bend (2,) in metres."""

    rig: Rig
    T_rig_board: F64
    warp: F64 = field(default_factory=lambda: np.zeros(2))


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """A result, and how well it fits.

    residuals: (N, 2) px, predicted minus seen; weights: (N,) in [0, 1]; bounds: (S + 1,), where each of `sightings`,
    (view, role), begins among them; sigma: standard deviation of a coordinate of a point seen well, px; covariance:
    (G, G) of the parameters in `names`, as "left.fx", "right.turn.0", "warp.1".
    """

    state: State
    residuals: F64
    weights: F64
    bounds: I64
    sightings: tuple[tuple[int, str], ...]
    sigma: float
    covariance: F64
    names: tuple[str, ...]
    steps: int

    @property
    def inliers(self) -> Mask:
        """(N,) bool: the points that count."""
        return self.weights > _INLIER

    def part(self, view: int, role: str) -> slice:
        """Where a sighting's points are in `residuals` and `weights`."""
        at = self.sightings.index((view, role))
        return slice(int(self.bounds[at]), int(self.bounds[at + 1]))


def adjust(start: State, views: Sequence[View], points: F64, free: Freedom) -> Adjusted:
    """The state that fits best to the views, from a start that is near enough.

    points: (P, 3) m, of the flat board. Each view needs four points at least. Raises CalibrationError where the views
    do not settle what is free.
    """
    try:
        return _Solver(start, views, points, free).run()
    except np.linalg.LinAlgError as error:
        raise CalibrationError(
            "the views do not settle the calibration: show the board from more sides, tilted and near the corners"
        ) from error


def bends(points: F64) -> F64:
    """(P, 2): how far a board's points rise when it is bent by 1 along each side: 0 at the edges, 1 in the middle."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    along = 2 * (points[:, :2] - low) / np.where(high > low, high - low, 1) - 1
    return np.asarray(1 - along**2)


class _Solver:
    """The sightings as arrays for the kernels, and the steps."""

    def __init__(self, start: State, views: Sequence[View], points: F64, free: Freedom) -> None:
        self.robust, self.roles = free.robust, tuple(start.rig.cameras)
        self.sightings = tuple((v, role) for v, view in enumerate(views) for role in self.roles if role in view)
        seen = [views[v][role] for v, role in self.sightings]
        ids = np.concatenate([each.ids for each in seen])
        self.bounds = np.cumsum([0, *map(len, seen)]).astype(np.int64)
        self.view = np.array([v for v, _ in self.sightings], np.int64)
        self.camera = np.array([self.roles.index(role) for _, role in self.sightings], np.int64)
        self.points, self.bends = points[ids], bends(points)[ids]
        self.pixels = np.concatenate([each.pixels for each in seen])
        self.fisheye = np.array([start.rig.cameras[role].model == "fisheye" for role in self.roles])
        self.columns, self.names = _columns(start.rig, free)
        self.now, self.start = _Numbers.of(start), start

    def run(self) -> Adjusted:
        """First with all points alike, since far from the truth good ones look wrong; then as they deserve."""
        steps = 0
        if self.robust:
            self.robust = False
            steps = self._converge()
            self.robust = True
        return self._result(steps + self._converge())

    def _converge(self) -> int:
        """Steps until they are small against what the noise leaves open; how many."""
        damping = 1e-3
        residuals = self._residuals(self.now)
        sigma = _scale(residuals)
        for steps in range(1, _STEPS + 1):
            normal = self._normal(self._weights(residuals, sigma), sigma)
            gain, damping, residuals = self._step(normal, residuals, sigma, damping)
            before, sigma = sigma, _scale(residuals)
            if gain < _CLOSE * sigma**2 and damping < 1 and abs(sigma - before) < _STILL * sigma:
                return steps
        raise CalibrationError(
            "the calibration does not converge: check the board's description, and that each picture shows it whole"
        )

    def _step(self, normal: Normal, residuals: F64, sigma: float, damping: float) -> tuple[float, float, F64]:
        """Go to better numbers, if there are any; how much that was to gain, px², the next damping, and residuals."""
        loss = self._loss(residuals, sigma)
        for _ in range(_TRIES):
            common, own = normal.step(damping)
            trial = self.now.moved(common, own, self.columns)
            found = self._residuals(trial)
            if self._loss(found, sigma) < loss:
                self.now = trial
                return -float(normal.g @ common + (normal.h * own).sum()), max(damping / 10, 1e-12), found
            damping *= 10
        return 0.0, 1e-3, residuals

    def _loss(self, residuals: F64, sigma: float) -> float:
        squares = (residuals**2).sum(1) / (_TIGHT * sigma) ** 2
        return float((np.log1p(squares) if self.robust else squares).sum())

    def _weights(self, residuals: F64, sigma: float) -> F64:
        if not self.robust:
            return np.ones(len(residuals))
        return np.asarray(1 / (1 + (residuals**2).sum(1) / (_TIGHT * sigma) ** 2))

    def _residuals(self, numbers: "_Numbers") -> F64:
        return self._linearized(numbers, np.ones(len(self.pixels)), slopes=False)[0]

    def _normal(self, weights: F64, sigma: float) -> Normal:
        _, normals, gradients = self._linearized(self.now, weights, slopes=True)
        normal = Normal.empty(len(self.names), len(self.now.T_rig_board))
        kernels.bundle.gather(self.view, self.camera, self.columns, normals, gradients, *normal)
        for k, bend in zip(self.columns[0, _WARP:_SHARED], self.now.warp, strict=True):
            if k >= 0:
                normal.A[k, k] += (sigma / _BEND) ** 2
                normal.g[k] += (sigma / _BEND) ** 2 * bend
        return normal

    def _linearized(self, numbers: "_Numbers", weights: F64, slopes: bool) -> tuple[F64, F64, F64]:
        count = len(self.sightings)
        residuals = np.empty((len(self.pixels), 2))
        normals, gradients = np.empty((count, _LOCAL, _LOCAL)), np.empty((count, _LOCAL))
        seen = self.bounds, self.view, self.camera, self.points, self.bends, self.pixels, weights
        state = numbers.lenses, self.fisheye, numbers.T_camera_rig, numbers.T_rig_board, numbers.warp
        threads.for_rows(kernels.bundle.sightings, count, *seen, *state, slopes, residuals, normals, gradients)
        return residuals, normals, gradients

    def _result(self, steps: int) -> Adjusted:
        residuals = self._residuals(self.now)
        sigma = _scale(residuals)
        weights = self._weights(residuals, sigma)
        well = weights > _INLIER
        information = self._normal(well.astype(np.float64), sigma).information()
        unknowns = len(self.names) + POSE * len(self.now.T_rig_board)
        covariance = _noise(residuals[well], weights[well], unknowns, self.robust) * scaled_inverse(information)
        state = self.now.state(self.start.rig)
        return Adjusted(state, residuals, weights, self.bounds, self.sightings, sigma, covariance, self.names, steps)


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """A state as arrays: lenses (C, 16), T_camera_rig (C, 4, 4), T_rig_board (V, 4, 4), warp (2,)."""

    lenses: F64
    T_camera_rig: F64
    T_rig_board: F64
    warp: F64

    @classmethod
    def of(cls, state: State) -> Self:
        cameras = state.rig.cameras
        lenses = np.stack([lens_vector(camera) for camera in cameras.values()])
        poses = np.stack([state.rig.T_camera_rig[role] for role in cameras])
        return cls(lenses, poses, state.T_rig_board, state.warp)

    def moved(self, common: F64, own: F64, columns: I64) -> Self:
        """These numbers and a step: of what is common (G,), and of each view (V, 6)."""
        each = np.append(common, 0.0)[columns]  # -1, for what is fixed, takes the 0
        return type(self)(
            self.lenses + each[:, :_LENS],
            np.stack([_turned(T, step) for T, step in zip(self.T_camera_rig, each[:, _LENS:_WARP], strict=True)]),
            np.stack([_turned(T, step) for T, step in zip(self.T_rig_board, own, strict=True)]),
            self.warp + each[0, _WARP:],
        )

    def state(self, rig: Rig) -> State:
        """The same as a state; `rig` gives the names and the lenses' models."""
        cameras = {
            role: with_lens(camera, values)
            for (role, camera), values in zip(rig.cameras.items(), self.lenses, strict=True)
        }
        poses = dict(zip(cameras, self.T_camera_rig, strict=True))
        return State(Rig(cameras, poses, rig.provenance, rig.T_imu_rig), self.T_rig_board, self.warp)


def lens_vector(camera: CameraModel) -> F64:
    """(16,): fx fy cx cy and the coefficients, filled up with zeros."""
    values = camera.fx, camera.fy, camera.cx, camera.cy, *camera.distortion
    return np.array([*values, *(0.0,) * (_LENS - len(values))])


def with_lens(camera: CameraModel, values: F64) -> CameraModel:
    """The camera with the numbers of a `lens_vector`."""
    fx, fy, cx, cy, *coefficients = values[: 4 + len(camera.distortion)].tolist()
    return CameraModel(camera.width, camera.height, fx, fy, cx, cy, tuple(coefficients), camera.model)


def _columns(rig: Rig, free: Freedom) -> tuple[I64, tuple[str, ...]]:
    """(C, 24): for each camera the parameters that its columns are, -1 for those held fixed; and their names."""
    names: list[str] = []
    columns = np.full((len(rig.cameras), _SHARED), -1, np.int64)
    for c, (role, camera) in enumerate(rig.cameras.items()):
        own = [*(["fx", "fy", "cx", "cy"]), *(f"k.{k}" for k in range(len(camera.distortion)))]
        place = [f"{kind}.{k}" for kind in ("turn", "shift") for k in range(3)]
        for begin, parts, moves in ((0, own, role in free.lenses), (_LENS, place, role in free.places)):
            if moves:
                columns[c, begin : begin + len(parts)] = np.arange(len(names), len(names) + len(parts))
                names += [f"{role}.{part}" for part in parts]
    if free.warp:
        columns[:, _WARP:] = len(names), len(names) + 1
        names += ["warp.0", "warp.1"]
    return columns, tuple(names)


def _turned(T: F64, step: F64) -> F64:
    """R ← exp(ω) R, t ← t + τ."""
    return transforms.from_rotation_translation(
        transforms.rotation_from_vector(step[:3]) @ T[:3, :3], T[:3, 3] + step[3:]
    )


def _scale(residuals: F64) -> float:
    """Standard deviation of a coordinate, from the median of their lengths, which are Rayleigh's."""
    if not np.isfinite(residuals).all():
        raise CalibrationError("a view was taken to be behind its camera: the start is too far from the truth")
    return max(float(np.median(np.hypot(*residuals.T))) / 1.1774, _LEAST_SIGMA)


def _noise(residuals: F64, weights: F64, unknowns: int, robust: bool) -> float:
    """Variance of a coordinate as it acts on the result: E[ψ²] / E[ψ′]²; ψ′ of Cauchy's loss is the weight squared."""
    squares = (weights**2 * (residuals**2).sum(1)).mean() / 2
    slope = (weights**2).mean() if robust else 1.0
    return float(squares / slope**2 / max(1 - unknowns / (2 * len(residuals)), 1e-3))
