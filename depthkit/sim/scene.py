"""What a simulated camera looks at: convex shapes with materials under one lamp, as plain arrays.

World axes as a camera's: x right, y down (gravity), z forward; metres. The floor is the plane y = 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from depthkit import transforms
from depthkit.arrays import F32, F64, U8
from depthkit.errors import InputError
from depthkit.sim import patterns, shadows

KINDS = ("box", "sphere", "cylinder")
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
    """A convex solid around its own origin: a "box", a "sphere" or a "cylinder" around its y axis.

    `half` is half its extent along x, y, z in metres. `materials` has one entry, or one a face in the order of
    `FACES` (a cylinder's side uses the first, its ends the third and fourth). From inside, a shape shows its walls.
    """

    kind: str
    half: tuple[float, float, float]
    T_world_shape: F64
    materials: tuple[Material, ...]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"a shape is one of {', '.join(KINDS)}, not {self.kind!r}")
        if min(self.half) <= 0:
            raise InputError(f"the half sizes of a {self.kind} must be positive, not {self.half}")
        if len(self.materials) not in (1, len(FACES)):
            raise InputError(f"a shape takes 1 material or {len(FACES)}, not {len(self.materials)}")


def box(center: ArrayLike, size: ArrayLike, *materials: Material, yaw: float = 0.0) -> Shape:
    """A box of full `size` (x, y, z) in metres, turned by `yaw` radians around the vertical."""
    x, y, z = np.asarray(size, np.float64) / 2
    return Shape("box", (x, y, z), _upright(center, yaw), materials)


def sphere(center: ArrayLike, radius: float, material: Material, yaw: float = 0.0) -> Shape:
    """A ball."""
    return Shape("sphere", (radius, radius, radius), _upright(center, yaw), (material,))


def pole(center: ArrayLike, radius: float, height: float, *materials: Material) -> Shape:
    """An upright cylinder of full `height` in metres."""
    return Shape("cylinder", (radius, height / 2, radius), _upright(center, 0.0), materials)


def _upright(center: ArrayLike, yaw: float) -> F64:
    return transforms.from_rotation_translation(transforms.rotation_from_vector((0, yaw, 0)), center)


@dataclass(frozen=True, eq=False)
class Light:
    """A lamp that hangs at `position`, and light from everywhere.

    `power` is the radiance (RGB) of a white surface 1 m below the lamp; `ambient` that of one in its shadow.
    """

    position: tuple[float, float, float]
    power: tuple[float, float, float] = (1.6, 1.5, 1.35)
    ambient: tuple[float, float, float] = (0.24, 0.26, 0.3)


@dataclass(frozen=True, eq=False)
class Scene:
    """Arrays that the kernels take; N shapes, M materials.

    kinds (N,) int32 index in `KINDS`; sizes (N, 3) float32 half sizes, m; T_world_shape (N, 4, 4) float64;
    faces (N, 6) int32 material of each face; pattern (M,) int32; period (M,) float32 m; colors (M, 3, 3) float32
    linear RGB; atlas uint8, see `patterns.atlas`; light.
    """

    kinds: NDArray[np.int32]
    sizes: F32
    T_world_shape: F64
    faces: NDArray[np.int32]
    pattern: NDArray[np.int32]
    period: F32
    colors: F32
    atlas: U8
    light: Light

    @classmethod
    def build(cls, shapes: Sequence[Shape], light: Light, seed: int = 0) -> "Scene":
        """A scene of these shapes; `seed` picks the randomness in their patterns."""
        materials = sorted({m for shape in shapes for m in shape.materials}, key=repr)
        index = {material: i for i, material in enumerate(materials)}
        faces = [[index[m] for m in (shape.materials * len(FACES))[: len(FACES)]] for shape in shapes]
        return cls(
            kinds=np.array([KINDS.index(shape.kind) for shape in shapes], np.int32),
            sizes=np.array([shape.half for shape in shapes], np.float32),
            T_world_shape=np.array([shape.T_world_shape for shape in shapes]),
            faces=np.array(faces, np.int32),
            pattern=np.array([patterns.index(m.pattern) for m in materials], np.int32),
            period=np.array([m.period for m in materials], np.float32),
            colors=np.array([[_linear(color) for color in m.colors] for m in materials], np.float32),
            atlas=patterns.atlas(seed),
            light=light,
        )

    @cached_property
    def shadows(self) -> F32:
        """What the lamp sees: see `depthkit.sim.shadows`."""
        return shadows.cast(self)


def _linear(color: str) -> F64:
    """Linear RGB in [0, 1] of an sRGB "#rrggbb" (IEC 61966-2-1)."""
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
