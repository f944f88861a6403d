"""The address of a simulated camera, `stereo?size=640x480&seed=0`, and what it stands for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from depthkit.errors import InputError
from depthkit.uris import CameraUri

KINDS = ("stereo", "rgbd")
LENSES = ("brown", "none", "fisheye")
_SWITCHES = ("noise", "motion", "realtime")
HELP = {
    "size": "WIDTHxHEIGHT in pixels, as 640x480",
    "seed": "a whole number from 0",
    "fps": "frames a second, more than 0",
    "frames": "a whole number from 0; left out: endless",
    "lens": f"one of {', '.join(LENSES)}",
    "noise": "0 or 1",
    "motion": "0 or 1",
    "realtime": "0 or 1",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What to simulate.

    kind: "stereo" or "rgbd"; size: width, height px; seed: of the room and of all noise; fps; frames: how many, None
    for endless; lens: "brown", "none" or "fisheye"; noise: of the sensors; motion: move along the trajectory;
    realtime: give frames no faster than `fps`.
    """

    kind: str = "stereo"
    size: tuple[int, int] = (640, 480)
    seed: int = 0
    fps: float = 30.0
    frames: int | None = None
    lens: str = "brown"
    noise: bool = True
    motion: bool = True
    realtime: bool = False

    @classmethod
    def parse(cls, name: str) -> Self:
        """Options of "stereo?key=value&…", the part of a URI after "sim:"; see `read`."""
        uri = CameraUri.parse(f"sim:{name}")
        return cls.read(uri.address, uri.options)

    @classmethod
    def read(cls, kind: str, texts: Mapping[str, str]) -> Self:
        """Options by name, as text; InputError names the one at fault and what it may be."""
        kind = kind or "stereo"
        if kind not in KINDS:
            raise InputError(f"there is no simulated camera {kind!r}: use {' or '.join(f'sim:{k}' for k in KINDS)}")
        values = {key: _value(key, text) for key, text in texts.items()}
        return cls(kind, **values)  # type: ignore[arg-type]  # _value gives each key its type

    @property
    def uri(self) -> str:
        """The full URI that opens the same camera again."""
        values = {
            "size": "{}x{}".format(*self.size),
            "seed": self.seed,
            "fps": f"{self.fps:g}",
            "lens": self.lens,
            **({} if self.frames is None else {"frames": self.frames}),
            **{key: int(getattr(self, key)) for key in _SWITCHES},
        }
        return str(CameraUri("sim", self.kind, {key: str(value) for key, value in values.items()}))


def _value(key: str, text: str) -> object:
    if key not in HELP:
        raise InputError(f"a simulated camera has no option {key!r}; it has {', '.join(HELP)}")
    value = _read(key, text)
    if value is None:
        raise InputError(f"{key}={text} is not possible: {key} is {HELP[key]}")
    return value


def _read(key: str, text: str) -> object:
    """The value of an option, None if it cannot be."""
    if key == "size":
        match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
        return match and (int(match[1]), int(match[2]))
    if key in _SWITCHES:
        return {"0": False, "1": True}.get(text)
    if key == "lens":
        return text if text in LENSES else None
    if key == "fps":
        number = float(text) if re.fullmatch(r"\d+(\.\d*)?|\.\d+", text) else 0.0
        return number if number > 0 else None
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None
