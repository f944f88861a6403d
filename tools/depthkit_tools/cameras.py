"""List the cameras that can be opened now, by the name that opens them; or the modes and settings of one.

    depthkit cameras
    depthkit cameras sim:faulty

What it lists can follow a camera's name: "realsense:0123?size=640x480&fps=30&exposure=8000".
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tyro.conf import Positional

from depthkit.capture import Camera, CameraInfo, list_cameras, open_camera
from depthkit.live import LiveCamera
from depthkit_tools.console import print_json, table


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit cameras`."""

    camera: Positional[str | None] = None
    """One of them, to be opened and described."""
    json: bool = False
    """Print JSON."""


def run(config: Config) -> int:
    """Print one line a camera, or a mode and a setting."""
    if config.camera is not None:
        with open_camera(config.camera) as camera:
            details = _details(camera)
        print_json(details) if config.json else print(table(list(_rows(details))))
        return 0
    found = list_cameras()
    if config.json:
        print_json([asdict(info) for info in found])
    elif found:
        print(table([("camera", "serial", "firmware", "streams", ""), *map(_row, found)]))
    else:
        print("no camera found; 'depthkit doctor' shows which drivers and SDKs are missing")
    return 0


def _row(info: CameraInfo) -> tuple[str, ...]:
    return info.uri, info.serial or "–", info.firmware or "–", ", ".join(info.streams) or "–", info.description


def _details(camera: Camera) -> dict[str, Any]:
    """Plain values of all that a camera tells of itself."""
    if not isinstance(camera, LiveCamera):
        return {"roles": {role: list(model.size) for role, model in camera.rig.cameras.items()}}
    described = [(camera.options.describe(name), value) for name, value in camera.options.items()]
    return {
        "serial": camera.serial,
        "firmware": camera.firmware,
        "modes": [str(profile) for profile in camera.profiles()],
        "streams": [str(profile) for profile in camera.streams],
        "options": {option.name: {"value": value, "may be": option.allowed()} for option, value in described},
    }


def _rows(details: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        if name == "options":
            yield from ((option, f"{each['value']} ({each['may be']})") for option, each in value.items())
        elif name == "roles":
            yield from ((role, "{}×{}".format(*size)) for role, size in value.items())
        else:
            words = [value] if isinstance(value, str) else value
            yield from ((name if i == 0 else "", word or "–") for i, word in enumerate(words))
