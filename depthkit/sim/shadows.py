"""What the lamp of a scene sees: a map of distances, made once, that says which points are in shadow."""

from typing import TYPE_CHECKING

import numpy as np

from depthkit import transforms
from depthkit.arrays import F32, F64

if TYPE_CHECKING:
    from depthkit.sim.scene import Scene

SIZE = 1024


def cast(scene: "Scene") -> F32:
    """(SIZE, SIZE) float32 distance in metres from the lamp, infinite where nothing is.

    The half space below the lamp in stereographic projection, x and z over (distance + y): the unit disc around
    the centre of the map holds it all without a ray out of reach.
    """
    from depthkit.sim.render import hits

    rays = _stereographic_rays()
    depth, _ = hits(scene, rays, _looking_down(scene.light.position))
    distance = depth * np.sqrt(1 + (rays**2).sum(0))
    return np.where(np.isnan(distance), np.float32(np.inf), distance)


def _looking_down(position: tuple[float, float, float]) -> F64:
    """`T_world_lamp`: the lamp's z is down, its x and y are the world's x and z."""
    return transforms.from_rotation_translation([[1, 0, 0], [0, 0, 1], [0, -1, 0]], position)


def _stereographic_rays() -> F32:
    s = (np.arange(SIZE, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / SIZE) - np.float32(1)
    u, v = np.meshgrid(s, s)
    with np.errstate(divide="ignore"):
        scale = np.where(u * u + v * v < 1, 2 / (1 - u * u - v * v), np.nan)
    return np.stack([u * scale, v * scale]).astype(np.float32)
