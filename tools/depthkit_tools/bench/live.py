"""Measure what reading a camera through the library costs over a loop that reads its driver.

    depthkit bench live

A simulated device gives a pair of 640×480 RGB images 60 times a second, rendered before. The loop of the driver and
the live camera (thread, queue, watchdog, clocks, counts) read it in turns. So do librealsense's own loop and the live
camera over it, where pyrealsense2 is installed, with depth and colour of a camera that is simulated on the network of
this machine. Latency is from a frame's arrival, of the latter from its making, to the consumer's hand; CPU is in
percent of one core.
"""

import importlib.util
import statistics
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice

from depthkit.capture import open_camera
from depthkit.errors import InputError
from depthkit.live import Device, LiveCamera, Request
from depthkit.sim import faulty_options
from depthkit.sim.faulty import FaultyDevice
from depthkit_tools.bench import live_realsense
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


Stamps = Generator[int, None, None]
Side = Callable[[], Stamps]
"""Reads a camera for as long as it is asked, and says of each frame when it came, in ns."""


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
    turns: dict[str, list[Turn]] = {}
    with ExitStack() as stack:
        sides = {"the driver's own loop": partial(_loop, config), "LiveCamera": partial(_camera, config)}
        if importlib.util.find_spec("pyrealsense2") is not None:
            uri = stack.enter_context(live_realsense.camera(config.fps))
            sides["pyrealsense2's own loop"] = partial(live_realsense.sdk_loop, config.fps)
            sides["pyrealsense2, LiveCamera"] = partial(_opened, uri)
        for i in range(config.rounds):
            say(f"round {i + 1} of {config.rounds}")
            for name, side in sides.items():
                turns.setdefault(name, []).append(_turn(config, side))
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
    with closing(side()) as stamps:
        next(stamps)  # starting costs more
        cpu, start = time.process_time(), time.monotonic()
        taken_in = islice(stamps, max(1, round(config.seconds * config.fps)))
        latencies = [(time.time_ns() - stamp) / 1e6 for stamp in taken_in]
        cpu, taken = time.process_time() - cpu, time.monotonic() - start
    return Turn(len(latencies), statistics.median(latencies), 100 * cpu / taken)


def _device(config: Config) -> Device:
    return FaultyDevice(faulty_options.hardware({"size": config.size, "fps": str(config.fps)}), "bench")


def _loop(config: Config) -> Stamps:
    device = _device(config)
    device.configure(Request())
    device.start()
    while True:
        yield device.read(1.0).stamp_host_ns


def _camera(config: Config) -> Stamps:
    device = _device(config)
    with LiveCamera(device, lambda _: device) as camera:
        for frames in camera.frames():
            yield frames.stamp_host_ns


def _opened(uri: str) -> Stamps:
    with open_camera(uri) as camera:
        for frames in camera.frames():
            yield frames.stamp_device_ns


def _median(turns: list[Turn]) -> Turn:
    return Turn(*(statistics.median(values) for values in zip(*map(_values, turns), strict=True)))


def _values(turn: Turn) -> tuple[float, float, float]:
    return turn.frames, turn.latency_ms, turn.cpu_percent
