"""Recordings for the commands: opened with a rig from a file where they hold none, and their ledger in words."""

from collections.abc import Sequence
from pathlib import Path

from depthkit.bag import Bag
from depthkit.recordings import PictureLedger, Recording, open_recording
from depthkit_calib import load_rig

_NAMED = 3  # of the pictures without a partner, so many are named


def open_with_rig(path: str | Path, rig: Path | None, unit: float = 1.0) -> Bag | Recording:
    """Open a recording of any program; `rig` is a calibration file in `unit` metres, None for the recording's own."""
    return open_recording(path, rig=None if rig is None else load_rig(rig, unit=unit))


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
