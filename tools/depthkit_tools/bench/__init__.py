"""Measure the speed against OpenCV and Open3D, on this machine, in one process.

    depthkit bench --out bench.json

prints a table of medians in milliseconds. Both sides do each task in turns on the same input, a simulated pair; what
they compile or allocate on the first calls is not counted. OpenCV and Open3D run with their own default numbers of
threads. A ratio above 1 says that depthkit is faster.
"""

from dataclasses import dataclass
from pathlib import Path

from depthkit.errors import InputError
from depthkit_tools.bench.contests import contests
from depthkit_tools.bench.report import machine, markdown
from depthkit_tools.bench.timing import Row, measure
from depthkit_tools.console import print_json, say
from depthkit_tools.outputs import write_json


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit bench`."""

    sizes: tuple[str, ...] = ("640x480", "1280x720")
    """Image sizes."""
    rounds: int = 10
    """How often each side has its turn at each task."""
    num_disparities: int = 128
    """Disparities that stereo matching searches, a multiple of 16."""
    out: Path | None = None
    """JSON file for the figures."""
    json: bool = False
    """Print the figures as JSON instead of the table."""


def run(config: Config) -> int:
    """Measure every size and print the table."""
    if config.rounds < 1 or config.num_disparities < 16 or config.num_disparities % 16:
        raise InputError("bench needs at least 1 round, and a multiple of 16 disparities")
    rows: list[Row] = []
    for size in config.sizes:
        for contest in contests(size, config.num_disparities):
            say(f"{contest.task}, {size}")
            rows += measure(contest, size, config.rounds)
    facts = machine()
    figures = {"machine": facts, "rounds": config.rounds, "rows": [row.to_dict() for row in rows]}
    if config.out:
        write_json(config.out, figures)
    if config.json:
        print_json(figures)
    else:
        print(markdown(facts, rows))
    return 0
