"""Naive twin of the block matcher: straight from the formulas, pixel by pixel, in Python's unbounded integers."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit.block_matching import BlockSgm
from depthkit.types import Reason
from tests import oracle_sgm

Array = NDArray[Any]
Found = tuple[Array, Array, Array]  # values, reason, confidence


def planes(image: Array, cap: int) -> tuple[Array, Array]:
    """Gradients plus cap, and grey levels (H, W); cap in the outermost columns of both."""
    height, width = image.shape
    slopes, greys = np.full(image.shape, cap, np.int64), np.full(image.shape, cap, np.int64)
    for y in range(height):
        for x in range(1, width - 1):
            rows = ((max(y - 1, 0), 1), (y, 2), (min(y + 1, height - 1), 1))
            sobel = sum(w * (int(image[v, x + 1]) - int(image[v, x - 1])) for v, w in rows)
            slopes[y, x] = max(-cap, min(cap, sobel)) + cap
            greys[y, x] = image[y, x]
    return slopes, greys


def span(row: Array, x: int) -> tuple[int, int, int]:
    """A value, and the least and largest on the way halfway to its neighbours."""
    here, before, after = (int(row[min(max(u, 0), len(row) - 1)]) for u in (x, x - 1, x + 1))
    near = here, (here + before) // 2, (here + after) // 2
    return here, min(near), max(near)


def dissimilarity(left: Array, x: int, right: Array, u: int) -> int:
    """Birchfield and Tomasi: the least by which one value is outside the span of the other."""
    (a, a_low, a_high), (b, b_low, b_high) = span(left, x), span(right, u)
    return min(max(0, a - b_high, b_low - a), max(0, b - a_high, a_low - b))


def columns(width: int, sgm: BlockSgm) -> range:
    """Columns all whose candidates are in the right image."""
    return range(max(sgm.min_disparity + sgm.num_disparities, 0), width + min(sgm.min_disparity, 0))


def pixel_costs(left: Array, right: Array, sgm: BlockSgm) -> Array:
    """(H, W', D)"""
    inside = columns(left.shape[1], sgm)
    slopes, greys = zip(planes(left, sgm.prefilter_cap), planes(right, sgm.prefilter_cap), strict=True)
    out = np.zeros((len(left), len(inside), sgm.num_disparities), np.int64)
    for y, i, k in np.ndindex(*out.shape):
        x, u = inside[i], inside[i] - sgm.min_disparity - k
        slope, grey = (dissimilarity(one[y], x, other[y], u) for one, other in (slopes, greys))
        out[y, i, k] = min(255, slope + grey // 4)
    return out


def block_costs(costs: Array, size: int) -> Array:
    """Sums over blocks, with the outermost rows and columns repeated."""
    radius = size // 2
    padded = np.pad(costs, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    height, width, _ = costs.shape
    return sum(padded[dy : dy + height, dx : dx + width] for dy in range(size) for dx in range(size))  # type: ignore[return-value]


def totals(volume: Array, sgm: BlockSgm, rows_a_band: int = 120, warm_up: int = 16) -> Array:
    """Sums of path costs (H, W', D), each band of rows by itself, with paths from `warm_up` rows outside it."""
    height = len(volume)
    flat = np.zeros(volume.shape[:2], np.uint8)  # no edges that would lower P2
    penalties: Any = SimpleNamespace(P1=sgm.P1, P2=sgm.P2, P2_min=sgm.P2)
    bands = 2 * -(-height // (2 * rows_a_band))
    out = np.zeros_like(volume)
    for band in range(bands):
        top, bottom = height * band // bands, height * (band + 1) // bands
        for dy, dx in [direction for group in oracle_sgm.GROUPS[sgm.paths] for direction in group]:
            first = max(top - warm_up, 0) if dy > 0 else top
            last = min(bottom + warm_up, height) if dy < 0 else bottom
            out[top:bottom] += oracle_sgm.path(volume, flat, penalties, dy, dx, first, last)[top:bottom]
    return np.minimum(out, 65535)


def offset(costs: list[int], k: int) -> int:
    """Sixteenths from a candidate to the vertex of the parabola through it and its neighbours, towards 0 at halves."""
    if not 0 < k < len(costs) - 1:
        return 0
    curvature = max(costs[k - 1] + costs[k + 1] - 2 * costs[k], 1)
    return int(((costs[k - 1] - costs[k + 1]) * 16 + curvature) / (2 * curvature))


def row_of_winners(y: int, total: Array, grey: Array, valid: tuple[Array, Array], sgm: BlockSgm) -> Found:
    """Values, reasons and confidence (W,) of a row from its totals (W', D)."""
    width = grey.shape[1]
    values, reason = np.full(width, np.nan, np.float32), np.full(width, int(Reason.BORDER), np.uint16)
    confidence, steps = np.zeros(width, np.float32), {}
    owners: dict[int, tuple[int, int]] = {}  # of right pixels: cost and disparity of the cheapest match
    for i, x in reversed(list(enumerate(columns(width, sgm)))):
        costs = [int(c) for c in total[i]]
        least = min(costs)
        k = costs.index(least)
        disparity = sgm.min_disparity + k
        if not (valid[0][y, x] and valid[1][y, x - disparity]):
            continue
        second = min((c for j, c in enumerate(costs) if abs(j - k) > 1), default=65536)
        if second * (100 - sgm.uniqueness_ratio) < least * 100:
            flat = oracle_sgm.contrast(grey, y, x) < 4
            reason[x] = int(Reason.NO_TEXTURE if flat else Reason.NOT_UNIQUE)
            continue
        steps[x] = 16 * disparity + offset(costs, k)
        confidence[x] = np.float32(second - least) / np.float32(max(second, 1))
        if x - disparity not in owners or least < owners[x - disparity][0]:
            owners[x - disparity] = least, disparity
    for x, place in steps.items():
        near = place // 16, -(-place // 16)
        taken = [x - d in owners and abs(owners[x - d][1] - d) > (sgm.lr_check or 0) for d in near]
        dropped = sgm.lr_check is not None and all(taken)
        reason[x] = int(Reason.LEFT_RIGHT) if dropped else 0
        if dropped:
            confidence[x] = 0
        else:
            values[x] = place / 16
    return values, reason, confidence


def settle(judged: Array, values: Array, reason: Array, confidence: Array) -> None:
    """Reason and confidence follow what filters did to the values since they were judged."""
    for pixel in np.ndindex(*values.shape):
        if reason[pixel] & Reason.BORDER:
            values[pixel] = np.nan
        elif np.isnan(values[pixel]):
            reason[pixel], confidence[pixel] = reason[pixel] or int(Reason.SPECKLE), 0
        elif reason[pixel] or abs(values[pixel] - judged[pixel]) > 1:
            reason[pixel], confidence[pixel] = int(Reason.INTERPOLATED), 0.1


def match(
    left: Array, right: Array, sgm: BlockSgm, valid: tuple[Array, Array] | None = None, rows_a_band: int = 120
) -> Found:
    """The whole matcher: values, reason, confidence."""
    valid = valid or (np.ones(left.shape, bool), np.ones(left.shape, bool))
    volume = block_costs(pixel_costs(left, right, sgm), sgm.block_size)
    total = totals(volume, sgm, rows_a_band)
    rows = [row_of_winners(y, total[y], left, valid, sgm) for y in range(len(left))]
    judged, reason, confidence = (np.stack(part) for part in zip(*rows, strict=True))
    values = oracle_sgm.median(judged, 3)
    for segment in oracle_sgm.segments(values, sgm.speckle_range):
        if len(segment) < sgm.speckle:
            for pixel in segment:
                values[pixel] = np.nan
                reason[pixel] |= int(Reason.SPECKLE)
    settle(judged, values, reason, confidence)
    return values, reason, confidence
