"""Disparities against truth: the figures of the Middlebury, ETH3D and KITTI benchmarks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from depthkit.arrays import F32, Mask, require
from depthkit.errors import InputError

D1_PX, D1_SHARE = 3.0, 0.05  # an outlier of KITTI's is off by more than both, the second a share of the truth


@dataclass(frozen=True, slots=True, eq=False)
class DisparityErrors:
    """How far disparities are from the truth, over the pixels that have a true one.

    pixels: how many these are; density: % of them with a value; bad: % of those with a value that are off by more
    than a threshold in px, by threshold; total: % of all that are, or have no value; d1: % of those with a value that
    are outliers by KITTI's measure, off by more than 3 px and more than 5 % of the truth (Menze and Geiger 2015); epe,
    rms, median: mean, root mean square and median of the absolute error in px of those with a value. NaN where there
    is nothing to average.
    """

    pixels: int
    density: float
    bad: dict[float, float]
    total: dict[float, float]
    d1: float
    epe: float
    rms: float
    median: float


def evaluate(
    values: F32, truth: F32, mask: Mask | None = None, thresholds: Sequence[float] = (0.5, 1.0, 2.0, 4.0)
) -> DisparityErrors:
    """Compare disparities (H, W) float32 px with true ones, NaN meaning unknown in both.

    mask: (H, W) bool, pixels to count, e.g. those that are not occluded (see `truth`); None: all. Raises InputError for
    arrays that do not fit each other.
    """
    require("values", values, np.float32, (None, None))
    require("truth", truth, np.float32, values.shape)
    counted = np.isfinite(truth)
    if mask is not None:
        require("mask", mask, np.bool_, values.shape)
        counted &= mask
    if any(threshold < 0 for threshold in thresholds):
        raise InputError(f"thresholds are errors in px and not negative, as one of {tuple(thresholds)} is")
    true = truth[counted].astype(np.float64)
    errors = np.abs(values[counted] - true)
    known = errors[~np.isnan(errors)]
    wrong = {t: int(np.count_nonzero(known > t)) for t in thresholds}
    outliers = int(np.count_nonzero((errors > D1_PX) & (errors > D1_SHARE * np.abs(true))))
    missing = errors.size - known.size
    return DisparityErrors(
        pixels=errors.size,
        density=_percent(known.size, errors.size),
        bad={t: _percent(n, known.size) for t, n in wrong.items()},
        total={t: _percent(n + missing, errors.size) for t, n in wrong.items()},
        d1=_percent(outliers, known.size),
        epe=float(known.mean()) if known.size else np.nan,
        rms=float(np.sqrt(np.mean(known**2))) if known.size else np.nan,
        median=float(np.median(known)) if known.size else np.nan,
    )


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else np.nan
