"""Measure how well the confidence of stereo matching tells the share of right disparities, on scenes with known truth.

    depthkit bench confidence FOLDER

FOLDER is as for `depthkit bench stereo`. A measured disparity is right if it is within 1 px of the truth. For each
number of paths: the share of pixels and of right ones by confidence, the expected calibration error with the library's
constants and with constants fitted to all other scenes, and how well confidence orders pixels. Ends with the constants
fitted to all scenes, for depthkit/kernels/confidence.py.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tyro.conf import Positional

from depthkit.errors import InputError
from depthkit.stereo import Sgm, match
from depthkit_tools.bench import calibration
from depthkit_tools.bench.calibration import Counts
from depthkit_tools.bench.scenes import Scene, few, find, load
from depthkit_tools.console import print_json, say


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit bench confidence`."""

    folder: Positional[Path]
    """Folder with scenes, or with folders of scenes."""
    paths: tuple[int, ...] = (3, 4, 5, 8)
    """Numbers of paths to match with."""
    json: bool = False
    """Print the figures as JSON instead of the tables."""


def run(config: Config) -> int:
    """Match all scenes and print the figures."""
    files, passed_over = find(config.folder)
    if len(files) < 2:
        raise InputError("constants are fitted to all scenes but one: give a folder with two or more")
    counts: dict[int, dict[str, Counts]] = {paths: {} for paths in config.paths}
    for each in files:
        say(each.name)
        scene = load(each)
        for paths, scenes in counts.items():
            scenes[each.name] = count(scene, Sgm(scene.num_disparities, paths=paths))
    if passed_over:
        say(f"passed over: {few(passed_over)}")
    figures = {str(paths): measured(scenes) for paths, scenes in counts.items()}
    every = calibration.fitted([each for scenes in counts.values() for each in scenes.values()])
    fit = {"odds": round(every.odds, 3), "worst": round(every.worst, 3)}
    if config.json:
        print_json({"paths": figures, "fitted": fit})
    else:
        print("\n".join(markdown(paths, figure) for paths, figure in figures.items()))
        print(f"Fitted to all of these: ODDS {fit['odds']}, WORST {fit['worst']}.")
    return 0


def count(scene: Scene, sgm: Sgm) -> Counts:
    """The measured pixels of a scene that have a truth, those that only the left camera sees among them."""
    found = match(scene.left, scene.right, sgm)
    there = found.measured & np.isfinite(scene.truth)
    right = np.abs(found.values[there] - scene.truth[there]) <= calibration.RIGHT
    return calibration.count(found.confidence[there], right)


def measured(scenes: dict[str, Counts]) -> dict[str, Any]:
    """Figures of scenes matched alike: all together, and each."""
    ours, all_of_them = calibration.library_model(), calibration.together(list(scenes.values()))
    each = {}
    for name, counts in scenes.items():
        others = calibration.fitted([other for key, other in scenes.items() if key != name])
        each[name] = {
            "wrong": float(1 - counts.right.sum()),
            "calibration_error": calibration.calibration_error(counts, ours),
            "left_out": calibration.calibration_error(counts, others),
            "error_area": calibration.error_area(counts),
            "least_error_area": calibration.least_error_area(counts),
        }
    bins = [bin_ for bin_ in calibration.reliability(all_of_them, ours).tolist() if bin_[0] > 0]
    return {
        "bins": [dict(zip(("pixels", "confidence", "right"), bin_, strict=True)) for bin_ in bins],
        "calibration_error": calibration.calibration_error(all_of_them, ours),
        "mean": {key: float(np.mean([figures[key] for figures in each.values()])) for key in next(iter(each.values()))},
        "scenes": each,
    }


def markdown(paths: str, figures: dict[str, Any]) -> str:
    """The figures as two tables."""
    lines = [f"{paths} paths", "", "| pixels % | confidence | right |", "|--:|--:|--:|"]
    lines += [f"| {100 * b['pixels']:.2f} | {b['confidence']:.3f} | {b['right']:.3f} |" for b in figures["bins"]]
    lines += [
        f"\nExpected calibration error of all together: {figures['calibration_error']:.4f}.\n",
        "| scene | wrong % | calibration error | left out | error area % | at best |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, row in [*figures["scenes"].items(), ("mean", figures["mean"])]:
        areas = f"{100 * row['error_area']:.2f} | {100 * row['least_error_area']:.2f}"
        errors = f"{row['calibration_error']:.4f} | {row['left_out']:.4f}"
        lines.append(f"| {name} | {100 * row['wrong']:.2f} | {errors} | {areas} |")
    return "\n".join([*lines, ""])
