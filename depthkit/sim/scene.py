"""What a simulated camera looks at: convex shapes with materials under lamps, as plain arrays.

World axes as a camera's: x right, y down (gravity), z forward; metres.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from depthkit import kernels, transforms
from depthkit.arrays import F64
from depthkit.errors import InputError
from depthkit.sim import patterns

KINDS = ("box", "ellipsoid", "cylinder")  # in the order of kernels.raycast
FACES = ("-x", "+x", "-y", "+y", "-z", "+z")


@dataclass(frozen=True)
class Material:
    """A pattern of `depthkit.sim.patterns` repeated every `period` metres, in three colours (sRGB "#rrggbb").

    The pattern runs from 0 to 1; the colours are met at 0, 1/2 and 1.
    """

    pattern: str
    period: float
    colors: tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Shape:
    """A convex solid around its own origin: a "box", an "ellipsoid" or a "cylinder" around its y axis.

    `half` is half its extent along x, y, z in metres. `materials` has one entry, or one a face in the order of
    `FACES` (a cylinder's side is the first face, its ends the third and fourth). From inside, a shape shows its walls.
    """

    kind: str
    half: tuple[float, float, float]
    T_world_shape: F64
    materials: tuple[Material, ...]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"a shape is one of {', '.join(KINDS)}, not {self.kind!r}")
        if not min(self.half) > 0:
            raise InputError(f"the half sizes of a shape must be positive, not {self.half}")
        if len(self.materials) not in (1, len(FACES)):
            raise InputError(f"a shape takes 1 material or {len(FACES)}, not {len(self.materials)}")


def box(center: ArrayLike, size: ArrayLike, *materials: Material, turn: ArrayLike = (0, 0, 0)) -> Shape:
    """A box of full `size` (x, y, z) in metres, turned by an axis–angle vector in radians."""
    return _shape("box", center, size, materials, turn)


def ellipsoid(center: ArrayLike, size: ArrayLike, material: Material, turn: ArrayLike = (0, 0, 0)) -> Shape:
    """An ellipsoid of full `size` (x, y, z) in metres, turned by an axis–angle vector in radians."""
    return _shape("ellipsoid", center, size, (material,), turn)


def sphere(center: ArrayLike, radius: float, material: Material, turn: ArrayLike = (0, 0, 0)) -> Shape:
    """A ball."""
    return ellipsoid(center, (2 * radius, 2 * radius, 2 * radius), material, turn)


def pole(foot: ArrayLike, radius: float, height: float, *materials: Material) -> Shape:
    """An upright cylinder that stands on `foot`."""
    center = np.asarray(foot, np.float64) - (0, height / 2, 0)
    return _shape("cylinder", center, (2 * radius, height, 2 * radius), materials, (0, 0, 0))


def _shape(kind: str, center: ArrayLike, size: ArrayLike, materials: tuple[Material, ...], turn: ArrayLike) -> Shape:
    x, y, z = np.asarray(size, np.float64) / 2
    pose = transforms.from_rotation_translation(transforms.rotation_from_vector(turn), center)
    return Shape(kind, (x, y, z), pose, materials)


@dataclass(frozen=True)
class Lamp:
    """A lamp at `position` that lights the half space in the direction `aim`.

    `power` is the radiance (RGB) of a white surface that faces it from a metre away, or nearly: no lamp is a point.
    """

    position: tuple[float, float, float]
    aim: tuple[float, float, float]
    power: tuple[float, float, float]

    @property
    def T_world_lamp(self) -> F64:
        """(4, 4) pose: z along the aim."""
        aim = np.asarray(self.aim, np.float64)
        aside = (1.0, 0.0, 0.0) if abs(aim[1]) > abs(aim[0]) else (0.0, 1.0, 0.0)
        return transforms.look_at(self.position, self.position + aim, aside)


@dataclass(frozen=True, eq=False)
class Scene:
    """Shapes under lamps.

    `ambient` is the radiance (RGB) of white in the shadow of all lamps; `seed` picks the randomness in the patterns.
    """

    shapes: tuple[Shape, ...]
    lamps: tuple[Lamp, ...] = ()
    ambient: tuple[float, float, float] = (1.0, 1.0, 1.0)
    seed: int = 0

    @cached_property
    def T_world_shape(self) -> F64:
        """(N, 4, 4) poses of the shapes."""
        return np.array([shape.T_world_shape for shape in self.shapes]).reshape(-1, 4, 4)

    @cached_property
    def table(self) -> NDArray[np.void]:
        """(N,) `kernels.raycast.SHAPE`, but for what depends on the camera."""
        index = {material: i for i, material in enumerate(self.materials)}
        table = np.zeros(len(self.shapes), kernels.raycast.SHAPE)
        for row, shape in zip(table, self.shapes, strict=True):
            row["kind"] = KINDS.index(shape.kind)
            row["half"] = shape.half
            row["to_world"] = shape.T_world_shape[:3]
            row["faces"] = [index[m] for m in (shape.materials * len(FACES))[: len(FACES)]]
        return table

    @cached_property
    def materials(self) -> tuple[Material, ...]:
        """Each material once."""
        return tuple(dict.fromkeys(m for shape in self.shapes for m in shape.materials))

    @cached_property
    def material_table(self) -> NDArray[np.void]:
        """(M,) `kernels.shade.MATERIAL`."""
        rows = [(patterns.index(m.pattern), m.period, [_linear(color) for color in m.colors]) for m in self.materials]
        return np.array(rows, kernels.shade.MATERIAL)

    @cached_property
    def lamp_table(self) -> NDArray[np.void]:
        """(L,) `kernels.lamps.LAMP`."""
        rows = [(lamp.position, lamp.power, lamp.T_world_lamp[:3, :3].T) for lamp in self.lamps]
        return np.array(rows, kernels.lamps.LAMP)


def _linear(color: str) -> F64:
    """Linear RGB in [0, 1] of an sRGB "#rrggbb" (IEC 61966-2-1)."""
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
