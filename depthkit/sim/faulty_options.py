"""The address of the camera that fails, `faulty?script=drop@100x3,unplug@400x60` or `faulty?every=100&seed=1`."""

import re
from collections.abc import Iterator, Mapping

from depthkit.errors import InputError
from depthkit.sim import faults
from depthkit.sim.camera import SimCamera
from depthkit.sim.faulty import Hardware
from depthkit.sim.options import Options

HELP = {
    "script": "KIND@FRAME or KIND@FRAMExLENGTH, separated by commas",
    "every": "on the average, a whole number of frames from one fault drawn by the seed to the next",
    "ppm": "how much faster the device's clock runs, in millionths",
}
_SHOWN = 8  # pictures, again and again
_NUMBER = re.compile(r"[+-]?\d{1,9}(\.\d+)?")


def hardware(texts: Mapping[str, str]) -> Hardware:
    """The camera of these options: those of `HELP`, and of a simulated stereo camera; InputError for others."""
    own = {name: text for name, text in texts.items() if name in HELP}
    options = Options.read("stereo", {name: text for name, text in texts.items() if name not in HELP})
    wrong, ppm = _faults(own, options.seed), _number(own, "ppm")
    camera = SimCamera(options)
    pictures = [camera.frame(i).images for i in range(_SHOWN)]
    return Hardware(pictures, camera.rig, options.fps, wrong, ppm)


def _faults(texts: Mapping[str, str], seed: int) -> Iterator[faults.Fault]:
    if "every" in texts:
        if "script" in texts:
            raise InputError("a camera that fails takes a script or every, not both")
        return faults.draw(seed, _number(texts, "every"))
    return iter(faults.parse(texts.get("script", "")))


def _number(texts: Mapping[str, str], name: str) -> float:
    text = texts.get(name, "0")
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{name}={text} is not possible: {name} is {HELP[name]}")
    return float(text)
