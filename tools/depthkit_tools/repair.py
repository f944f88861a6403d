"""Make a whole recording of one that was cut off, never finished or damaged: every whole frame once, in order.

    depthkit repair walk.mcap --out saved.mcap

Also for the hidden .part file that a crash leaves. The original stays as it is, unless --out names it.
"""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from depthkit.bag import repair
from depthkit_tools.console import print_json, say


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit repair`."""

    recording: Positional[Path]
    """The file to save the frames of."""
    out: Path | None = None
    """The file to write; NAME.repaired.mcap beside it by default."""
    json: bool = False
    """Print the counts on stdout."""


def run(config: Config) -> int:
    """Repair, and say how many frames went in, came out and are lost."""
    report = repair(config.recording, config.out)
    if config.json:
        print_json({"file": str(report.path), "in": report.frames_in, "out": report.frames_out, "lost": report.lost})
    else:
        say(f"{report.path}: {report.frames_in} frames in, {report.frames_out} out, {report.lost} lost")
    return 0
