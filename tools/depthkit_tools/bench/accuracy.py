"""Matchers side by side on a scene: how many pixels they answer, how far off, and in what time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from depthkit import filling, opencv_matcher
from depthkit.arrays import F32
from depthkit.evaluate import DisparityErrors, evaluate
from depthkit.stereo import Sgm, StereoMatcher
from depthkit.types import Disparity, Reason
from depthkit_tools.bench.scenes import Scene
from depthkit_tools.bench.timing import Job, medians_ms

ERRORS = ("bad-0.5", "bad-1", "bad-2", "D1", "EPE", "t2", "t2 filled")  # the measures of which less is better


@dataclass(frozen=True, slots=True)
class Matcher:
    """A way to match: `job` of a scene does it, and `values` are the disparities of what that returns.

    side: "depthkit", "opencv" for its semi-global modes, or "local".
    """

    name: str
    side: str
    job: Callable[[Scene], Job]
    values: Callable[[Any], F32]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a matcher found. figures: by name, those of ERRORS, density in %, and ms where it was timed."""

    matcher: str
    side: str
    figures: dict[str, float]


def matchers(paths: Sequence[int], opencv_speckle: int) -> list[Matcher]:
    """depthkit as it is by default and with these numbers of paths; OpenCV's modes, and its local matcher.

    opencv_speckle: px, segments with fewer are dropped by OpenCV's; 0: none, as it is by default. Raises InputError.
    """
    default = Sgm().paths
    counts = {"depthkit (default)": default, **{f"depthkit, {n} paths": n for n in paths if n != default}}
    ours = [
        Matcher(name, "depthkit", partial(_ours, sgm=Sgm(paths=n)), lambda found: found.values)
        for name, n in counts.items()
    ]
    pixels = opencv_matcher.pixels
    modes = [
        Matcher(f"cv2 {name}", "opencv", partial(_semi_global, sgm=Sgm(paths=n, speckle=opencv_speckle)), pixels)
        for n, name in opencv_matcher.NAMES.items()
    ]
    return [*ours, *modes, Matcher("cv2 BM", "local", partial(_block, speckle=opencv_speckle), pixels)]


def compare(scene: Scene, matchers: Sequence[Matcher], rounds: int) -> tuple[list[Result], dict[str, F32]]:
    """Each matcher's result on a scene, and its disparities by its name; timed in turns, not at all with 0 rounds."""
    jobs = {matcher.name: matcher.job(scene) for matcher in matchers}
    found = {matcher.name: matcher.values(jobs[matcher.name]()) for matcher in matchers}
    times = medians_ms(jobs, rounds) if rounds else {}
    results = []
    for matcher in matchers:
        errors = evaluate(found[matcher.name], scene.truth, scene.counted)
        ms = {"ms": times[matcher.name]} if times else {}
        filled = {"t2 filled": _filled(found[matcher.name], scene).total[2.0]}
        results.append(Result(matcher.name, matcher.side, {**_figures(errors), **filled, **ms}))
    return results, found


def best(results: Sequence[Result], measure: str = "bad-2") -> Result:
    """Of OpenCV's semi-global modes, the one with the least of a measure."""
    modes = [result for result in results if result.side == "opencv"]
    return min(modes, key=lambda result: _or_endless(result.figures[measure]))


def worse(results: Sequence[Result]) -> dict[str, list[str]]:
    """For each of depthkit's results the measures in which the best of OpenCV's semi-global modes is ahead."""
    least = {measure: _or_endless(best(results, measure).figures[measure]) for measure in ERRORS}
    return {
        result.matcher: [measure for measure in ERRORS if not result.figures[measure] <= least[measure]]
        for result in results
        if result.side == "depthkit"
    }


def means(scenes: Sequence[Sequence[Result]]) -> dict[str, dict[str, float]]:
    """Figures of each matcher, averaged over scenes with the same weight, by its name."""
    return {
        same[0].matcher: {name: float(np.mean([result.figures[name] for result in same])) for name in same[0].figures}
        for same in zip(*scenes, strict=True)
    }


def rounded(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Figures for JSON, None for what there is nothing to average of."""
    return {name: round(value, 3) if np.isfinite(value) else None for name, value in figures.items()}


def _or_endless(error: float) -> float:
    """An error of no answers is worse than any."""
    return np.inf if np.isnan(error) else error


def _figures(errors: DisparityErrors) -> dict[str, float]:
    return {
        "density": errors.density,
        "bad-0.5": errors.bad[0.5],
        "bad-1": errors.bad[1.0],
        "bad-2": errors.bad[2.0],
        "D1": errors.d1,
        "EPE": errors.epe,
        "t2": errors.total[2.0],
    }


def _filled(values: F32, scene: Scene) -> DisparityErrors:
    """Errors where every gap is filled from the background, the same way for all matchers."""
    unknown = np.isnan(values)
    reason = np.where(unknown, np.uint16(Reason.LEFT_RIGHT), np.uint16(0))
    whole = filling.fill(Disparity(values, reason, (~unknown).astype(np.float32)), scene.left, "background")
    return evaluate(whole.values, scene.truth, scene.counted)


def _ours(scene: Scene, sgm: Sgm) -> Job:
    matcher = StereoMatcher(replace(sgm, num_disparities=scene.num_disparities))
    return partial(matcher.match, scene.left, scene.right)


def _semi_global(scene: Scene, sgm: Sgm) -> Job:
    matcher = opencv_matcher.semi_global(replace(sgm, num_disparities=scene.num_disparities))
    return partial(matcher.compute, scene.left, scene.right)


def _block(scene: Scene, speckle: int) -> Job:
    return partial(opencv_matcher.block(scene.num_disparities, speckle).compute, scene.left, scene.right)
