"""What every conversion does, whatever its format."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from depthkit.cameras import Rig
from depthkit.errors import InputError
from depthkit.types import FrameSet

LEDGER_FILE = "ledger.json"


class Export(AbstractContextManager["Export"], Protocol):
    """A conversion being written to a path that nothing is called yet. Use it as a context manager.

    Leaving it without an error finishes what was written and keeps the ledger in it; after an error, what lies at the
    path is of no use. It was made with that ledger, and tells it what becomes of each frame.
    """

    def add(self, frames: FrameSet) -> None:
        """Write a frame, or raise Unfit."""

    def count(self) -> dict[str, int]:
        """Read back, once it is finished: pictures by role that are there and whole."""


def write_json(path: Path, values: Any) -> None:
    """Write JSON; NaN is refused, since JSON has none."""
    path.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n", "utf-8")


def check_rig(frames: FrameSet, rig: Rig) -> None:
    """Raise InputError for a frame of another rig than the one that is written."""
    if frames.rig is not rig and frames.rig.to_dict() != rig.to_dict():
        raise InputError(f"frame {frames.sequence} has another rig than the frames before: convert each part by itself")
