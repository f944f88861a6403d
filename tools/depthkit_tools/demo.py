"""See depthkit work on this machine, with no camera and nothing to prepare.

    depthkit demo

records a simulated stereo camera, replays the file twice, reconstructs a frame and compares it with the exact
truth, then does the same to real pairs. The folder `depthkit-demo` keeps pictures, clouds and a short report.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depthkit.bag import Bag, BagWriter
from depthkit.capture import open_camera
from depthkit.errors import BagError
from depthkit.files import explained
from depthkit_tools.console import print_json, say
from depthkit_tools.outputs import write_json
from depthkit_tools.showcase import SAMPLES, compare_office, compare_pair, compare_simulated
from depthkit_tools.summary import write_summary

SOURCE = "sim:stereo?fps=15&frames=45&seed=7"  # three seconds


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit demo`."""

    out: Path = Path("depthkit-demo")
    """Folder for the results."""
    json: bool = False
    """Print the figures on stdout."""


def run(config: Config) -> int:
    """Run each step, and put its figures into the report."""
    start = time.perf_counter()
    with explained(config.out):
        config.out.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {name: _timed(text, step) for name, text, step in _steps(config.out)}
    figures["seconds"] = round(time.perf_counter() - start, 1)
    write_json(config.out / "figures.json", figures)
    write_summary(config.out / "README.md", figures)
    if config.json:
        print_json(figures)
    else:
        say(f"done in {figures['seconds']} s; open {config.out / 'README.md'} and the pictures it names")
    return 0


def _steps(out: Path) -> list[tuple[str, str, Callable[[], dict[str, Any]]]]:
    recording = out / "simulated.mcap"
    steps: list[tuple[str, str, Callable[[], dict[str, Any]]]] = [
        ("record", f"recording {SOURCE}", lambda: _record(recording)),
        ("replay", "replaying the file twice", lambda: _replay(recording)),
        (
            "simulated",
            "reconstructing a frame, against the exact truth",
            lambda: compare_simulated(out, recording),
        ),
    ]
    if SAMPLES.is_dir():  # they come with the sources, not with the wheel
        steps.append(("aloe", "a real pair, against its measured truth", lambda: compare_pair(out)))
        steps.append(("office", "a real raw pair, rectified by its calibration", lambda: compare_office(out)))
    return steps


def _timed(text: str, step: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    start = time.perf_counter()
    figures = step()
    seconds = round(time.perf_counter() - start, 1)
    say(f"{text}: {seconds} s")
    return {**figures, "seconds": seconds}


def _record(path: Path) -> dict[str, Any]:
    with open_camera(SOURCE) as camera, BagWriter(path, camera.rig) as writer:
        for frames in camera.frames():
            writer.write(frames)
    return {"source": SOURCE, "bytes": path.stat().st_size}


def _replay(path: Path) -> dict[str, Any]:
    with Bag(path) as bag:
        digests = [bag.digest() for _ in range(2)]
        if digests[0] != digests[1]:
            raise BagError(f"two replays of {path} differ, which must not happen: please report it with the file")
        return {"frames": len(bag), "missing": sum(n for _, n in bag.info().gaps), "sha256": digests[0]}
