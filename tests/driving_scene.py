"""A street as a car's rectified cameras see it, with what makes real pairs of that kind hard, and exact truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthkit import transforms, truth
from depthkit.arrays import F32, U8, Mask
from depthkit.cameras import CameraModel
from depthkit.images import to_grey, to_u8
from depthkit.sim.render import render, true_depth
from depthkit.sim.scene import Material, Scene, Shape, box, ellipsoid, pole
from depthkit.sim.sensor import Sensor, expose

FOCAL, BASELINE, HEIGHT = 720.0, 0.54, 1.65  # px, m, and m above the road
CAMERA = CameraModel(800, 320, FOCAL, FOCAL, 390.0, 140.0)
OFF_ROWS = 0.3  # px by which the right image is too high
NUM_DISPARITIES = 80

ASPHALT = Material("plaster", 4.0, ("#2e3032", "#5a5c5d", "#868889"))
PAINT = Material("plaster", 0.5, ("#d0d0cc", "#dcdcd8", "#e8e8e4"))
BRICK = Material("bricks", 1.6, ("#a09a90", "#8a6a58", "#b08a70"))
STUCCO = Material("plaster", 5.0, ("#a8a294", "#b8b2a4", "#c8c2b4"))
GLASS = Material("plaster", 3.0, ("#202428", "#282c30", "#303438"))
LEAVES = Material("grain", 0.9, ("#182c18", "#3f6238", "#7fa060"))
STEEL = Material("plaster", 0.4, ("#7a7e80", "#9a9ea0", "#babec0"))
BODY = Material("plaster", 3.0, ("#6a2a2a", "#7c3434", "#8e3e3e"))  # hardly any texture
KINDS = ("road", "front", "rail", "tree", "pole", "car")


@dataclass(frozen=True)
class Street:
    """left, right: (H, W) uint8; truth: (H, W) float32 px; seen: by both cameras; kind: index in KINDS, -1 for sky."""

    left: U8
    right: U8
    truth: F32
    seen: Mask
    kind: NDArray[np.int64]

    def of(self, kind: str) -> Mask:
        """Pixels of that kind that both cameras see."""
        return np.asarray(self.seen & (self.kind == KINDS.index(kind)))


def street(seed: int) -> Street:
    """Sensor noise, 4 % between the exposures and a vertical offset are as they are in good real pairs."""
    parts = _parts(np.random.default_rng(seed))
    scene = Scene(tuple(shape for _, shape in parts), seed=seed)
    T_world_right = transforms.from_rotation_translation(np.eye(3), (BASELINE, 0, 0))
    higher = CameraModel(*CAMERA.size, FOCAL, FOCAL, CAMERA.cx, CAMERA.cy - OFF_ROWS)
    view = render(scene, CAMERA, np.eye(4))
    left = _grey(view.radiance, Sensor(), f"{seed}/left")
    right = _grey(render(scene, higher, T_world_right).radiance, Sensor(10_400), f"{seed}/right")
    disparity = _disparity(view.depth)
    seen = truth.cross_checked(disparity, _disparity(true_depth(scene, CAMERA, T_world_right)))
    kinds = np.array([*(KINDS.index(kind) for kind, _ in parts), -1])
    return Street(left, right, disparity, seen, kinds[view.surface // 6])


def _grey(radiance: F32, sensor: Sensor, seed: str) -> U8:
    return to_u8(to_grey(expose(radiance, sensor, seed)))


def _disparity(depth: F32) -> F32:
    return np.asarray(FOCAL * BASELINE / depth, np.float32)


def _parts(rng: np.random.Generator) -> list[tuple[str, Shape]]:
    """Kinds and shapes, in the axes of the left camera."""
    parts = [("road", box((0, HEIGHT + 0.5, 60), (60, 1, 140), ASPHALT))]
    parts += [("road", box((1.8, HEIGHT, z), (0.14, 0.01, 4), PAINT)) for z in range(6, 70, 9)]
    parts += [("front", box((0, -4, 82), (70, 16, 2), STUCCO))]
    for side in (-1, 1):
        parts += _row_of_houses(side, rng)
        parts += [("rail", box((side * 6.2, HEIGHT - 0.6 - 0.4 * i, 22), (0.05, 0.1, 30), STEEL)) for i in range(2)]
        parts += [("rail", box((side * 6.2, HEIGHT - 0.5, z), (0.09, 1, 0.09), STEEL)) for z in np.arange(7, 37, 0.6)]
        for z in rng.uniform((8, 20), (16, 45)):
            parts.append(("tree", ellipsoid((side * 8, -2.2, z), rng.uniform(2, 3.6, 3), LEAVES)))
            parts.append(("pole", pole((side * 5.4, HEIGHT, z - 2), 0.07, 6, STEEL)))
        for z in rng.uniform((9, 18), (14, 40)):
            parts += _car(side * rng.uniform(3, 4.4), z)
    return parts


def _row_of_houses(side: int, rng: np.random.Generator) -> list[tuple[str, Shape]]:
    houses = []
    for z in range(6, 74, 14):
        x = side * (11 + rng.uniform(-1, 1))
        houses.append(("front", box((x + side * 2, HEIGHT - 4, z + 6), (4, 8, 13), BRICK if z % 4 else STUCCO)))
        for y in (-0.4, -3.2):  # windows, all the same
            houses += [("front", box((x, y, w), (0.04, 1.5, 1.1), GLASS)) for w in np.arange(z + 1, z + 12, 2.2)]
    return houses


def _car(x: float, z: float) -> list[tuple[str, Shape]]:
    body = box((x, HEIGHT - 0.55, z), (1.75, 0.7, 4.2), BODY)
    cabin = box((x, HEIGHT - 1.15, z + 0.3), (1.5, 0.5, 2.2), GLASS)
    plate = box((x, HEIGHT - 0.5, z - 2.1), (0.5, 0.12, 0.02), PAINT)
    return [("car", body), ("car", cabin), ("car", plate)]
