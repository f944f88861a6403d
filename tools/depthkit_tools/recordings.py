"""Recordings for the commands: opened with a rig from a file where they hold none, and their ledger in words."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from depthkit.bag import Bag
from depthkit.cameras import Rig
from depthkit.errors import CalibrationError
from depthkit.recordings import PictureLedger, Recording, open_recording, picture_sizes, svo
from depthkit_calib import load_rig

_NAMED = 3  # of the pictures without a partner, so many are named


def open_with_rig(path: str | Path, rig: Path | None, unit: float = 1.0) -> Bag | Recording:
    """Open a recording of any program; `rig` is a calibration file in `unit` metres, None for the recording's own.

    A ZED's recording finds the factory's file of its camera, SN<serial>.conf, beside it.
    """
    file = rig or _factory_file_beside(Path(path))
    return open_recording(path, rig=None if file is None else _load(file, picture_sizes(path), unit))


def _load(file: Path, sizes: Sequence[tuple[int, int]], unit: float) -> Rig:
    """The rig for the first of these sizes that the file has one for; for any if there are none."""
    for size in sizes[:-1]:
        with contextlib.suppress(CalibrationError):
            return load_rig(file, size, unit)
    return load_rig(file, sizes[-1] if sizes else None, unit)


def _factory_file_beside(path: Path) -> Path | None:
    beside = path.with_name(svo.factory_file(path)) if svo.matches(path) else None
    return beside if beside is not None and beside.is_file() else None


def ledger_rows(ledger: PictureLedger) -> list[tuple[str, str]]:
    """What became of the pictures, as rows of a table: name and words."""
    pictures = ", ".join(f"{count} {role}" for role, count in ledger.pictures.items())
    rows = [("pictures", f"{pictures} in {ledger.frames} frames")]
    for role, left in ledger.left_over.items():
        for reason in dict.fromkeys(left.values()):
            names = [name for name, why in left.items() if why == reason]
            rows.append(("no partner", f"{len(names)} {role}, {reason}: {_some(names)}"))
    if ledger.unreadable:
        first, *_ = ledger.unreadable.values()
        rows.append(("unreadable", f"{len(ledger.unreadable)} frames, the first one: {first}"))
    rows += [("ignored", f"{stream}: {why}") for stream, why in ledger.ignored.items()]
    return rows


def _some(words: Sequence[str]) -> str:
    return ", ".join([*words[:_NAMED], *(["…"] if len(words) > _NAMED else [])])
