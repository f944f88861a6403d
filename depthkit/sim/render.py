"""Pictures and exact depth of a scene through any camera model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthkit import kernels, transforms
from depthkit.arrays import F32, F64
from depthkit.cameras import CameraModel
from depthkit.sim.scene import Scene
from depthkit.threads import for_rows


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """What an ideal sensor behind the lens sees.

    radiance: (H, W, 3) float32 linear RGB; depth: (H, W) float32 m along the optical axis, exact, NaN where nothing
    is hit; shape: (H, W) int32 index of the scene's shape, -1 for none.
    """

    radiance: F32
    depth: F32
    shape: NDArray[np.int32]


def render(scene: Scene, camera: CameraModel, T_world_camera: F64) -> Rendering:
    """Ray-cast the scene through `camera.rays()`, lens included."""
    rays = camera.rays()
    depth, shape = hits(scene, rays, T_world_camera)
    radiance = np.empty((*depth.shape, 3), np.float32)
    lamp = np.array([scene.light.position, scene.light.power, scene.light.ambient], np.float32)
    pixel = np.float32(1 / np.sqrt(camera.fx * camera.fy))
    rotations, origins, _ = _as_seen(scene, T_world_camera)
    for_rows(
        kernels.shade.shade, camera.height, rays, depth, shape, pixel, scene.kinds, scene.sizes, rotations, origins,
        scene.T_world_shape.astype(np.float32), scene.faces, scene.pattern, scene.period, scene.colors, scene.atlas,
        lamp, scene.shadows, radiance,
    )  # fmt: skip
    return Rendering(radiance, depth, shape)


def true_depth(scene: Scene, camera: CameraModel, T_world_camera: F64) -> F32:
    """(H, W) float32 exact depth in metres along the optical axis, NaN where nothing is hit."""
    return hits(scene, camera.rays(), T_world_camera)[0]


def hits(scene: Scene, rays: F32, T_world_camera: F64) -> tuple[F32, NDArray[np.int32]]:
    """Depth (m) and index of the shape that rays (2, H, W), x/z and y/z in the camera's frame, meet first."""
    height, width = rays.shape[1:]
    depth, shape = np.empty((height, width), np.float32), np.empty((height, width), np.int32)
    tiles = _tiles(rays)
    rotations, origins, bounds = _as_seen(scene, T_world_camera)
    for_rows(
        kernels.raycast.cast, tiles.shape[1], rays, tiles, scene.kinds, scene.sizes, rotations, origins, bounds,
        depth, shape, at_least=2,
    )  # fmt: skip
    return depth, shape


def _tiles(rays: F32) -> F32:
    """(4, rows, columns) least x, most x, least y, most y of the rays of each tile."""
    rows = np.arange(0, rays.shape[1], kernels.raycast.TILE_ROWS)
    columns = np.arange(0, rays.shape[2], kernels.raycast.TILE_COLUMNS)
    least = np.fmin.reduceat(np.fmin.reduceat(rays, rows, 1), columns, 2)
    most = np.fmax.reduceat(np.fmax.reduceat(rays, rows, 1), columns, 2)
    return np.stack([least[0], most[0], least[1], most[1]])


def _as_seen(scene: Scene, T_world_camera: F64) -> tuple[F32, F32, F32]:
    """Rotations (N, 3, 3) and origins (N, 3) from the camera's frame to each shape's, and outlines (N, 4)."""
    T_camera_shape = transforms.inverse(T_world_camera) @ scene.T_world_shape
    R, t = T_camera_shape[:, :3, :3], T_camera_shape[:, :3, 3]
    origins = -np.einsum("nij,ni->nj", R, t)
    rotations = np.ascontiguousarray(R.transpose(0, 2, 1), np.float32)
    return rotations, origins.astype(np.float32), _outlines(R, t, scene.sizes)


_CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])


def _outlines(R: F64, t: F64, sizes: F32) -> F32:
    """(N, 4) least x/z, most x/z, least y/z, most y/z of the shapes' bounding boxes; all or none if not in front."""
    corners = np.einsum("nij,ncj->nci", R, _CORNERS * sizes[:, None]) + t[:, None]
    ahead = corners[..., 2] > 1e-3
    xy = corners[..., :2] / np.where(ahead, corners[..., 2], 1)[..., None]
    margin = 1e-5  # float32 rays
    bounds = np.stack([xy[..., 0].min(1), xy[..., 0].max(1), xy[..., 1].min(1), xy[..., 1].max(1)], -1)
    bounds += (-margin, margin, -margin, margin)
    bounds[~ahead.all(1)] = (-np.inf, np.inf, -np.inf, np.inf)
    bounds[~ahead.any(1)] = np.nan
    return bounds.astype(np.float32)
