"""Measure the accuracy of stereo matching against OpenCV's matchers on scenes with known truth.

    depthkit bench stereo FOLDER --out accuracy

FOLDER holds scenes of Middlebury, ETH3D or KITTI as they are downloaded, or a scenes.json that lists others. Prints a
table a scene, with the time of each matcher, and the means; `accuracy` gets figures.json and a picture a scene. All
matchers search the same range: what the data set names, or else up to the largest true disparity.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from depthkit import images
from depthkit.errors import InputError
from depthkit.files import explained
from depthkit_tools.bench.accuracy import Matcher, Result, best, compare, matchers
from depthkit_tools.bench.accuracy_report import markdown, notes, to_dict
from depthkit_tools.bench.layouts import SceneFiles
from depthkit_tools.bench.pictures import comparison
from depthkit_tools.bench.report import machine, machine_line
from depthkit_tools.bench.scenes import Scene, few, find, load
from depthkit_tools.console import print_json, say
from depthkit_tools.outputs import write_json


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit bench stereo`."""

    folder: Positional[Path]
    """Folder with scenes, or with folders of scenes."""
    out: Path | None = None
    """Folder for figures.json and a picture of each scene."""
    paths: tuple[int, ...] = (8,)
    """Numbers of paths (3, 4, 5, 8) to match with, besides the default setting."""
    rounds: int = 3
    """How often each matcher has its turn for the time; 0: no times."""
    opencv_speckle: int = 0
    """Segments with fewer px are dropped by OpenCV's matchers; 0: none, their own default."""
    json: bool = False
    """Print the figures as JSON instead of the tables."""


def run(config: Config) -> int:
    """Compare on each scene and print the tables."""
    if config.rounds < 0 or config.opencv_speckle < 0:
        raise InputError("rounds and opencv-speckle are not negative")
    sides = matchers(config.paths, config.opencv_speckle)
    files, passed_over = find(config.folder)
    if config.out:
        with explained(config.out):
            config.out.mkdir(parents=True, exist_ok=True)
    compared = [_compared(scene, sides, config) for scene in _loaded(files, passed_over)]
    if passed_over:
        say(f"passed over: {few(passed_over)}")
    if not compared:
        raise InputError("no scene is left to compare on")
    facts, about = machine(), notes(config.opencv_speckle)
    figures = {"machine": facts, "notes": about, "passed_over": passed_over, **to_dict(compared)}
    if config.out:
        write_json(config.out / "figures.json", figures)
    if config.json:
        print_json(figures)
    else:
        print("\n".join([machine_line(facts), "", *(f"- {line}" for line in about), "", markdown(compared)]))
    return 0


def _loaded(files: list[SceneFiles], passed_over: list[str]) -> Iterator[Scene]:
    """One scene after the other; one that cannot be read is passed over, for there may be hundreds of others."""
    for each in files:
        say(each.name)
        try:
            scene = load(each)
        except InputError as error:
            passed_over.append(str(error))
        else:
            yield scene


def _compared(scene: Scene, sides: list[Matcher], config: Config) -> tuple[dict[str, Any], list[Result]]:
    """A scene's facts and results, without its images."""
    results, found = compare(scene, sides, config.rounds)
    if config.out:
        picture = comparison(scene, found, results[0], best(results))
        images.write_png(config.out / f"{scene.name.replace('/', '-')}.png", picture)
    return scene.facts, results
