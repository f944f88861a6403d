"""Pictures and exact depth of a scene through any camera model."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from depthkit import kernels
from depthkit.arrays import F32, F64
from depthkit.cameras import CameraModel
from depthkit.sim import patterns, shadows
from depthkit.sim.rays import Rays, cast, seen_from
from depthkit.sim.scene import Scene
from depthkit.threads import for_rows


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """What an ideal sensor behind the lens sees.

    radiance: (H, W, 3) float32 linear RGB, smoothed where surfaces meet; depth: (H, W) float32 m along the optical
    axis, exact at the pixel's centre, NaN where nothing is hit; surface: (H, W) int32, 6·shape + face, -1 for none.
    """

    radiance: F32
    depth: F32
    surface: NDArray[np.int32]


def render(scene: Scene, camera: CameraModel, T_world_camera: F64) -> Rendering:
    """Ray-cast the scene through `camera.rays()`, lens included."""
    rays = rays_of(camera)
    shapes = seen_from(scene, T_world_camera)
    hits = cast(shapes, rays)
    radiance = np.empty((camera.height, camera.width, 3), np.float32)
    tables = scene.material_table, patterns.atlas(scene.seed), scene.lamp_table, shadows.maps(scene)
    ambient = np.array(scene.ambient, np.float32)
    shade = kernels.shade.shade
    for_rows(shade, camera.height, rays.xy, hits.depth, hits.surface, shapes, *tables, ambient, radiance)
    return Rendering(radiance, hits.depth, hits.surface)


def true_depth(scene: Scene, camera: CameraModel, T_world_camera: F64) -> F32:
    """(H, W) float32 exact depth in metres along the optical axis, NaN where nothing is hit."""
    return cast(seen_from(scene, T_world_camera), rays_of(camera)).depth


@lru_cache(maxsize=8)
def rays_of(camera: CameraModel) -> Rays:
    """The rays of a camera's pixels, made once a camera."""
    return Rays.of(camera.rays())
