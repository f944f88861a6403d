"""Figures of how good a depth image is that need no truth: how much was measured, how far, and how smooth."""

from typing import Any

import numpy as np

from depthkit.arrays import F64
from depthkit.cameras import Rig
from depthkit.types import MADE_UP, DepthImage, Reason

PATCH = 11  # px, side of the squares that planes are fitted to
_FULL = 0.75  # share of a patch that must be measured
_PERCENTILES = (5, 50, 95)


def quality(depth: DepthImage, rig: Rig | None = None) -> dict[str, Any]:
    """Plain values for a report; None for a figure that nothing was measured for.

    density, made_up: shares of all pixels that were measured, that were filled in; reasons: share of all pixels by
    each reason that occurs; depth_m: percentiles p5, p50, p95 of the measured depths; patches, plane_rms_mm and,
    with the rectified rig of the pair that gave the depth, plane_rms_px, in px of disparity: see `plane_rms`.
    """
    measured, made_up = depth.measured, (depth.reason & MADE_UP != 0) & np.isfinite(depth.depth)
    known = depth.depth[measured]
    rms_m, rms_inverse = plane_rms(depth)
    figures = {
        "density": float(measured.mean()),
        "made_up": float(made_up.mean()),
        "reasons": _shares(depth),
        "depth_m": {f"p{p}": float(np.percentile(known, p)) if known.size else None for p in _PERCENTILES},
        "patches": len(rms_m),
        "plane_rms_mm": _median(1000 * rms_m),
    }
    if rig is not None and "right" in rig.cameras and rig.cameras.get("left") == depth.camera:
        figures["plane_rms_px"] = _median(rig.left.fx * rig.baseline * rms_inverse)
    return figures


def plane_rms(depth: DepthImage) -> tuple[F64, F64]:
    """How far depths scatter about a plane, in patches of 11×11 pixels that tile the image.

    A plane seen by any camera is 1/z = a·x + b·y + c over the normalised coordinates (x, y) of its rays, so that
    least squares in 1/z weights errors as a stereo pair makes them. Returns, for each patch that is at least three
    quarters measured, the RMS residual along z in m, and in 1/m of inverse depth. The median over patches of a
    scene with few edges tells its noise.
    """
    x, y = (_patches(ray).astype(np.float64) for ray in depth.camera.rays())
    z, measured = _patches(depth.depth).astype(np.float64), _patches(depth.measured)
    full = (measured.mean(1) >= _FULL) & np.isfinite(x + y).all(1)
    x, y, z, weights = x[full], y[full], z[full], measured[full].astype(np.float64)
    inverse = 1 / np.where(weights > 0, z, np.inf)
    sides, target = np.stack([_centred(x, weights), _centred(y, weights)], 1), _centred(inverse, weights)
    slopes = np.linalg.solve(sides @ sides.swapaxes(1, 2), sides @ target[..., None])
    residual = target - (slopes.swapaxes(1, 2) @ sides)[:, 0]
    count = weights.sum(1)
    rms = np.sqrt((residual**2).sum(1) / count)
    return rms * (count / inverse.sum(1)) ** 2, rms


def _centred(values: F64, weights: F64) -> F64:
    """Weighted differences from the weighted mean of each row."""
    mean = (weights * values).sum(1, keepdims=True) / weights.sum(1, keepdims=True)
    return np.asarray(weights * (values - mean))


def _patches(image: Any) -> Any:
    """(patches, PATCH²) pixels of the whole squares that tile the image."""
    rows, columns = image.shape[0] // PATCH, image.shape[1] // PATCH
    tiles = image[: rows * PATCH, : columns * PATCH].reshape(rows, PATCH, columns, PATCH)
    return tiles.swapaxes(1, 2).reshape(-1, PATCH * PATCH)


def _shares(depth: DepthImage) -> dict[str, float]:
    shares = {str(bit.name): float((depth.reason & bit != 0).mean()) for bit in Reason}
    return {name: share for name, share in shares.items() if share > 0}


def _median(values: F64) -> float | None:
    return float(np.median(values)) if values.size else None
