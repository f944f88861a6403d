"""Measure what reading a camera through the library costs over a loop that reads its driver.

    depthkit bench live

A simulated device gives a pair of 640×480 RGB images 60 times a second, rendered before. The loop of the driver and
the live camera (thread, queue, watchdog, clocks, counts) read it in turns. Latency is from a frame's arrival to the
consumer's hand; CPU is in percent of one core.
"""

import statistics
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice

from depthkit.errors import InputError
from depthkit.live import Device, LiveCamera, Request
from depthkit.sim import faulty_options
from depthkit.sim.faulty import FaultyDevice
from depthkit.types import FrameSet
from depthkit_tools.bench.report import machine, machine_line
from depthkit_tools.console import print_json, say


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit bench live`."""

    seconds: float = 5
    """How long each side has its turn."""
    rounds: int = 4
    """How often each side has its turn."""
    size: str = "640x480"
    """Of the images."""
    fps: int = 60
    """Frames a second."""
    json: bool = False
    """Print the figures as JSON instead of the table."""


Frames = Generator[FrameSet, None, None]
Side = Callable[[Device], Frames]


@dataclass(frozen=True, slots=True)
class Turn:
    """A side's turn, or the median of its turns: frames read, median latency in ms, CPU in percent of a core."""

    frames: float
    latency_ms: float
    cpu_percent: float


def run(config: Config) -> int:
    """Measure both sides and print the table."""
    if config.rounds < 1 or config.seconds <= 0:
        raise InputError("bench live needs at least 1 round, and seconds must be positive")
    sides: dict[str, Side] = {"the driver's own loop": _loop, "LiveCamera": _camera}
    turns: dict[str, list[Turn]] = {name: [] for name in sides}
    for i in range(config.rounds):
        say(f"round {i + 1} of {config.rounds}")
        for name, side in sides.items():
            turns[name].append(_turn(config, side))
    medians = {name: _median(each) for name, each in turns.items()}
    if config.json:
        print_json({"machine": machine(), **{name: asdict(each) for name, each in medians.items()}})
    else:
        rows = [
            f"| {name} | {x.frames:.0f} | {x.latency_ms:.3f} | {x.cpu_percent:.1f} |" for name, x in medians.items()
        ]
        header = ["| read by | frames | latency ms | CPU % |", "|---|--:|--:|--:|"]
        print("\n".join([machine_line(machine()), "", *header, *rows]))
    return 0


def _turn(config: Config, side: Side) -> Turn:
    hardware = faulty_options.hardware({"size": config.size, "fps": str(config.fps)})
    with closing(side(FaultyDevice(hardware, "bench"))) as frames:
        next(frames)  # starting costs more
        cpu, start = time.process_time(), time.monotonic()
        taken_in = islice(frames, max(1, round(config.seconds * config.fps)))
        latencies = [(time.time_ns() - each.stamp_host_ns) / 1e6 for each in taken_in]
        cpu, taken = time.process_time() - cpu, time.monotonic() - start
    return Turn(len(latencies), statistics.median(latencies), 100 * cpu / taken)


def _loop(device: Device) -> Frames:
    device.configure(Request())
    device.start()
    while True:
        yield device.read(1.0)


def _camera(device: Device) -> Frames:
    with LiveCamera(device, lambda _: device) as camera:
        yield from camera.frames()


def _median(turns: list[Turn]) -> Turn:
    return Turn(*(statistics.median(values) for values in zip(*map(_values, turns), strict=True)))


def _values(turn: Turn) -> tuple[float, float, float]:
    return turn.frames, turn.latency_ms, turn.cpu_percent
