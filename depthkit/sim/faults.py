"""What can go wrong with a camera, as a script: `drop@100x3,unplug@400x60`."""

import random
import re
from collections.abc import Iterator
from typing import NamedTuple

from depthkit.errors import InputError

KINDS = {
    "drop": "so many frames are lost",
    "stall": "so many frames, 8 at the most, are late and come all at once",
    "double": "a frame comes twice",
    "swap": "a frame comes after the next one",
    "cut": "so many frames come with parts missing",
    "jump": "the device's clock jumps by so many ms",
    "hang": "no frame comes until the streams are restarted",
    "unplug": "the camera is gone for so many frames",
}
_DRAWN = {"drop": (1, 5), "stall": (1, 8), "cut": (1, 2), "jump": (2000, 5000), "unplug": (1, 120)}  # lengths
_QUIET = 30  # frames between two that are drawn, at least


class Fault(NamedTuple):
    """What goes wrong at frame number `at`, and for how long: a number of frames, of a jump ms."""

    kind: str
    at: int
    length: int = 1

    @property
    def frames(self) -> int:
        """How many frames it takes."""
        return 0 if self.kind == "jump" else self.length


def parse(text: str) -> list[Fault]:
    """Faults of "KIND@FRAME" or "KIND@FRAMExLENGTH", separated by commas, in the order of frames.

    Raises InputError, which lists the kinds.
    """
    faults = [_fault(word) for word in text.split(",") if word]
    return sorted(faults, key=lambda fault: fault.at)


def draw(seed: int, period: float) -> Iterator[Fault]:
    """Faults without end, one every `period` frames on the average, every kind as often; the same for the same seed."""
    numbers, at = random.Random(seed), 0
    while True:
        kinds = list(KINDS)
        numbers.shuffle(kinds)
        for kind in kinds:
            at += _QUIET + round(numbers.expovariate(1 / max(1.0, period - _QUIET)))
            fault = Fault(kind, at, numbers.randint(*_DRAWN.get(kind, (1, 1))))
            at += fault.frames
            yield fault


def _fault(word: str) -> Fault:
    match = re.fullmatch(r"([a-z]+)@(\d{1,9})(?:x(\d{1,6}))?", word)
    if match is None or match[1] not in KINDS:
        kinds = "; ".join(f"{kind}, {meaning}" for kind, meaning in KINDS.items())
        raise InputError(f"{word!r} is no fault: write KIND@FRAME or KIND@FRAMExLENGTH; the kinds are {kinds}")
    return Fault(match[1], int(match[2]), int(match[3] or 1))
