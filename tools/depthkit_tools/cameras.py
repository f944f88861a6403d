"""List the cameras that can be opened now, by the name that opens them.

depthkit cameras
"""

from dataclasses import asdict, dataclass

from depthkit.capture import list_cameras
from depthkit_tools.console import print_json, table


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit cameras`."""

    json: bool = False
    """Print a JSON list."""


def run(config: Config) -> int:
    """Print one line a camera."""
    found = list_cameras()
    if config.json:
        print_json([asdict(info) for info in found])
    elif found:
        print(table([(info.uri, info.description) for info in found]))
    else:
        print("no camera found; 'depthkit doctor' shows which drivers and SDKs are missing")
    return 0
