"""Read a camera that fails all the time, and prove that every fault is counted, got over, and leaves nothing behind.

    depthkit bench soak --seconds 600

A simulated pair of 640×480 at 60 fps loses, doubles, swaps, delays and cuts frames, sets its clock, stops and is
unplugged, as a seed says, some 6 s apart. Exit 1 if a promise is not kept.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from depthkit.capture import open_camera
from depthkit.errors import DriverError, InputError
from depthkit.live import LiveCamera, Stats
from depthkit.live.continuity import INCOMPLETE, LOST
from depthkit.live.keeper import GONE, SILENT
from depthkit.sim import faults
from depthkit.types import FrameSet
from depthkit_tools.console import print_json, say, table
from depthkit_tools.live import status

_LONGEST = 10.0  # s without a frame: then it is stuck
_SETTLING = 10.0  # s after the end, in which a fault that is going on is got over
_BACK = 2.0  # s after it was plugged in
_GROWTH = 5 * 2**20  # bytes after the first quarter
_GUESSED = 3  # frames by which what was missed over an interruption, which is told by the time, may be wrong, and 5 %


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit bench soak`."""

    seconds: float = 600
    """How long the camera is read."""
    seed: int = 0
    """Of the faults."""
    every: int = 360
    """Frames from a fault to the next, on the average."""
    size: str = "640x480"
    """Of the images."""
    json: bool = False
    """Print the figures as JSON instead of the table."""


@dataclass
class Diary:
    """What a consumer saw.

    told: what gaps say; wrong: gaps that do not tell what was missed; back_s: from plugged in to the next frame;
    memory: of the process, every half second; threads: before it streamed.
    """

    frames: int = 0
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    threads: int = 0


def run(config: Config) -> int:
    """Read it, and print a line a promise."""
    if config.seconds <= 0:
        raise InputError("seconds must be positive")
    diary, stats, stuck = _soak(config)
    checks = {
        "frames came to the end": not stuck,
        "every gap tells what was missed": not diary.wrong,
        "every fault is counted": _counts(stats) == _truth(stats),
        f"back within {_BACK:g} s of being plugged in": all(each < _BACK for each in diary.back_s),
        "no thread is left": threading.active_count() <= diary.threads,
        "memory grew by less than 5 MiB": _growth(diary) < _GROWTH,
    }
    figures = {
        "frames": diary.frames, "gaps": dict(diary.told), "faults": dict(stats.device), "stats": asdict(stats),
        "slowest_back_s": max(diary.back_s, default=None), "growth_mib": round(_growth(diary) / 2**20, 2),
        "wrong": diary.wrong[:10], "checks": checks,
    }  # fmt: skip
    _report(config, figures, checks)
    return int(not all(checks.values()))


def _soak(config: Config) -> tuple[Diary, Stats, bool]:
    uri = f"sim:faulty?size={config.size}&fps=60&seed={config.seed}&every={config.every}"
    say(f"reading {uri} for {config.seconds:g} s")
    diary, stuck = Diary(), False
    with open_camera(uri) as camera, status() as line:
        assert isinstance(camera, LiveCamera)
        diary.threads = threading.active_count()
        unplugged = (each for each in faults.draw(config.seed, config.every) if each.kind == "unplug")
        try:
            before, end = camera.read(_LONGEST), time.monotonic() + config.seconds
            while time.monotonic() < end or _is_unsettled(camera.stats(), end):
                frames = camera.read(_LONGEST)
                _note(diary, before, frames, unplugged)
                before = frames
                stats = camera.stats()
                line.show(f"{diary.frames} frames  {stats.fps:.1f} fps  missing {dict(diary.told)}")
        except DriverError as error:
            stuck = True
            say(str(error))
        return diary, camera.stats(), stuck


def _is_unsettled(stats: Stats, end: float) -> bool:
    """Whether a fault is going on at the end, and may still be counted."""
    return time.monotonic() < end + _SETTLING and _counts(stats) != _truth(stats)


def _note(diary: Diary, before: FrameSet, now: FrameSet, unplugged: Iterator[faults.Fault]) -> None:
    diary.frames += 1
    gap: dict[str, int] = now.meta.get("gap", {})
    diary.told.update(gap)
    counted, made = now.sequence - before.sequence, now.meta["made"] - before.meta["made"]
    guessed = _GUESSED + made // 20 if GONE in gap or SILENT in gap else 0
    if made < 1 or abs(counted - made) > guessed or sum(gap.values()) != counted - 1:
        diary.wrong.append(f"frame {now.sequence}: {made - 1} were missed, {counted - 1} are counted, told {gap}")
    if GONE in gap:
        fault = next(each for each in unplugged if each.at > before.meta["made"])
        diary.back_s.append((now.meta["made"] - fault.at - fault.length) / 60)
    if diary.frames % 30 == 0:
        diary.memory.append(_resident())


def _counts(stats: Stats) -> dict[str, int]:
    """What the library says."""
    return {
        "lost": stats.missing.get(LOST, 0), "cut": stats.missing.get(INCOMPLETE, 0), "double": stats.duplicates,
        "swap": stats.reordered, "jump": stats.clock_jumps, "hang": stats.restarts, "unplug": stats.reopens,
    }  # fmt: skip


def _truth(stats: Stats) -> dict[str, int]:
    """What the camera did, in the same words. A swapped frame comes too late, and so is lost too."""
    done = stats.device
    lost = sum(done.get(kind, 0) for kind in ("drop", "swap", "overrun"))
    return {"lost": lost, **{kind: done.get(kind, 0) for kind in ("cut", "double", "swap", "jump", "hang", "unplug")}}


def _growth(diary: Diary) -> int:
    """Bytes from after the first quarter to the end, as means of a tenth each."""
    samples = diary.memory[len(diary.memory) // 4 :]
    tenth = max(1, len(samples) // 10)
    first, last = samples[:tenth], samples[-tenth:]
    return round(sum(last) / len(last) - sum(first) / len(first)) if samples else 0


def _resident() -> int:
    """Bytes of memory this process has, 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _report(config: Config, figures: dict[str, Any], checks: dict[str, bool]) -> None:
    if config.json:
        print_json(figures)
        return
    words = {name: value for name, value in figures.items() if name not in ("checks", "stats")}
    print(table([(name, str(value)) for name, value in words.items()]))
    print(table([("ok" if kept else "NO", promise) for promise, kept in checks.items()]))
