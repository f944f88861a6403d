"""Measure recording and replay on this machine: frames dropped, MB/s, CPU, and framesets a second.

    depthkit bench recording --seconds 60

Two cameras are recorded in real time, from pictures rendered before, noise included: stereo 1280×720 with depth and
colour 848×480 at 30 fps, and stereo 640×480 at 60 fps. What a slow disk does not take at once waits in memory and is
dropped when that is full. A pause is the time between two frames of the camera itself: one of seconds is not the
recorder's, the program did not run. Every recording is read back and compared with the pictures. At the end depth and
colour of 640×480 are replayed as fast as they can be read.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from depthkit.bag import Bag, BagWriter
from depthkit.errors import InputError
from depthkit.recorder import Recorder
from depthkit_tools.bench.cameras import Paced, Scene, same_pixels
from depthkit_tools.bench.report import machine, machine_line
from depthkit_tools.console import print_json, say

_RENDERED = 8  # pictures of a camera, which then come again
_REPLAYED = 300  # framesets
_PASSES = 3  # of which the fastest counts: the first also compiles, and other programs take their time


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit bench recording`."""

    seconds: float = 60
    """How long each of the two cameras is recorded."""
    folder: Path | None = None
    """Where the recordings go meanwhile, 100 MB a second; the system's folder for temporary files unless given."""
    json: bool = False
    """Print the figures as JSON instead of the table."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a camera's frames.

    cpu: seconds of CPU a second; cpu_ms: of CPU a frame; pause_ms: the longest between two frames of the camera.
    """

    camera: str
    frames: int
    dropped: int
    mb_s: float
    cpu: float
    cpu_ms: float
    pause_ms: float


@dataclass(frozen=True, slots=True)
class Replayed:
    """Framesets decoded a second, and CPU as in `Recorded`."""

    recording: str
    frames: int
    framesets_s: float
    cpu: float
    cpu_ms: float


CAMERAS = (
    Scene("stereo 1280×720, depth and colour 848×480", 30, stereo="1280x720", rgbd="848x480"),
    Scene("stereo 640×480", 60, stereo="640x480"),
)
REPLAY = Scene("depth and colour 640×480", 30, rgbd="640x480")


def run(config: Config) -> int:
    """Measure all and print the table."""
    if config.seconds <= 0:
        raise InputError("seconds must be positive")
    with tempfile.TemporaryDirectory(dir=config.folder) as folder:
        path = Path(folder) / "bench.mcap"
        recorded = [_record(scene, config.seconds, path) for scene in CAMERAS]
        replayed = _replay(REPLAY, path)
    facts, load = machine(), os.getloadavg()[0]
    if config.json:
        results = {"recorded": [asdict(each) for each in recorded], "replayed": asdict(replayed)}
        print_json({"machine": facts, "load": load, **results})
    else:
        print(markdown(facts, load, recorded, replayed))
    return 0


def markdown(facts: dict[str, Any], load: float, recorded: list[Recorded], replayed: Replayed) -> str:
    """The figures as tables; `load` is the machine's, of all programs, at the end."""
    rows = [
        f"| {each.camera} | {each.frames} | {each.dropped} | {each.mb_s:.1f} "
        f"| {each.cpu:.2f} | {each.cpu_ms:.1f} ms | {each.pause_ms:.0f} ms |"
        for each in recorded
    ]
    numbers = f"{replayed.frames} | {replayed.framesets_s:.0f} | {replayed.cpu:.2f} | {replayed.cpu_ms:.1f} ms"
    return "\n".join(
        [
            f"{machine_line(facts)} Load {load:.1f}.",
            "",
            "| recorded | frames | dropped | MB/s | CPUs | CPU a frame | longest pause |",
            "|---|--:|--:|--:|--:|--:|--:|",
            *rows,
            "",
            "| replayed | framesets | a second | CPUs | CPU a frameset |",
            "|---|--:|--:|--:|--:|",
            f"| {replayed.recording} | {numbers} |",
        ]
    )


def _record(scene: Scene, seconds: float, path: Path) -> Recorded:
    say(f"{scene.name} at {scene.fps} fps: rendering, then recording for {seconds:g} s")
    camera = Paced(scene.render(_RENDERED), scene.fps, round(seconds * scene.fps))
    _warm(camera, path)
    cpu, start = time.process_time(), time.monotonic()
    with Recorder(camera, path, "drop_newest") as recorder:
        recorder.wait()
    cpu, taken = time.process_time() - cpu, time.monotonic() - start
    counts = recorder.ledger.frames
    say("reading it back")
    if _read_back(camera, path) != counts.written:
        raise InputError("the recording does not hold what was recorded: this is a bug of it, or of this bench")
    size = recorder.bytes_written / 1e6
    return Recorded(
        camera=f"{scene.name}, {scene.fps} fps",
        frames=counts.written,
        dropped=counts.dropped.total(),
        mb_s=size / taken,
        cpu=cpu / taken,
        cpu_ms=cpu / max(counts.written, 1) * 1e3,
        pause_ms=camera.longest_pause * 1e3,
    )


def _warm(camera: Paced, path: Path) -> None:
    """Write and read a frame, so that all is compiled."""
    with BagWriter(path, camera.rig) as writer:
        writer.write(camera.frame(0))
    _read_back(camera, path)


def _read_back(camera: Paced, path: Path) -> int:
    """Number of frames in a recording that are just as the camera gave them, and in order."""
    with Bag(path) as bag:
        frames = list(_checked(camera, bag))
    return sum(frames) if len(frames) == len(bag) else 0


def _checked(camera: Paced, bag: Bag) -> Iterator[bool]:
    last = -1
    for each in bag:
        yield each.sequence > last and same_pixels(each, camera.frame(each.sequence))
        last = each.sequence


def _replay(scene: Scene, path: Path) -> Replayed:
    say(f"{scene.name}: replaying {_REPLAYED} framesets")
    camera = Paced(scene.render(_RENDERED), scene.fps, _REPLAYED)
    with BagWriter(path, camera.rig) as writer:
        for i in range(_REPLAYED):
            writer.write(camera.frame(i))
    with Bag(path) as bag:
        taken, cpu = min(_pass(bag) for _ in range(_PASSES))
    return Replayed(scene.name, _REPLAYED, _REPLAYED / taken, cpu / taken, cpu / _REPLAYED * 1e3)


def _pass(bag: Bag) -> tuple[float, float]:
    """Seconds of one pass over all frames, and seconds of CPU."""
    cpu, start = time.process_time(), time.perf_counter()
    for _ in bag:
        pass
    return time.perf_counter() - start, time.process_time() - cpu
