"""Timing two sides in turns, so that whatever else the machine does falls on both."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

_WARM_UP = 2  # rounds that are not counted
_CALLS = 2  # that are counted in each turn

Job = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Rival:
    """Another library's way to do a task: `job`, or None and `note` says why it cannot run here.

    note: in what it does less, or more, than depthkit.
    """

    name: str
    job: Job | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Contest:
    """A task, depthkit's way to do it, and the others'."""

    task: str
    job: Job
    rivals: tuple[Rival, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Medians in ms; ratio: theirs by ours, above 1 where depthkit is faster. None: not measured."""

    task: str
    size: str
    depthkit_ms: float
    rival: str
    rival_ms: float | None
    ratio: float | None
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def measure(contest: Contest, size: str, rounds: int) -> list[Row]:
    """A row for each rival."""
    jobs = {rival.name: rival.job for rival in contest.rivals if rival.job is not None}
    times = medians_ms({"": contest.job, **jobs}, rounds)
    ours = times[""]
    rows = []
    for rival in contest.rivals:
        theirs = times.get(rival.name)
        ratio = None if theirs is None else round(theirs / ours, 2)
        rows.append(Row(contest.task, size, round(ours, 3), rival.name, theirs and round(theirs, 3), ratio, rival.note))
    return rows


def medians_ms(jobs: Mapping[str, Job], rounds: int) -> dict[str, float]:
    """Median wall time of each job in ms; in each round every job has a turn."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for count in range(-_WARM_UP, rounds):
        for name, job in jobs.items():
            taken = _turn(job)
            if count >= 0:
                times[name] += taken
    return {name: 1000 * statistics.median(each) for name, each in times.items()}


def _turn(job: Job) -> list[float]:
    """Seconds of a few calls, after one that takes over the caches and lets the other side's threads go to sleep."""
    job()
    taken = []
    for _ in range(_CALLS):
        start = time.perf_counter()
        job()
        taken.append(time.perf_counter() - start)
    return taken
