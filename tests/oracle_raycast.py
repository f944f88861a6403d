"""Naive twins of the simulation's kernels: one ray, one pixel at a time, in float64, from the textbook's equations."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit.arrays import F32, F64
from depthkit.kernels.texture import LEVELS, SIZE, STRIDE

EPSILON = 1e-9
Surfaces = NDArray[np.int32]


def hits_of(kind: int, half: F64, o: F64, d: F64) -> list[tuple[float, int]]:
    """All (t, face) at which the line o + t d crosses the surface of a shape, by intersecting each face on its own."""
    if kind == 0:
        return [hit for axis in range(3) for hit in _flat(axis, half, o, d, (0, 1, 2))]
    round_axes = [0, 1, 2] if kind == 1 else [0, 2]
    sides = [(t, 0) for t in _quadratic(o[round_axes] / half[round_axes], d[round_axes] / half[round_axes])]
    if kind == 1:
        return sides
    ends = [hit for hit in _flat(1, half, o, d, ()) if sum(((o + hit[0] * d)[[0, 2]] / half[[0, 2]]) ** 2) <= 1]
    return ends + [(t, face) for t, face in sides if abs(o[1] + t * d[1]) <= half[1]]


def _flat(axis: int, half: F64, o: F64, d: F64, bounded: tuple[int, ...]) -> list[tuple[float, int]]:
    found = []
    for face, side in ((2 * axis, -1), (2 * axis + 1, 1)):
        if abs(d[axis]) > EPSILON:
            t = (side * half[axis] - o[axis]) / d[axis]
            p = o + t * d
            if all(abs(p[k]) <= half[k] for k in bounded if k != axis):
                found.append((t, face))
    return found


def _quadratic(o: F64, d: F64) -> list[float]:
    a, b, c = d @ d, 2 * o @ d, o @ o - 1
    discriminant = float(b * b - 4 * a * c)
    if discriminant < 0:
        return []
    return [float(-b + sign * math.sqrt(discriminant)) / float(2 * a) for sign in (-1, 1)]


def nearest(x: float, y: float, shapes: NDArray[np.void], names: list[int] | None = None) -> tuple[float, int]:
    """Depth and 6·shape + face of the first shape (of those in `names`) that the ray (x, y, 1) meets; (NaN, -1)."""
    best = (math.inf, -1)
    for k in range(len(shapes)) if names is None else names:
        o, d = _in_shape(shapes[k], x, y)
        for t, face in hits_of(int(shapes[k]["kind"]), shapes[k]["half"].astype(float), o, d):
            if 0 < t < best[0]:
                best = (t, 6 * k + face)
    return best if best[1] >= 0 else (math.nan, -1)


def _in_shape(shape: np.void, x: float, y: float) -> tuple[F64, F64]:
    return shape["origin"].astype(float), shape["rotation"].astype(float) @ (float(x), float(y), 1.0)


def cast(rays: F32, shapes: NDArray[np.void]) -> tuple[F64, Surfaces]:
    """Depth and surface of every ray."""
    _, height, width = rays.shape
    found = [[nearest(float(rays[0, v, u]), float(rays[1, v, u]), shapes) for u in range(width)] for v in range(height)]
    return np.array([[t for t, _ in row] for row in found]), np.array([[s for _, s in row] for row in found], np.int32)


def shade(
    rays: F32,
    depth: F32,
    surface: Surfaces,
    shapes: NDArray[np.void],
    materials: NDArray[np.void],
    atlas: NDArray[np.uint8],
    lamps: NDArray[np.void],
    shadows: F32,
    ambient: F32,
) -> F64:
    """Radiance of every pixel; where surfaces meet, the mean of four rays."""
    height, width = depth.shape
    radiance = np.zeros((height, width, 3))
    scene = (shapes, materials, atlas, lamps, shadows, ambient)
    for v in range(height):
        for u in range(width):
            neighbours = [(v, u), (v, max(u - 1, 0)), (v, min(u + 1, width - 1)), (max(v - 1, 0), u)]
            names = [int(surface[place]) for place in [*neighbours, (min(v + 1, height - 1), u)]]
            x, y = map(float, rays[:, v, u])
            right = min(u + 1, width - 1)
            size = abs(float(rays[0, v, right]) - float(rays[0, v, max(right - 1, 0)]))
            if len(set(names)) == 1:
                radiance[v, u] = look(x, y, float(depth[v, u]), names[0], size, *scene)
                continue
            for dx, dy in ((-0.375, -0.125), (-0.125, 0.375), (0.125, -0.375), (0.375, 0.125)):
                shown = sorted({name // 6 for name in names if name >= 0})
                t, name = nearest(x + dx * size, y + dy * size, shapes, shown)
                radiance[v, u] += look(x + dx * size, y + dy * size, t, name, size, *scene) / 4
    return radiance


def look(x: float, y: float, t: float, name: int, size: float, shapes: Any, *scene: Any) -> F64:
    """Radiance of what one ray meets."""
    if name < 0:
        return np.zeros(3)
    shape, face = shapes[name // 6], name % 6
    materials, atlas, lamps, shadows, ambient = scene
    o, d = _in_shape(shape, x, y)
    p = o + t * d
    n = normal(shape, face, p)
    cosine = abs(float(n @ d)) / float(np.linalg.norm(d))
    color = paint(shape, face, p, t * size / math.sqrt(max(cosine, 0.05)), materials, atlas)
    T = shape["to_world"].astype(float)
    n = T[:, :3] @ (n if n @ d <= 0 else -n)
    return np.asarray(color * light(T[:, :3] @ p + T[:, 3], n, lamps, shadows, ambient))


def normal(shape: np.void, face: int, p: F64) -> F64:
    """Outward unit normal: of the flat face, or the gradient of the round side's equation."""
    kind, half = int(shape["kind"]), shape["half"].astype(float)
    if kind == 0 or face != 0:
        n = np.zeros(3)
        n[face // 2] = 1 if face % 2 else -1
        return n
    gradient = p / half**2 * ((1, 1, 1) if kind == 1 else (1, 0, 1))
    return np.asarray(gradient / np.linalg.norm(gradient))


def paint(
    shape: np.void, face: int, p: F64, footprint: float, materials: NDArray[np.void], atlas: NDArray[np.uint8]
) -> F64:
    """Colour of a face at a point."""
    material = materials[shape["faces"][face]]
    flat = int(shape["kind"]) == 0 or face != 0
    if flat:
        a, b = {0: (p[2], p[1]), 1: (p[0], p[2]), 2: (p[0], p[1])}[face // 2]
    else:
        a, b = math.atan2(p[2] / shape["half"][2], p[0] / shape["half"][0]) * shape["half"][0], p[1]
    period = float(material["period"])
    value = sample(atlas, int(material["pattern"]), a / period, b / period, footprint / period)
    return np.array([np.interp(1.999 / 2 * value, (0, 0.5, 1), material["colors"][:, c]) for c in range(3)])


def sample(atlas: NDArray[np.uint8], pattern: int, u: float, v: float, footprint: float) -> float:
    """Pattern between the two halvings whose pixels are just smaller and just larger than the footprint."""
    texels = max(footprint * SIZE, 1.0)
    level = min(math.floor(math.log2(texels)), LEVELS - 2)
    first = texels / 2 ** math.floor(math.log2(texels)) - 1
    images = _images(atlas, pattern)
    return float((1 - first) * _bilinear(images[level], u, v) + first * _bilinear(images[level + 1], u, v)) / 255


def _images(atlas: NDArray[np.uint8], pattern: int) -> list[NDArray[np.uint8]]:
    flat, images = atlas[pattern * STRIDE : (pattern + 1) * STRIDE], []
    for level in range(LEVELS):
        n = SIZE >> level
        images.append(flat[: n * n].reshape(n, n))
        flat = flat[n * n :]
    return images


def _bilinear(image: NDArray[np.uint8], u: float, v: float) -> float:
    n = len(image)
    x, y = u * n - 0.5, v * n - 0.5
    i, j = math.floor(x), math.floor(y)
    total = 0.0
    for di, dj in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = (1 - abs(x - i - di)) * (1 - abs(y - j - dj))
        total += weight * float(image[(j + dj) % n, (i + di) % n])
    return total


def light(p: F64, n: F64, lamps: NDArray[np.void], shadows: F32, ambient: F32) -> F64:
    """Light on a point of that normal: from all around, and of each lamp whose map does not show something nearer."""
    total = ambient.astype(float) * (0.8 - 0.2 * n[1])
    for lamp, seen in zip(lamps, shadows, strict=True):
        towards = lamp["position"].astype(float) - p
        distance = float(np.linalg.norm(towards))
        cosine = float(n @ towards) / distance
        x, y, z = lamp["rotation"].astype(float) @ (p + 0.015 * n - lamp["position"])
        if cosine > 0 and z > 0:
            share = cosine / (distance**2 + 0.3) * _visible(seen, x, y, z)
            total = total + share * lamp["power"].astype(float)
    return np.asarray(total)


def _visible(seen: F32, x: float, y: float, z: float) -> float:
    size, r = len(seen), math.sqrt(x * x + y * y + z * z)
    u, v = (np.clip((k / (r + z) + 1) * size / 2 - 0.5, 0, size - 1.01) for k in (x, y))
    i, j = int(u), int(v)
    beyond = (seen[j : j + 2, i : i + 2] >= r).astype(float)
    return float((1 - v + j) * beyond[0] @ (1 - u + i, u - i) + (v - j) * beyond[1] @ (1 - u + i, u - i))


def hash32(x: int) -> int:
    """The noise's hash of 32 bits."""
    x = (x ^ x >> 16) * 0x7FEB352D % 2**32
    x = (x ^ x >> 15) * 0x846CA68B % 2**32
    return x ^ x >> 16


def draw(place: int, seed: tuple[int, int], quantiles: F32) -> float:
    """The normal draw for a place."""
    return float(quantiles[hash32(hash32(place ^ seed[0]) ^ seed[1]) // 2**20])


def expose(
    light: F32, gain: float, read_variance: float, seed: tuple[int, int], quantiles: F32, transfer: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Digits of (H, W) light."""
    digits = []
    for place, signal in enumerate(light.ravel().astype(float)):
        electrons = signal / gain if gain else 0.0
        noise = draw(place, seed, quantiles) * math.sqrt(electrons + read_variance) * gain
        digits.append(transfer[int(np.clip(signal + noise, 0, 1) * 4095 + 0.5)])
    return np.array(digits, np.uint8).reshape(light.shape)


def measure(
    rays: F32, exact: F32, surface: Surfaces, lit: F32, shapes: NDArray[np.void], limits: Any, seed: Any, quantiles: F32
) -> tuple[F64, NDArray[np.uint16], F64]:
    """Depth, reason and confidence of a depth camera with a projector."""
    height, width = exact.shape
    depth, reason = np.full(exact.shape, np.nan), np.zeros(exact.shape, np.uint16)
    confidence = np.zeros(exact.shape)
    for place in range(height * width):
        v, u = divmod(place, width)
        noise = [draw(3 * place + i, seed, quantiles) for i in range(3)]
        i = int(np.clip(u + round(float(limits.jitter) * noise[0]), 0, width - 1))
        j = int(np.clip(v + round(float(limits.jitter) * noise[1]), 0, height - 1))
        z = float(exact[j, i])
        angle = _angle(rays, surface, shapes, i, j, z)
        reason[v, u] = _why_not(exact, lit, i, j, z, angle, limits)
        if reason[v, u] == 0:
            sigma = axial_sigma(z, angle)
            depth[v, u] = round((z + sigma * noise[2]) / float(limits.unit)) * float(limits.unit)
            confidence[v, u] = axial_sigma(0.4, 0.0) / sigma
    return depth, reason, confidence


def axial_sigma(z: float, angle: float) -> float:
    """σ of depth, m (Nguyen, Izadi & Lovell 2012)."""
    return 0.0012 + 0.0019 * (z - 0.4) ** 2 + 0.0001 / math.sqrt(z) * angle**2 / (math.pi / 2 - angle) ** 2


def _angle(rays: F32, surface: Surfaces, shapes: NDArray[np.void], u: int, v: int, z: float) -> float:
    if surface[v, u] < 0:
        return math.nan
    shape = shapes[surface[v, u] // 6]
    o, d = _in_shape(shape, rays[0, v, u], rays[1, v, u])
    n = normal(shape, int(surface[v, u]) % 6, o + z * d)
    return math.acos(min(1.0, abs(float(n @ d)) / float(np.linalg.norm(d))))


def _why_not(exact: F32, lit: F32, u: int, v: int, z: float, angle: float, limits: Any) -> int:
    height, width = exact.shape
    if math.isnan(z):
        return int(limits.no_data)
    if not limits.nearest <= z <= limits.farthest:
        return int(limits.too_near if z < limits.nearest else limits.too_far)
    if math.cos(angle) < limits.least_cosine:
        return int(limits.no_data)
    for dv, du in ((0, -1), (0, 1), (-1, 0), (1, 0)):
        beside = float(exact[np.clip(v + dv, 0, height - 1), np.clip(u + du, 0, width - 1)])
        if abs(beside - z) > limits.jump * z:
            return int(limits.flying)
    column = round(u - float(limits.shift) / z)
    return int(limits.hidden) if column >= 0 and lit[v, column] < z - limits.jump * z else 0
