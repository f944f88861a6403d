"""The components of a GenICam device and what they are to depthkit: roles of images, or depth and its confidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from depthkit.arrays import Image
from depthkit.cameras import Rig
from depthkit.errors import FrameIncomplete, UnsupportedMode
from depthkit.live import Profile, Request
from depthkit.live.options import Value
from depthkit.scan3d import Scan3d, depth_image
from depthkit.types import DepthImage
from depthkit_drivers.genicam_pixels import is_readable

DEPTH, LEFT, RIGHT = "depth", "left", "right"
RANGES = ("Range", "Disparity")
PAIR = "IntensityCombined"
"""The left image on top of the right one, as rc_visard and Basler's stereo cameras send it."""

CONFIDENCE = "Confidence"
COMPONENTS = {1: "Intensity", 4: "Range", 6: CONFIDENCE, 8: "Disparity"}
"""By the SFNC's ComponentIDValue."""

OF_STREAMS = {"Width", "Height", "PixelFormat", "ComponentEnable", "AcquisitionFrameRate", "AcquisitionMode"}
"""Features that a stream's profile has, and that are no settings therefore."""

COLOURED = ("RGB", "BGR", "YCbCr", "YUV", "Bayer")
_SLOWEST = 1.0  # fps of a camera that does not say


class Features(Protocol):
    """What is asked of a node map."""

    def get(self, name: str) -> Value | None:
        """The value of a feature, None if there is none."""

    def put(self, name: str, value: Value) -> bool:
        """Set a feature; whether it has the value now."""

    def choices(self, name: str) -> list[str]:
        """The choices of an enumeration, that which is set first."""

    def allows(self, name: str, value: int) -> bool:
        """Whether a whole number could be set."""

    def maximum(self, name: str) -> float | None:
        """The most that a number could be set to; None if it cannot be set."""


@dataclass(frozen=True, slots=True)
class Component:
    """One of the components, by SFNC's name, with the roles of its images and the modes it has."""

    name: str
    roles: tuple[str, ...]
    profiles: tuple[Profile, ...]


def components(nodes: Features, request: Request) -> list[Component]:
    """Those that depthkit makes use of; sizes and rates that are requested are among their modes if the device allows.

    The device's own formats, sizes and rate come first. A device without a ComponentSelector has one component. Raises
    UnsupportedMode if there is none of a format that can be read.
    """
    names = nodes.choices("ComponentSelector")
    stereo = "Disparity" in names or nodes.get("Scan3dBaseline") is not None
    found = []
    for name in sorted(names, key=_order) or [_only(nodes)]:
        nodes.put("ComponentSelector", name)
        formats = _formats(nodes, name)
        roles = _roles(name, nodes.choices("PixelFormat"), stereo, ranged=any(each in names for each in RANGES))
        if roles and formats:
            modes = [mode for role in roles for mode in _profiles(nodes, role, formats, request, name == PAIR)]
            found.append(Component(name, roles, tuple(modes)))
    if not found:
        raise UnsupportedMode(f"none of the camera's formats can be read: {', '.join(nodes.choices('PixelFormat'))}")
    return found


def needed(known: Sequence[Component], roles: Sequence[str], every: Sequence[str]) -> list[str]:
    """Names of the components that streams of these roles come from; the pair of images alone has a right one.

    every: names of all components; depth has its confidence with it, where that is one.
    """
    wanted, names = set(roles), []
    for component in sorted(known, key=lambda each: each.name != PAIR or RIGHT not in wanted):
        if wanted & set(component.roles):
            names.append(component.name)
            wanted -= set(component.roles)
    return [*names, CONFIDENCE] if DEPTH in roles and CONFIDENCE in every else names


def frame_parts(
    pictures: Mapping[str, NDArray[Any]], roles: Sequence[str], scan3d: Scan3d, rig: Rig, stamp_ns: int
) -> tuple[dict[str, Image], DepthImage | None]:
    """Images by role, and depth, of the components of a frame; FrameIncomplete if one of the `roles` is missing."""
    images: dict[str, Image] = {}
    for name, pixels in pictures.items():
        if name == PAIR:
            half = len(pixels) // 2
            images |= {LEFT: _picture(pixels[:half]), RIGHT: _picture(pixels[half:])}
        elif name not in (*RANGES, CONFIDENCE):
            images[next(iter(set(roles) - {DEPTH, RIGHT}), name)] = _picture(pixels)
    raw = next((pictures[name] for name in RANGES if name in pictures), None)
    if missing := set(roles) - set(images) - ({DEPTH} if raw is not None else set()):
        raise FrameIncomplete(f"a frame has no {', '.join(sorted(missing))}; it has {', '.join(pictures)}")
    depth = None
    if raw is not None and DEPTH in roles:
        points = raw if raw.ndim == 2 else raw[..., :3]  # LUCID's ABCY has brightness with them
        depth = depth_image(points, scan3d, rig.camera(DEPTH), pictures.get(CONFIDENCE), stamp_ns)
    return {role: image for role, image in images.items() if role in roles}, depth


def component_of(form: str, names: Iterable[str]) -> str | None:
    """The component that pictures of that format are of."""
    if form.startswith("Coord3D"):
        return next((name for name in names if name in RANGES), None)
    if form.startswith(CONFIDENCE):
        return CONFIDENCE
    pictured = form.startswith(("Mono", *COLOURED))
    return next((name for name in names if name not in (*RANGES, CONFIDENCE)), None) if pictured else None


def _picture(pixels: NDArray[Any]) -> Image:
    """Without what is not colour."""
    return np.ascontiguousarray(pixels[..., :3] if pixels.ndim == 3 else pixels)


def _order(name: str) -> tuple[bool, str]:
    return name != "Intensity", name


def _formats(nodes: Features, name: str) -> list[str]:
    """Those that can be read; of coordinates those marked as such, by which a buffer tells them from images."""
    every = nodes.choices("PixelFormat") or [str(nodes.get("PixelFormat"))]
    readable = [form for form in every if is_readable(form)]
    marked = [form for form in readable if form.startswith("Coord3D")]
    return marked if name in RANGES and marked else readable


def _only(nodes: Features) -> str:
    return "Range" if str(nodes.get("PixelFormat")).startswith("Coord3D") else "Intensity"


def _roles(name: str, formats: Sequence[str], stereo: bool, ranged: bool) -> tuple[str, ...]:
    """A camera that could send colour has the same role when it is set to grey."""
    if name in RANGES:
        return (DEPTH,)
    if name == PAIR:
        return (LEFT, RIGHT)
    if name != "Intensity":
        return ()
    if stereo:
        return (LEFT,)
    if any(form.startswith(COLOURED) for form in formats):
        return ("color",)
    return ("ir",) if ranged else ("mono",)


def _profiles(nodes: Features, role: str, formats: Sequence[str], request: Request, halved: bool) -> list[Profile]:
    wanted = request.mode(role)
    sizes, rates = _sizes(nodes, wanted.size, halved), _rates(nodes, wanted.fps)
    optional = role == RIGHT
    return [Profile(role, *size, fps, form, optional) for form in formats for size in sizes for fps in rates]


def _sizes(nodes: Features, wanted: tuple[int, int] | None, halved: bool) -> list[tuple[int, int]]:
    """As it is set, as requested if that is possible, and the largest."""
    names, parts = ("Width", "Height"), (1, 2 if halved else 1)
    found = [tuple(int(nodes.get(name) or 0) // part for name, part in zip(names, parts, strict=True))]
    if wanted and all(nodes.allows(name, size * part) for name, size, part in zip(names, wanted, parts, strict=True)):
        found.append(wanted)
    most = [nodes.maximum(name) for name in names]
    if most[0] is not None and most[1] is not None:
        found.append((int(most[0]), int(most[1]) // parts[1]))
    return list(dict.fromkeys((width, height) for width, height in found))


def _rates(nodes: Features, wanted: float | None) -> list[float]:
    now, most = nodes.get("AcquisitionFrameRate"), nodes.maximum("AcquisitionFrameRate")
    if now is None:
        return [_SLOWEST]
    rates = [float(now)]
    if wanted is not None and most is not None and 0 < wanted <= most:
        rates.append(wanted)
    return list(dict.fromkeys(rates))
