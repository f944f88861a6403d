"""A stereo rig of known truth, and what it sees of a board."""

import numpy as np

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit_calib.bundle import bends
from depthkit_calib.sightings import Sighting, View

LEFT = CameraModel(640, 480, 535, 534, 338, 238, (-0.28, 0.08, 0.001, -0.0006, 0.02), "brown_conrady")
RIGHT = CameraModel(640, 480, 538, 537, 326, 249, (-0.27, 0.07, -0.0008, 0.0009, 0.03), "brown_conrady")
T_RIGHT_LEFT = transforms.from_rotation_translation(
    transforms.rotation_from_vector((0.006, 0.012, -0.004)), (-0.083, 0.001, -0.0005)
)
RIG = Rig.stereo(LEFT, RIGHT, T_RIGHT_LEFT)
SIZES = {"left": (640, 480), "right": (640, 480)}


def grid(columns: int = 9, rows: int = 6, square: float = 0.025) -> F64:
    x, y = np.meshgrid(np.arange(columns) * square, np.arange(rows) * square)
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], -1)


def poses(
    rig: Rig,
    count: int,
    rng: np.random.Generator,
    points: F64,
    least: float = 1.0,
    reach: tuple[float, float] = (0.3, 0.9),
) -> list[F64]:
    """`T_rig_board` of boards some metres away, of which all cameras see at least a share."""
    found: list[F64] = []
    camera = next(iter(rig.cameras.values()))
    while len(found) < count:
        R = transforms.rotation_from_vector(rng.uniform(-0.6, 0.6, 3))
        ray = np.append(camera.unproject(rng.uniform((0, 0), camera.size)), 1)
        T = transforms.from_rotation_translation(R, rng.uniform(*reach) * ray - R @ points.mean(0))
        if np.isfinite(T).all() and min(_seen(rig, role, T, points).mean() for role in rig.cameras) >= least:
            found.append(T)
    return found


def views(
    rig: Rig,
    boards: list[F64],
    rng: np.random.Generator,
    points: F64,
    noise: float = 0.1,
    outliers: float = 0.0,
    warp: tuple[float, float] = (0.0, 0.0),
) -> list[View]:
    """Corners with noise in px, a share of them up to 3 px off, of a board bent by `warp` m."""
    bent = points + np.outer(bends(points) @ np.array(warp), (0, 0, 1))
    found: list[View] = []
    for T in boards:
        view = {}
        for role, camera in rig.cameras.items():
            ids = np.flatnonzero(_seen(rig, role, T, bent))
            pixels = camera.project(transforms.apply(rig.T_camera_rig[role] @ T, bent[ids]))
            pixels = pixels + rng.normal(0, noise, pixels.shape)
            wrong = rng.random(len(pixels)) < outliers
            pixels[wrong] += rng.uniform(-3, 3, (int(wrong.sum()), 2))
            view[role] = Sighting(ids, pixels)
        found.append(view)
    return found


def _seen(rig: Rig, role: str, T_rig_board: F64, points: F64) -> F64:
    camera = rig.camera(role)
    pixels = camera.project(transforms.apply(rig.T_camera_rig[role] @ T_rig_board, points))
    with np.errstate(invalid="ignore"):
        return np.asarray(((pixels > 6) & (pixels < np.array(camera.size) - 7)).all(1))
