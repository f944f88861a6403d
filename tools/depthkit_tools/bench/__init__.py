"""Measure the speed against OpenCV and Open3D, on this machine, in one process.

    depthkit bench --out bench.json

prints a table of medians in milliseconds. Both sides do each task in turns on the same input, a simulated pair; what
they compile or allocate on the first calls is not counted. OpenCV and Open3D run with their own default numbers of
threads. A ratio above 1 says that depthkit is faster. `depthkit bench stereo` measures accuracy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from depthkit.errors import InputError
from depthkit_tools.bench.contests import contests
from depthkit_tools.bench.matching import Task, match_contests
from depthkit_tools.bench.one_core import one_core_rows
from depthkit_tools.bench.report import machine, markdown
from depthkit_tools.bench.timing import Row, measure
from depthkit_tools.console import print_json, say
from depthkit_tools.outputs import write_json


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit bench`."""

    sizes: tuple[str, ...] = ("640x480", "1280x720")
    """Image sizes for everything but matching."""
    matching: tuple[str, ...] = ("640x480x128", "1280x720x128", "1920x1080x256")
    """Image sizes and disparities for matching; large ones get fewer rounds."""
    one_core: tuple[str, ...] = ("640x480x128",)
    """The same for matching on one core, with the vector instructions of older CPUs."""
    rounds: int = 10
    """How often each side has its turn at each task."""
    out: Path | None = None
    """JSON file for the figures."""
    json: bool = False
    """Print the figures as JSON instead of the table."""


def run(config: Config) -> int:
    """Measure every size and print the table."""
    if config.rounds < 1:
        raise InputError("bench needs at least 1 round")
    for text in (*config.matching, *config.one_core):
        Task.parse(text)  # errors come before the first minutes have gone by
    rows = list(_rows(config))
    facts = machine()
    figures = {"machine": facts, "rounds": config.rounds, "rows": [row.to_dict() for row in rows]}
    if config.out:
        write_json(config.out, figures)
    if config.json:
        print_json(figures)
    else:
        print(markdown(facts, rows))
    return 0


def _rows(config: Config) -> Iterator[Row]:
    for size in config.sizes:
        for contest in contests(size):
            say(f"{contest.task}, {size}")
            yield from measure(contest, size, config.rounds)
    for text in config.matching:
        task = Task.parse(text)
        for contest in match_contests(task):
            say(f"{contest.task}, {task.size}")
            yield from measure(contest, task.size, task.rounds(config.rounds))
    for text in config.one_core:
        yield from one_core_rows(text, config.rounds)
