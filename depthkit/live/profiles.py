"""What a device can stream, what is wanted of it, and which of its modes that comes to."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Self

from depthkit.errors import InputError, UnsupportedMode

_SAME_RATE = 0.01  # share by which rates may differ: 29.97 is 30


@dataclass(frozen=True, slots=True)
class Profile:
    """A mode of one stream.

    role: of its images in a FrameSet, or "depth"; width, height px; fps; format: ROS's name of the encoding of the
    pixels as they travel ("mono8", "rgb8", "16UC1", "yuv422_yuy2", …); optional: streamed only when asked for by role.
    """

    role: str
    width: int
    height: int
    fps: float
    format: str = ""
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.role} {self.width}×{self.height} {self.format} {self.fps:g} fps".replace("  ", " ")


@dataclass(frozen=True, slots=True)
class Mode:
    """What is wanted of a stream; None: whatever the device prefers."""

    size: tuple[int, int] | None = None
    fps: float | None = None
    format: str | None = None

    def fits(self, profile: Profile) -> bool:
        """Whether the profile is one."""
        return (
            self.size in (None, (profile.width, profile.height))
            and (self.fps is None or abs(profile.fps - self.fps) <= _SAME_RATE * self.fps)
            and self.format in (None, profile.format)
        )

    def over(self, other: "Mode") -> "Mode":
        """This mode, and where it leaves something open, the other."""
        return Mode(self.size or other.size, self.fps or other.fps, self.format or other.format)

    def __str__(self) -> str:
        size = "{}×{}".format(*self.size) if self.size else ""
        return " ".join(filter(None, [size, self.format or "", f"{self.fps:g} fps" if self.fps else ""]))


_KEYS = ("size", "fps", "format")


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted of a camera.

    streams: roles, empty for those that the device streams by itself; every: wanted of all of them; each: of one, by
    role, which comes first.
    """

    streams: tuple[str, ...] = ()
    every: Mode = Mode()
    each: Mapping[str, Mode] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Mapping[str, str]) -> tuple[Self, dict[str, str]]:
        """What a URI's options ask for, and the options that are about something else.

        `size=640x480`, `fps=30`, `format=rgb8` are for all streams, `color.size=…` for one, `streams=left,right`
        chooses. Raises InputError for values that cannot be.
        """
        left, modes, streams = dict(options), dict[str, dict[str, str]](), tuple[str, ...]()
        for name in options:
            role, _, key = name.rpartition(".")
            if key in _KEYS:
                modes.setdefault(role, {})[key] = left.pop(name)
            elif name == "streams":
                streams = tuple(filter(None, left.pop(name).split(",")))
        every = _mode(modes.pop("", {}))
        return cls(streams, every, {role: _mode(values) for role, values in modes.items()}), left

    def mode(self, role: str) -> Mode:
        """What is wanted of the stream of that role."""
        return self.each.get(role, Mode()).over(self.every)


def choose(profiles: Sequence[Profile], request: Request) -> list[Profile]:
    """The first profile of each wanted role that is as requested, of several those of the first role's rate.

    Raises UnsupportedMode, which lists the modes there are.
    """
    known = list(dict.fromkeys(profile.role for profile in profiles))
    if unknown := (set(request.streams) | set(request.each)) - set(known):
        raise UnsupportedMode(f"this camera has no stream {', '.join(sorted(unknown))}; it has {', '.join(known)}")
    roles = request.streams or tuple(dict.fromkeys(profile.role for profile in profiles if not profile.optional))
    chosen: list[Profile] = []
    for role in roles:
        fitting = [profile for profile in profiles if profile.role == role and request.mode(role).fits(profile)]
        if not fitting:
            raise UnsupportedMode(
                f"the {role} stream has no mode {request.mode(role)}; it has {'; '.join(_listed(profiles, role))}"
            )
        rate = chosen[0].fps if chosen else fitting[0].fps
        chosen.append(min(fitting, key=lambda profile: profile.fps != rate))  # the first, if several are
    return chosen


def _listed(profiles: Sequence[Profile], role: str) -> Iterator[str]:
    """The modes of a role in words, all rates of a size together."""
    own = [profile for profile in profiles if profile.role == role]
    for (width, height, form), same in groupby(own, lambda each: (each.width, each.height, each.format)):
        rates = ", ".join(f"{profile.fps:g}" for profile in same)
        yield f"{width}×{height} {form} at {rates} fps".replace("  ", " ")


def _mode(values: Mapping[str, str]) -> Mode:
    size, fps = values.get("size"), values.get("fps")
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", size or "")
    if size is not None and match is None:
        raise InputError(f"size={size} is not possible: size is WIDTHxHEIGHT in pixels, as 640x480")
    if fps is not None and not (re.fullmatch(r"\d+(\.\d*)?|\.\d+", fps) and float(fps) > 0):
        raise InputError(f"fps={fps} is not possible: fps is frames a second, more than 0")
    return Mode(match and (int(match[1]), int(match[2])), None if fps is None else float(fps), values.get("format"))
