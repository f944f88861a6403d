"""Convert a recording to the format of another program, or to one of depthkit's own, and account for every frame.

    depthkit convert walk.mcap walk-frames --to folders
    depthkit convert other.bag walk.mcap

OUT appears when it is whole, has been read back and counted; it holds the ledger that is printed. What a format has
no place for is said. Formats: mcap (depthkit's own, which ROS 2 and Foxglove open as it is), tum, open3d and
nerfstudio (colour with depth registered to it; nerfstudio needs poses), folders (left/, color/, depth/, … of PNG
files), video (H.264, one file a role, lossy, for looking at).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from depthkit.exports import ConversionLedger, DepthLoss, Format, convert
from depthkit_tools.console import print_json, say, table
from depthkit_tools.live import frames_in_words, status
from depthkit_tools.sources import open_source


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit convert`."""

    source: Positional[str]
    """The recording (.mcap, .bag, .db3, .mkv, .svo2, a video, a folder), or a camera that ends."""
    out: Positional[Path]
    """The file (mcap) or the folder (all others) to make; nothing may be called that yet."""
    to: Format | None = None
    """The format; not needed where OUT ends in .mcap."""
    rig: Path | None = None
    """Calibration, for a recording that holds none."""
    start: int = 0
    """Number of the first frame."""
    frames: int | None = None
    """Convert at most so many frames."""
    every: int = 1
    """Convert each so-many-th frame only."""
    json: bool = False
    """Print the ledger on stdout."""


def run(config: Config) -> int:
    """Convert, and say what became of every frame."""
    with open_source(config.source, config.rig) as source, status() as line:
        ledger = convert(
            source,
            config.out,
            config.to,
            start=config.start,
            frames=config.frames,
            every=config.every,
            on_frame=lambda so_far: line.show(f"{so_far.frames.received} frames read"),
        )
    if config.json:
        print_json({"out": str(config.out), "ledger": ledger.to_dict()})
    else:
        say(f"{config.out}: {ledger.form}, {frames_in_words(ledger.to_dict())}")
        say(table([*_rows(ledger)]))
    return 0


def _rows(ledger: ConversionLedger) -> Iterator[tuple[str, str]]:
    for role, counts in ledger.streams.items():
        dropped = "".join(f", {count} dropped ({why})" for why, count in counts.dropped.items())
        yield role, f"{counts.written} written and counted again{dropped}"
    if ledger.depth is not None:
        yield "precision", _precision_in_words(ledger.depth)
    if ledger.stamps_made_up:
        yield "stamps", f"{ledger.stamps_made_up} did not go forward: 1/30 s after the one before instead"
    for role, count in ledger.left_over.items():
        yield "no partner", f"{count} {role} pictures of the source are in no frame"
    yield from ((f"frame {number}", why) for number, why in ledger.unreadable.items())
    yield from (("ignored", f"{stream}: {why}") for stream, why in ledger.ignored.items())
    yield from (("lost", what) for what in ledger.lost)


def _precision_in_words(loss: DepthLoss) -> str:
    marks = f"; {loss.unmarked} made up are no longer marked" if loss.unmarked else ""
    return (
        f"depth in steps of {loss.scale * 1e3:g} mm: off by {loss.rounded_m * 1e3:.4f} mm at the most; "
        f"of {loss.known} pixels {loss.too_near} too near and {loss.too_far} too far for 16 bits are unknown{marks}"
    )
