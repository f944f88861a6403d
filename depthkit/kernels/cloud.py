"""From a depth image to points: which pixels to keep, then one pass that places, turns and colours them.

Both kernels run over rows. The first marks and counts, so that the second knows where the points of each row go.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline, kernel

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Limits(NamedTuple):
    """What a pixel must fulfil to become a point; all numbers are np.float32.

    unwanted: uint16 bits of reason; box: (6,) least x, y, z, then largest x, y, z in the target frame, m.
    """

    z_min: np.float32
    z_max: np.float32
    edge: np.float32
    min_confidence: np.float32
    unwanted: np.uint16
    box: F32


@kernel
def select(
    start: int,
    stop: int,
    depth: F32,
    reason: U16,
    confidence: F32,
    rays: F32,
    pose: F32,
    limits: Limits,
    keep: Mask,
    counts: I64,
) -> None:
    """Mark the pixels of each row that become points, and count them.

    depth, confidence: (H, W) float32; reason: (H, W) uint16; rays: (2, H, W) float32 x/z and y/z; pose: (3, 4)
    float32 target from camera; limits: `Limits`; keep: (H, W) bool; counts: (H,) int64.
    """
    height, width = depth.shape
    for v in range(start, stop):
        row, kept = depth[v], keep[v]
        _in_range(row, reason[v], confidence[v], limits, kept)
        # Beyond the image's border a pixel meets itself, which counts as near.
        _not_flying(row, depth[max(v - 1, 0)], depth[min(v + 1, height - 1)], limits.edge, kept)
        _not_flying(row[1 : width - 1], row[: width - 2], row[2:], limits.edge, kept[1 : width - 1])
        _in_box(row, rays[0, v], rays[1, v], pose, limits.box, kept)
        count = 0
        for u in range(width):
            count += kept[u]
        counts[v] = count


@kernel
def place(
    start: int,
    stop: int,
    depth: F32,
    rays: F32,
    pose: F32,
    keep: Mask,
    firsts: I64,
    image: U8,
    points: F32,
    colors: U8,
) -> None:
    """Write the marked pixels of each row as points in the target frame, from index firsts[row] on.

    firsts: (H,) int64; image: (H, W, 1) grey or (H, W, 3) RGB uint8, or of no size at all; points: (N, 3) float32;
    colors: (N, 3) uint8.
    """
    width = depth.shape[1]
    xyz = np.empty((3, width), np.float32)
    for v in range(start, stop):
        for i in range(3):
            for u in range(width):
                xyz[i, u] = _coordinate(pose, i, rays[0, v, u], rays[1, v, u], depth[v, u])
        _pack(keep[v], xyz, points[firsts[v] :])
        if image.size > 0:
            _pack(keep[v], image[v].T, colors[firsts[v] :])


@inline
def _pack(kept: Mask, values: F32 | U8, out: F32 | U8) -> None:
    """Columns of values (3, W), or three times the same of (1, W), of the marked pixels as rows of out (N, 3)."""
    second, third = np.uint64(len(values) // 2), np.uint64(len(values) - 1)
    k = np.uint64(0)  # unsigned: a negative index would count from the end, which costs a test each
    for u in range(kept.size):
        if kept[u]:
            out[k, 0], out[k, 1], out[k, 2] = values[0, u], values[second, u], values[third, u]
            k += np.uint64(1)


@inline
def _in_range(row: F32, reason: U16, confidence: F32, limits: Limits, kept: Mask) -> None:
    for u in range(row.size):
        z = row[u]
        measured = (reason[u] & limits.unwanted) == 0
        kept[u] = measured & (z >= limits.z_min) & (z <= limits.z_max) & (confidence[u] >= limits.min_confidence)


@inline
def _not_flying(row: F32, before: F32, after: F32, edge: np.float32, kept: Mask) -> None:
    """Unmark pixels that have a known neighbour along an axis, but none of a depth like theirs."""
    for u in range(row.size):
        z, a, b = row[u], before[u], after[u]
        reach = edge * z
        known = (a == a) | (b == b)
        near = (abs(a - z) <= reach) | (abs(b - z) <= reach)
        kept[u] &= near | ~known


@inline
def _in_box(row: F32, xs: F32, ys: F32, pose: F32, box: F32, kept: Mask) -> None:
    for i in range(3):
        least, most = box[i], box[i + 3]
        for u in range(row.size):
            place = _coordinate(pose, i, xs[u], ys[u], row[u])
            kept[u] &= (place >= least) & (place <= most)


@inline
def _coordinate(pose: F32, i: int, ray_x: np.float32, ray_y: np.float32, z: np.float32) -> np.float32:
    """Coordinate i, in the target frame, of the point at depth z on a ray."""
    return np.float32(pose[i, 0] * (ray_x * z) + pose[i, 1] * (ray_y * z) + pose[i, 2] * z + pose[i, 3])
