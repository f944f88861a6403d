"""Devices for tests: one that gives what a script says, and one in memory that other tests plug in and out."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from depthkit.cameras import CameraModel, Rig
from depthkit.errors import FrameTimeout
from depthkit.live import Device, Option, Profile, Request, Value, choose
from depthkit.types import FrameSet

FPS = 100
RIG = Rig({"left": CameraModel(4, 3, 2, 2, 1, 1)})
PERIOD = 1_000_000_000 // FPS
HOST0 = 1_700_000_000_000_000_000

Step = int | float | Exception | FrameSet
"""A number: the frame of that number; a float: seconds of silence; an error: raised; a frame: given as it is."""


def frame(sequence: int, device_ns: int | None = None) -> FrameSet:
    """The frame of that number, due at its stamp."""
    image = np.full((3, 4), sequence % 256, np.uint8)
    stamp = 5_000_000 + sequence * PERIOD if device_ns is None else device_ns
    return FrameSet({"left": image}, RIG, sequence, stamp)


class ScriptedDevice(Device):
    """Gives what the script says and is silent after it; `calls` are those it got."""

    serial, firmware = "0123", "1.2"

    def __init__(self, script: Iterable[Step] = (), numbered: bool = True) -> None:
        self.script, self.numbered = iter(script), numbered
        self.calls: list[str] = []
        self.values: dict[str, Value] = {"exposure": 5000, "laser": True}

    def profiles(self) -> Sequence[Profile]:
        return [Profile("left", 4, 3, FPS, "mono8"), Profile("left", 4, 3, 30, "mono8")]

    def configure(self, request: Request) -> Sequence[Profile]:
        self.calls.append("configure")
        return choose(self.profiles(), request)

    @property
    def rig(self) -> Rig:
        return RIG

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")

    def read(self, timeout: float) -> FrameSet:
        step = next(self.script, timeout)
        if isinstance(step, Exception):
            raise step
        if isinstance(step, float):
            time.sleep(step)
            raise FrameTimeout("nothing")
        return frame(step) if isinstance(step, int) else step

    def options(self) -> Sequence[Option]:
        return [
            Option("exposure", 5000, 10, 33000, unit="µs"),
            Option("laser", True),
            Option("temperature", 20.0, read_only=True),
        ]

    def get(self, name: str) -> Value:
        return 31.5 if name == "temperature" else self.values[name]

    def set(self, name: str, value: Value) -> None:
        self.calls.append(f"{name}={value}")
        self.values[name] = value

    def counters(self) -> Mapping[str, int]:
        return {"resends": 3}


class Socket:
    """Where devices are plugged in, one after the other: `reopen` gives the next, or raises the error in its place."""

    def __init__(self, *devices: Device | Exception) -> None:
        self._devices: Iterator[Device | Exception] = iter(devices)
        self.addresses: list[str] = []

    def reopen(self, address: str) -> Device:
        """The next device."""
        self.addresses.append(address)
        device = next(self._devices)
        if isinstance(device, Exception):
            raise device
        return device
