"""How well confidence tells the share of right disparities, and the constants that would make it tell it best.

The matcher's confidence is 1 - worst · odds / (1 + odds), where odds are `kernels.confidence.ODDS` times what a pixel's
costs and surroundings say of it. So that can be had back from the confidence, and other constants put in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from depthkit import kernels
from depthkit.arrays import F32, F64, Mask

BINS = 10  # of confidence, in tables and in the expected calibration error
RIGHT = 1.0  # px, most between a right disparity and the true one
_GRID = np.arange(-14.0, 10.0, 0.02)  # logarithms of odds with ODDS = 1, in which pixels are counted
_ROUNDS = 10  # of the search for the best constants, each half as coarse as the one before


@dataclass(frozen=True, slots=True)
class Model:
    """What confidence is made with: the odds of being wrong where all else is 1, and the share of wrong at worst."""

    odds: float
    worst: float

    def confidence(self) -> F64:
        """(N,) confidence at the points of the grid in which pixels are counted."""
        odds = self.odds * np.exp(_GRID)
        return np.asarray(1 - self.worst * odds / (1 + odds))


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Shares of a scene's measured pixels, all (N,) and right ones (N,), by what speaks against them."""

    pixels: F64
    right: F64


def library_model() -> Model:
    """The constants the matcher uses."""
    return Model(float(kernels.confidence.ODDS), float(kernels.confidence.WORST))


def count(confidence: F32, right: Mask) -> Counts:
    """Count pixels (n,) with their confidence, of which some are `right`."""
    model, doubt = library_model(), 1 - confidence.astype(np.float64)
    odds = np.maximum(doubt, 1e-9) / np.maximum(model.worst - doubt, 1e-9)
    places = np.searchsorted(_GRID, np.log(odds / model.odds)).clip(0, _GRID.size - 1)
    shares = [np.bincount(places[chosen], minlength=_GRID.size) for chosen in (slice(None), right)]
    return Counts(shares[0] / max(right.size, 1), shares[1] / max(right.size, 1))


def together(scenes: Sequence[Counts]) -> Counts:
    """Scenes with the same weight."""
    return Counts(np.mean([scene.pixels for scene in scenes], 0), np.mean([scene.right for scene in scenes], 0))


def fitted(scenes: Sequence[Counts]) -> Model:
    """The model under which what was right, and wrong, is likeliest; scenes have the same weight."""
    counts = together(scenes)
    log_odds, worst, step, width = 0.0, 0.6, 1.0, 0.1
    for _ in range(_ROUNDS):
        steps = np.arange(-4, 5)
        around = [(log_odds + step * i, float(np.clip(worst + width * j, 0.01, 1))) for i in steps for j in steps]
        log_odds, worst = max(around, key=lambda pair: _likelihood(counts, Model(float(np.exp(pair[0])), pair[1])))
        step, width = step / 2, width / 2
    return Model(float(np.exp(log_odds)), worst)


def _likelihood(counts: Counts, model: Model) -> float:
    """Mean logarithm of the probability of what was found."""
    confidence = np.minimum(model.confidence(), 1 - 1e-9)
    wrong = counts.pixels - counts.right
    return float(counts.right @ np.log(confidence) + wrong @ np.log1p(-confidence))


def reliability(counts: Counts, model: Model) -> F64:
    """(BINS, 3): share of pixels, their mean confidence, share of right ones among them, by tenths of confidence."""
    confidence = model.confidence()
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    pixels, sums, right = (
        np.bincount(places, weights, BINS) for weights in (counts.pixels, counts.pixels * confidence, counts.right)
    )
    with np.errstate(invalid="ignore"):
        return np.stack([pixels, sums / pixels, right / pixels], 1)


def calibration_error(counts: Counts, model: Model) -> float:
    """Expected calibration error: mean over pixels of how far confidence is from the share of right ones in its bin."""
    pixels, confidence, right = reliability(counts, model).T
    return float(np.nansum(pixels * np.abs(confidence - right)))


def error_area(counts: Counts) -> float:
    """Mean share of wrong pixels among the k most confident ones, over all k: 0 to the share of all that are wrong."""
    wrong, pixels = np.cumsum(counts.pixels - counts.right), np.cumsum(counts.pixels)
    return float((counts.pixels * wrong / np.maximum(pixels, 1e-12)).sum())


def least_error_area(counts: Counts) -> float:
    """The area if all wrong pixels came last."""
    right = counts.right.sum() / max(counts.pixels.sum(), 1e-12)
    return float((1 - right) + right * np.log(max(right, 1e-12)))
