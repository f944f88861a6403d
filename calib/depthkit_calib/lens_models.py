"""Which lens model to take: the richest that is sane and that views held out do not speak against."""

import numpy as np

from depthkit.arrays import F64
from depthkit.cameras import CameraModel

MODELS: dict[str, tuple[str, int]] = {
    "brown_conrady-4": ("brown_conrady", 4),
    "brown_conrady-5": ("brown_conrady", 5),
    "brown_conrady-8": ("brown_conrady", 8),
    "brown_conrady-12": ("brown_conrady", 12),
    "fisheye": ("fisheye", 4),
}
"""Those that `calibrate` knows: model and number of coefficients."""

_GRID = 33
_CLOSED = 0.01  # px


def with_model(camera: CameraModel, name: str) -> CameraModel:
    """The camera with that model and a lens that does not bend, to start from; the one that it has if it has it."""
    model, count = MODELS[name]
    same = camera.model == model
    kept = camera.distortion[:count] if same else ()
    return CameraModel(
        *camera.size, camera.fx, camera.fy, camera.cx, camera.cy, (*kept, *(0.0,) * (count - len(kept))), model
    )


def unsafe(camera: CameraModel) -> str:
    """What is wrong with a lens in its own picture, in words; empty if nothing is.

    Each pixel must have one ray which leads back to it, from the middle to the corners.
    """
    u, v = np.meshgrid(np.linspace(0, camera.width - 1, _GRID), np.linspace(0, camera.height - 1, _GRID))
    pixels = np.stack([u, v], -1)
    ideal = camera.unproject(pixels)
    lost = ~np.isfinite(ideal).all(-1)
    if lost.any():
        return f"its model has no ray for {lost.mean():.0%} of the picture"
    off = np.abs(camera.project(_points(ideal)) - pixels).max()
    return f"its rays lead back to pixels {off:.2g} px away" if off > _CLOSED else ""


def _points(ideal: F64) -> F64:
    return np.concatenate([ideal, np.ones((*ideal.shape[:-1], 1))], -1)
