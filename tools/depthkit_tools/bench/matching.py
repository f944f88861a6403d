"""Stereo matching, each number of paths against the mode of OpenCV's that follows as many, on the same pair."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from depthkit import opencv_matcher
from depthkit.arrays import U8
from depthkit.errors import InputError
from depthkit.stereo import Sgm, StereoMatcher
from depthkit_tools.bench.inputs import simulated
from depthkit_tools.bench.timing import Contest, Rival

PLAIN: dict[str, Any] = {"cost": "census", "median": 3, "speckle": 0, "bridge": 0}
"""What `Sgm` is told for its plain form, which is compared with OpenCV's matchers a path for a path."""

_USUAL = 640 * 480 * 128  # candidates that are measured in as many rounds as asked for
_MANY = 100_000_000  # above, what would take long and tell little is left out


@dataclass(frozen=True, slots=True)
class Task:
    """Images of width × height px, and the disparities searched."""

    width: int
    height: int
    num_disparities: int

    @classmethod
    def parse(cls, text: str) -> "Task":
        """From "640x480x128"; InputError for anything else."""
        numbers = text.split("x")
        if len(numbers) != 3 or not all(number.isdigit() and int(number) for number in numbers):
            raise InputError(f"{text!r} must be WIDTHxHEIGHTxDISPARITIES, as in 640x480x128")
        task = cls(*map(int, numbers))
        if task.num_disparities % 16 or task.num_disparities > task.width:
            raise InputError(f"{text!r}: OpenCV needs a multiple of 16 disparities, and no more than the width")
        return task

    @property
    def size(self) -> str:
        """Of the images, in words."""
        return f"{self.width}x{self.height}"

    @property
    def candidates(self) -> int:
        """How many there are in all."""
        return self.width * self.height * self.num_disparities

    def rounds(self, wanted: int) -> int:
        """Fewer for large tasks, so that each takes about as long."""
        return min(wanted, max(2, wanted * _USUAL // self.candidates))

    def pair(self) -> tuple[U8, U8]:
        """The images to match."""
        return simulated(self.size).rectified


def match_contests(task: Task) -> Iterator[Contest]:
    """The plain form with 8, 4 and 3 paths, and the default setting."""
    pair = task.pair()
    yield eight_paths(task, pair, local=task.candidates <= _MANY)
    if task.candidates <= _MANY:
        yield _contest("4 paths", pair, _plain(task, 4), 4)
    yield _contest("3 paths", pair, _plain(task, 3), 3)
    if task.candidates <= _MANY:
        yield _contest("as by default", pair, Sgm(task.num_disparities), 3, 8)


def eight_paths(task: Task, pair: tuple[U8, U8], local: bool) -> Contest:
    """The plain form with 8 paths against mode HH, and `local` says whether against StereoBM too."""
    contest = _contest("8 paths", pair, _plain(task, 8), 8)
    if not local:
        return contest
    block = partial(opencv_matcher.block(task.num_disparities, _speckle()).compute, *pair)
    rivals = (*contest.rivals, Rival("cv2.StereoBM", block, "local: no smoothness"))
    return Contest(contest.task, contest.job, rivals, contest.work_bytes)


def _contest(name: str, pair: tuple[U8, U8], sgm: Sgm, *modes: int) -> Contest:
    """Against OpenCV's modes with these numbers of paths, which get the same range and speckle filter."""
    matcher = StereoMatcher(sgm)
    rivals = [
        Rival(
            f"cv2.StereoSGBM {opencv_matcher.NAMES[paths]} ({paths} paths)",
            partial(
                opencv_matcher.semi_global(Sgm(sgm.num_disparities, paths=paths, speckle=sgm.speckle)).compute, *pair
            ),
        )
        for paths in modes
    ]
    task = f"match {sgm.num_disparities} disparities, {name}"
    return Contest(task, partial(matcher.match, *pair), tuple(rivals), lambda: matcher.work_bytes)


def _plain(task: Task, paths: int) -> Sgm:
    return Sgm(task.num_disparities, paths=paths, **PLAIN)


def _speckle() -> int:
    return Sgm(**PLAIN).speckle
