"""Casting a table of rays from one centre into a scene."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthkit import kernels, transforms
from depthkit.arrays import F32, F64, readonly
from depthkit.sim.scene import Scene
from depthkit.threads import for_rows


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Rays (x, y, 1) from a centre.

    xy: (2, H, W) float32 x and y, NaN for no ray; tiles: (4, rows, columns) float32 least x, most x, least y,
    most y in each tile of `kernels.raycast.TILE_ROWS` × `TILE_COLUMNS`.
    """

    xy: F32
    tiles: F32

    @classmethod
    def of(cls, xy: F32) -> "Rays":
        """Prepare rays (2, H, W) for casting."""
        rows = np.arange(0, xy.shape[1], kernels.raycast.TILE_ROWS)
        columns = np.arange(0, xy.shape[2], kernels.raycast.TILE_COLUMNS)
        least = np.fmin.reduceat(np.fmin.reduceat(xy, rows, 1), columns, 2)
        most = np.fmax.reduceat(np.fmax.reduceat(xy, rows, 1), columns, 2)
        # Read-only, as cameras have them, so that there is one kernel for all.
        return cls(readonly(xy), np.stack([least[0], most[0], least[1], most[1]]))


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What rays meet first.

    depth: (H, W) float32 m, NaN for nothing; surface: (H, W) int32, 6·shape + face, -1 for none.
    """

    depth: F32
    surface: NDArray[np.int32]


def cast(shapes: NDArray[np.void], rays: Rays) -> Hits:
    """Nearest hit of each ray with shapes as `seen_from` gives them."""
    height, width = rays.xy.shape[1:]
    depth, surface = np.empty((height, width), np.float32), np.empty((height, width), np.int32)
    for_rows(kernels.raycast.cast, rays.tiles.shape[1], rays.xy, rays.tiles, shapes, depth, surface, at_least=2)
    return Hits(depth, surface)


def seen_from(scene: Scene, T_world_camera: F64) -> NDArray[np.void]:
    """The scene's shapes, (N,) `kernels.raycast.SHAPE`, for rays from a camera at that pose."""
    T_camera_shape = transforms.inverse(T_world_camera) @ scene.T_world_shape
    R, t = T_camera_shape[:, :3, :3], T_camera_shape[:, :3, 3]
    shapes = scene.table.copy()
    shapes["rotation"] = R.transpose(0, 2, 1)
    shapes["origin"] = -np.einsum("nij,ni->nj", R, t)
    shapes["outline"] = _outlines(R, t, shapes["half"])
    return shapes


_CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])


def _outlines(R: F64, t: F64, half: F32) -> F64:
    """(N, 4) least x, most x, least y, most y of the rays to the shapes' bounding boxes; NaN for those behind."""
    corners = np.einsum("nij,ncj->nci", R, _CORNERS * half[:, None]) + t[:, None]
    ahead = corners[..., 2] > 1e-3
    xy = corners[..., :2] / np.where(ahead, corners[..., 2], 1)[..., None]
    outlines = np.stack([xy[..., 0].min(1), xy[..., 0].max(1), xy[..., 1].min(1), xy[..., 1].max(1)], -1)
    outlines += 1e-5 * (1 + np.abs(outlines)) * (-1, 1, -1, 1)  # the rays are rounded to float32
    outlines[~ahead.all(1)] = (-np.inf, np.inf, -np.inf, np.inf)
    outlines[~ahead.any(1)] = np.nan
    return outlines
