"""The obviously right twin of depthkit.kernels.cloud: one pixel after the other, in float64."""

import numpy as np

from depthkit import transforms
from depthkit.arrays import F64, Image
from depthkit.cloud import CloudConfig
from depthkit.types import MADE_UP, DepthImage


def is_flying(z: float, neighbours: list[float], edge: float) -> bool:
    """Whether the neighbours along one axis are known, but none of them near."""
    known = [n for n in neighbours if np.isfinite(n)]
    return bool(known) and all(abs(n - z) > edge * z for n in known)


def cloud(
    depth: DepthImage, image: Image | None, T: F64, config: CloudConfig
) -> tuple[list[list[float]], list[list[int]], list[tuple[int, int]]]:
    """Points, RGB colours and the pixels (v, u) they come from, row by row."""
    height, width = depth.depth.shape
    z_of = depth.depth.astype(np.float64)
    points, colors, pixels = [], [], []
    for v in range(height):
        for u in range(width):
            z = z_of[v, u]
            if not (np.isfinite(z) and config.z_min <= z <= config.z_max):
                continue
            if depth.reason[v, u] & MADE_UP and not config.made_up:
                continue
            if depth.confidence[v, u] < np.float32(config.min_confidence):
                continue
            if config.edge is not None:
                row = [z_of[v, u - 1], z_of[v, u + 1]] if 0 < u < width - 1 else []
                column = [z_of[v - 1, u], z_of[v + 1, u]] if 0 < v < height - 1 else []
                if is_flying(z, row, config.edge) or is_flying(z, column, config.edge):
                    continue
            x, y = depth.camera.unproject((u, v))
            point = transforms.apply(T, np.array([x * z, y * z, z]))
            if config.box and not all(a <= p <= b for a, p, b in zip(config.box, point, config.box[3:], strict=False)):
                continue
            points.append(point.tolist())
            pixels.append((v, u))
            if image is not None:
                colors.append(np.broadcast_to(image[v, u], 3).tolist())
    return points, colors, pixels
