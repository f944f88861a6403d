"""What a recording holds: streams, frames, duration, gaps, size.

depthkit info walk.mcap
"""

from dataclasses import asdict, dataclass

from tyro.conf import Positional

from depthkit.bag import Bag, BagInfo
from depthkit_tools.console import megabytes, print_json, table
from depthkit_tools.live import frames_in_words


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit info`."""

    recording: Positional[str]
    """The file to look at (.mcap)."""
    json: bool = False
    """Print it as JSON, the calibration included."""


def run(config: Config) -> int:
    """Print the table."""
    with Bag(config.recording) as bag:
        info, rig = bag.info(), bag.rig
    if config.json:
        print_json({**asdict(info), "path": str(info.path), "rig": rig.to_dict(), "rig_sha256": rig.digest()})
    else:
        print(table(_rows(info, rig.digest())))
    return 0


def _rows(info: BagInfo, digest: str) -> list[tuple[str, str]]:
    rate = f", {info.fps:.1f} fps" if info.fps else ""
    missing = sum(count for _, count in info.gaps)
    end = "whole" if info.finished else "cut off or never finished: 'depthkit repair' makes a whole one of these frames"
    recorded = f"{frames_in_words(info.ledger)}; {info.ledger['ended']}" if info.ledger else "no ledger"
    return [
        ("file", f"{info.path}, {megabytes(info.size_bytes)}, packed {info.compression_ratio:.2f} times"),
        ("frames", f"{info.frames} in {info.duration_s:.2f} s{rate}"),
        *((role.role, f"{role.width}×{role.height} {role.encoding}, {role.frames} frames") for role in info.roles),
        ("missing", f"{missing} frames in {len(info.gaps)} gaps" if missing else "none"),
        ("recorded", recorded),
        ("end", end),
        ("rig", f"sha256 {digest[:16]}…"),
    ]
