"""Naive twins of the stereo kernels: straight from the formulas, pixel by pixel, in Python's unbounded integers."""

import itertools
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels import matching
from depthkit.stereo import Sgm
from depthkit.types import Reason

Array = NDArray[Any]
Pixel = tuple[int, int]


def at(image: Array, y: int, x: int) -> int:
    """A pixel of the image extended by its border."""
    return int(image[min(max(y, 0), image.shape[0] - 1), min(max(x, 0), image.shape[1] - 1)])


def halfway(image: Array, y: int, x: int) -> int:
    """Halfway between a pixel and its right neighbour."""
    return (at(image, y, x) + at(image, y, x + 1) + 1) // 2


def drawn(picture: str) -> list[Pixel]:
    """Offsets of the marks from the centre of a square of characters."""
    rows = picture.split()
    reach = len(rows) // 2
    return [(y - reach, x - reach) for y, row in enumerate(rows) for x, mark in enumerate(row) if mark == "x"]


WINDOWS = {
    5: drawn("xxxxx xxxxx xx.xx xxxxx xxxxx"),
    7: drawn("x.x.x.x .x.x.x. x.x.x.x .x...x. x.x.x.x .x.x.x. x.x.x.x"),
    9: drawn("x.x.x.x.x ......... x.x.x.x.x ......... x.x...x.x ......... x.x.x.x.x ......... x.x.x.x.x"),
}


def census(image: Array, y: int, x: int, side: int, value: Any = at) -> list[bool]:
    return [value(image, y, x) > value(image, y + dy, x + dx) for dy, dx in WINDOWS[side]]


def stable(image: Array, y: int, x: int, side: int) -> list[bool]:
    shifted = zip(census(image, y, x, side, halfway), census(image, y, x - 1, side, halfway), strict=True)
    return [bit == one == other for bit, (one, other) in zip(census(image, y, x, side), shifted, strict=True)]


def gradient(image: Array, y: int, x: int) -> int:
    sobel = sum(w * (at(image, y + dy, x + 1) - at(image, y + dy, x - 1)) for dy, w in ((-1, 1), (0, 2), (1, 1)))
    return max(-63, min(63, sobel))


def levels(left: Array, right: Array) -> list[Array]:
    """8-bit versions of both images, of small ones from all of their values."""
    if left.dtype == np.uint8:
        return [left, right]
    low, high = np.percentile(np.concatenate([left.ravel(), right.ravel()]), (0.5, 99.5))
    dark = max(2 * low - high, 0)
    scale = 255 / max(high - dark, 255)
    return [to_levels(image, dark, scale) for image in (left, right)]


def to_levels(image: Array, dark: float, scale: float) -> Array:
    levels = (image.astype(np.float32) - np.float32(dark)) * np.float32(scale)
    return np.asarray(np.floor(np.clip(levels, 0, 255) + np.float32(0.5)), np.uint8)


def features(image: Array, side: int = 5, grey: Array | None = None) -> Array:
    """(H, 7, W) as the kernel packs them."""
    grey = image if grey is None else grey
    height, width = image.shape
    out = np.zeros((height, 7, width), np.uint8)
    for y in range(height):
        for x in range(width):
            for i, (bit, sure) in enumerate(zip(census(image, y, x, side), stable(image, y, x, side), strict=True)):
                out[y, i // 8, x] += bit << i % 8
                out[y, 3 + i // 8, x] += sure << i % 8
            out[y, 6, x] = gradient(grey, y, x) + 63
    return out


def raw_cost(left: Array, right: Array, y: int, x: int, d: int) -> int:
    """Cost from features (H, 7, W) of left pixel x with right pixel x - d, or the nearest one in the image."""
    a = [int(v) for v in left[y, :, x]]
    b = [int(v) for v in right[y, :, min(max(x - d, 0), right.shape[2] - 1)]]
    if left.shape[1] == 3:
        return sum((a[i] ^ b[i]).bit_count() for i in range(3))
    bits = sum(((a[i] ^ b[i]) & a[3 + i] & b[3 + i]).bit_count() for i in range(3))
    return bits + (min(abs(a[6] - b[6]), 12) + 1) // 2


def smooth(costs: Array, grey: Array, dy: int, dx: int) -> Array:
    """[1 2 1] / 4 in one direction; a neighbour that is not there, or past an edge, is replaced by the pixel."""
    height, width = grey.shape
    out = np.empty_like(costs)
    for y in range(height):
        for x in range(width):
            sides = []
            for v, u in ((y - dy, x - dx), (y + dy, x + dx)):
                alike = 0 <= v < height and 0 <= u < width and abs(int(grey[v, u]) - int(grey[y, x])) <= 12
                sides.append(costs[v, u] if alike else costs[y, x])
            out[y, x] = ((sides[0] + sides[1] + 1) // 2 + costs[y, x] + 1) // 2
    return out


def costs(left: Array, right: Array, grey: Array, sgm: Sgm) -> Array:
    """(H, W, D) int64, smoothed along rows, then across."""
    height, width = grey.shape
    raw = np.empty((height, width, sgm.num_disparities), np.int64)
    for y, x, k in np.ndindex(*raw.shape):
        raw[y, x, k] = raw_cost(left, right, y, x, sgm.min_disparity + k)
    return raw if left.shape[1] == 3 else smooth(smooth(raw, grey, 0, 1), grey, 1, 0)


def path(volume: Array, grey: Array, sgm: Sgm, dy: int, dx: int, first: int, last: int) -> Array:
    """Path costs (H, W, D) in direction (dy, dx) of paths that start at row first, or where going up at last - 1."""
    _, width, num_disparities = volume.shape
    out = np.zeros_like(volume)
    rows = range(first, last) if dy >= 0 else range(last - 1, first - 1, -1)
    columns = range(width) if dx >= 0 else range(width - 1, -1, -1)
    for y in rows:
        for x in columns:
            v, u = y - dy, x - dx
            if not (v in rows and 0 <= u < width):
                out[y, x] = volume[y, x]
                continue
            before = [int(c) for c in out[v, u]]
            least = min(before)
            p2 = max(sgm.P2 - abs(int(grey[y, x]) - int(grey[v, u])), sgm.P2_min)
            for k in range(num_disparities):
                beside = [before[j] + sgm.P1 for j in (k - 1, k + 1) if 0 <= j < num_disparities]
                out[y, x, k] = volume[y, x, k] + min([before[k], least + p2, *beside]) - least
    return out


# Directions by number of paths; where there are diagonal ones, halves of each group are summed.
GROUPS = {
    3: [[(0, 1), (1, 0)], [(0, -1)]],
    4: [[(0, 1), (1, 0)], [(-1, 0)], [(0, -1)]],
    5: [[(0, 1), (1, 0), (1, 1), (1, -1)], [(0, -1)]],
    8: [[(0, 1), (1, 0), (1, 1), (1, -1)], [(-1, 0), (-1, 1), (-1, -1)], [(0, -1)]],
}


def totals(volume: Array, grey: Array, sgm: Sgm, rows_a_band: int = 120, warm_up: int = 8) -> Array:
    """Sums of path costs (H, W, D), each band of rows by itself, with paths from `warm_up` rows outside it."""
    height = len(grey)
    bands = 2 * -(-height // (2 * rows_a_band))
    out = np.zeros_like(volume)
    for band in range(bands):
        top, bottom = height * band // bands, height * (band + 1) // bands
        for group in GROUPS[sgm.paths]:
            part = np.zeros_like(volume[top:bottom])
            for dy, dx in group:
                first = max(top - warm_up, 0) if dy > 0 else top
                last = min(bottom + warm_up, height) if dy < 0 else bottom
                part += path(volume, grey, sgm, dy, dx, first, last)[top:bottom]
            out[top:bottom] += (part + 1) // 2 if sgm.paths in (5, 8) else part
    return np.minimum(out, 255)


def winner(total: Array, x: int, sgm: Sgm) -> tuple[int, tuple[int, int, int], int, bool] | None:
    """Of a row of totals (W, D): best candidate of pixel x, sums there, second best, whether the right pixel agrees."""
    width, num_disparities = total.shape
    inside = [k for k in range(num_disparities) if 0 <= x - sgm.min_disparity - k < width]
    if not inside:
        return None
    best = min(inside, key=lambda k: (int(total[x, k]), k))
    least = int(total[x, best])
    near = (best - 1, best, best + 1)
    sums = tuple(int(total[x, k]) for k in near) if all(k in inside for k in near) else (least, least, least)
    second = min((int(total[x, k]) for k in range(num_disparities) if k not in near), default=255)
    partners = [(x + k - best, k) for k in range(num_disparities) if 0 <= x + k - best < width]
    goal = min(int(total[pair]) for pair in partners)
    agrees = sgm.lr_check is None or any(
        int(total[i, k]) == goal and abs(k - best) <= sgm.lr_check for i, k in partners
    )
    return best, (sums[0], sums[1], sums[2]), second, agrees


def span(row: Array, x: int) -> tuple[int, int, int]:
    here, before, after = (int(row[min(max(u, 0), len(row) - 1)]) for u in (x, x - 1, x + 1))
    places = 2 * here, here + before, here + after
    return 2 * here, min(places), max(places)


def difference(left: Array, x: int, right: Array, u: int) -> int:
    """Birchfield and Tomasi: the nearest that either pixel comes to the other's span, up to 126."""
    a, a_low, a_high = span(left, x)
    b, b_low, b_high = span(right, u)
    return min(126, max(0, a - b_high, b_low - a), max(0, b - a_high, a_low - b))


def subpixel(best: Array, sums: Array, left: Array, right: Array, sgm: Sgm) -> Array:
    height, width = best.shape
    values = np.full((height, width), np.nan, np.float32)
    for y, x in np.ndindex(height, width):
        k = int(best[y, x])
        if k < 0:
            continue
        values[y, x] = sgm.min_disparity + k
        if sgm.subpixel and 0 < k < sgm.num_disparities - 1 and 0 < x - sgm.min_disparity - k < width - 1:
            heights = [int(s) for s in sums[y, :, x]]
            for u in (x - 1, x, x + 1) if sgm.cost == "stable" else ():
                other = u - sgm.min_disparity - k
                if 0 <= u < width and 0 < other < width - 1 and abs(int(best[y, u]) - k) <= 1:
                    for i in range(3):
                        heights[i] += difference(left[y], u, right[y], other + 1 - i)
            before, after = heights[0] - heights[1], heights[2] - heights[1]
            if max(before, after) > 0:
                offset = np.float32(before - after) / np.float32(2 * max(before, after))
                values[y, x] += np.clip(offset, np.float32(-0.5), np.float32(0.5))
    return values


def segments(values: Array, difference: float) -> list[list[Pixel]]:
    """Connected pixels of similar values, by flooding."""
    height, width = values.shape
    free = {(y, x) for y, x in np.ndindex(height, width) if not np.isnan(values[y, x])}
    found = []
    while free:
        segment, queue = [], deque([free.pop()])
        while queue:
            y, x = queue.popleft()
            segment.append((y, x))
            for pixel in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if pixel in free and abs(values[pixel] - values[y, x]) <= difference:
                    free.remove(pixel)
                    queue.append(pixel)
        found.append(segment)
    return found


def median(values: Array, size: int) -> Array:
    """Median of the window, border repeated, NaN below all values."""
    reach = size // 2
    low = np.pad(np.where(np.isnan(values), -np.inf, values), reach, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(low, (size, size))
    out = np.median(windows.reshape(*values.shape, -1), axis=2)
    return np.where(np.isneginf(out), np.nan, out).astype(np.float32)


def bridge(line: Array, longest: int, difference: float) -> Array:
    """A line with its short gaps filled."""
    out = line.copy()
    known = [i for i, value in enumerate(line) if not np.isnan(value)]
    for a, b in itertools.pairwise(known):
        if 1 < b - a <= longest + 1 and abs(line[b] - line[a]) <= difference:
            slope = (line[b] - line[a]) / np.float32(b - a)
            for i in range(a + 1, b):
                out[i] = line[a] + slope * np.float32(i - a)
    return out


def contrast(grey: Array, y: int, x: int) -> int:
    window = grey[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
    return int(window.max()) - int(window.min())


def judge(found: Any, grey: Array, valid: tuple[Array, Array], sgm: Sgm) -> tuple[Array, Array]:
    """Reasons and confidence from `Winners`."""
    reason, confidence = np.zeros(grey.shape, np.uint16), np.zeros(grey.shape, np.float32)
    for y, x in np.ndindex(*grey.shape):
        k, second, best = int(found.best[y, x]), int(found.second[y, x]), int(found.sums[y, 1, x])
        why = Reason(0)
        if k < 0 or not (valid[0][y, x] and valid[1][y, x - sgm.min_disparity - k]):
            why = Reason.BORDER
        else:
            if second - best < sgm.uniqueness:
                why |= Reason.NO_TEXTURE if contrast(grey, y, x) < 4 else Reason.NOT_UNIQUE
            if not found.agrees[y, x]:
                why |= Reason.LEFT_RIGHT
        reason[y, x] = int(why)
    for y, x in zip(*np.nonzero(reason == 0), strict=True):
        rejected = int(np.count_nonzero(reason[y, max(x - 8, 0) : x + 9]))
        gradient = abs(at(grey, y, x + 1) - at(grey, y, x - 1))
        paths = {3: 3, 4: 4, 5: 2.5, 8: 4}[sgm.paths]
        confidence[y, x] = trust(int(found.sums[y, 1, x]), int(found.second[y, x]), gradient, rejected, paths)
    return reason, confidence


def trust(best: int, second: int, gradient: int, rejected: int, paths: float) -> Any:
    """Probability of being right, as a share of the evidence for it, in single precision."""
    f32 = np.float32
    scale = f32(3) / f32(paths)
    cost, margin = scale * f32(best), scale * (f32(second) - f32(best))
    against = (f32(16) + cost) * f32(64 + gradient)
    wrong = f32(0.65) * (against * against) * np.sqrt(f32(1 + 2 * rejected))
    favour = (f32(64) + margin) * (f32(64) + margin)
    return f32(1) - f32(0.7) * (wrong / (wrong + favour * favour))


def winners(total: Array, sgm: Sgm) -> Any:
    """All rows of totals (H, W, D)."""
    height, width, _ = total.shape
    found = matching.Winners(
        np.full((height, width), -1, np.int16),
        np.zeros((height, 3, width), np.uint8),
        np.zeros((height, width), np.uint8),
        np.zeros((height, width), np.bool_),
    )
    for y, x in np.ndindex(height, width):
        chosen = winner(total[y], x, sgm)
        if chosen is not None:
            found.best[y, x], found.sums[y, :, x], found.second[y, x], found.agrees[y, x] = chosen
    return found


def clean(values: Array, reason: Array, confidence: Array, sgm: Sgm) -> Array:
    """Speckle filter, median, gaps; reason and confidence follow, in place."""
    for segment in segments(values, sgm.speckle_range):
        if len(segment) < sgm.speckle:
            for pixel in segment:
                values[pixel], reason[pixel] = np.nan, int(Reason.SPECKLE)
    out = median(values, sgm.median) if sgm.median else values.copy()
    if sgm.bridge:
        out = np.stack([bridge(row, sgm.bridge, 1.0) for row in out])
        out = np.stack([bridge(column, sgm.bridge, 1.0) for column in out.T], axis=1)
    for pixel in np.ndindex(*out.shape):
        if reason[pixel] & Reason.BORDER:
            out[pixel] = np.nan
        elif np.isnan(out[pixel]):
            reason[pixel] = reason[pixel] or int(Reason.SPECKLE)
        elif reason[pixel] or abs(out[pixel] - values[pixel]) > 1:
            reason[pixel], confidence[pixel] = int(Reason.INTERPOLATED), 0.1
        confidence[pixel] *= not np.isnan(out[pixel])
    return out


def match(left: Array, right: Array, sgm: Sgm) -> tuple[Array, Array, Array]:
    """The whole matcher: values, reason, confidence."""
    grey, _ = greys = levels(left, right)
    planes = 7 if sgm.cost == "stable" else 3
    views = [features(image, sgm.census, grey)[:, :planes] for image, grey in zip((left, right), greys, strict=True)]
    found = winners(totals(costs(views[0], views[1], grey, sgm), grey, sgm), sgm)
    values = subpixel(found.best, found.sums, views[0][:, -1], views[1][:, -1], sgm)
    reason, confidence = judge(found, grey, (np.ones(left.shape, bool), np.ones(left.shape, bool)), sgm)
    values[reason != 0] = np.nan
    return clean(values, reason, confidence, sgm), reason, confidence
