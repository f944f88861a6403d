"""Timing two sides in turns, so that whatever else the machine does falls on both."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

_WARM_UP = 2  # calls of each job that are not counted
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
    """A task, depthkit's way to do it, and the others'; work_bytes: memory depthkit keeps for it, asked afterwards."""

    task: str
    job: Job
    rivals: tuple[Rival, ...]
    work_bytes: Callable[[], int | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Row:
    """Medians in ms; ratio: theirs by ours, above 1 where depthkit is faster. None: not measured.

    work_mib: memory depthkit keeps for the task, MiB.
    """

    task: str
    size: str
    depthkit_ms: float
    rival: str
    rival_ms: float | None
    ratio: float | None
    note: str
    work_mib: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def measure(contest: Contest, size: str, rounds: int) -> list[Row]:
    """A row for each rival."""
    jobs = {rival.name: rival.job for rival in contest.rivals if rival.job is not None}
    times = medians_ms({"": contest.job, **jobs}, rounds)
    ours, work = times[""], contest.work_bytes()
    mib = None if work is None else round(work / 2**20, 1)
    return [_row(contest.task, size, ours, rival, times.get(rival.name), mib) for rival in contest.rivals]


def _row(task: str, size: str, ours: float, rival: Rival, theirs: float | None, mib: float | None) -> Row:
    ratio = None if theirs is None else round(theirs / ours, 2)
    return Row(task, size, round(ours, 3), rival.name, theirs and round(theirs, 3), ratio, rival.note, mib)


def medians_ms(jobs: Mapping[str, Job], rounds: int) -> dict[str, float]:
    """Median wall time of each job in ms; in each round every job has a turn."""
    for job in jobs.values():
        for _ in range(_WARM_UP):
            job()
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            times[name] += _turn(job)
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
