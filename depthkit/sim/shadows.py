"""What the lamps of a scene see: maps of distances that say which points are in shadow."""

from functools import lru_cache

import numpy as np

from depthkit.arrays import F32
from depthkit.sim.rays import Rays, cast, seen_from
from depthkit.sim.scene import Scene

SIZE = 1024


@lru_cache(maxsize=4)
def maps(scene: Scene) -> F32:
    """(L, SIZE, SIZE) float32 distance in metres from each lamp, infinite where nothing is.

    A map holds the half space in front of its lamp in stereographic projection, x and y over (distance + z).
    """
    rays = Rays.of(_stereographic())
    stretch = np.sqrt(1 + (rays.xy**2).sum(0))
    seen = [cast(seen_from(scene, lamp.T_world_lamp), rays).depth * stretch for lamp in scene.lamps]
    distances = np.array(seen, np.float32).reshape(-1, SIZE, SIZE)
    return np.where(np.isnan(distances), np.float32(np.inf), distances)


def _stereographic() -> F32:
    """(2, SIZE, SIZE) x/z and y/z of the map's entries, NaN beyond the half space."""
    s = (np.arange(SIZE) + 0.5) * (2 / SIZE) - 1
    x, y = np.meshgrid(s, s)
    inside = 1 - x * x - y * y
    scale = np.divide(2, inside, out=np.full_like(inside, np.nan), where=inside > 0)
    return np.stack([x * scale, y * scale]).astype(np.float32)
