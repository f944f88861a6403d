"""What a recording holds: streams, frames, duration, gaps, size, calibration.

    depthkit info walk.mcap
    depthkit info other.bag

It opens what other programs and data sets record, too: ROS bags, Foxglove's MCAP, Azure Kinect's .mkv,
ZED's .svo2, videos, folders.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tyro.conf import Positional

from depthkit.bag import BagInfo, ClockInfo, LagInfo, RoleInfo
from depthkit.cameras import Rig
from depthkit.recordings import RecordingInfo
from depthkit_tools.console import megabytes, print_json, table
from depthkit_tools.live import frames_in_words
from depthkit_tools.recordings import ledger_rows, open_with_rig

_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit info`."""

    recording: Positional[str]
    """The file or folder to look at."""
    rig: Path | None = None
    """Calibration, for a recording that holds none."""
    json: bool = False
    """Print it as JSON, the calibration included."""


def run(config: Config) -> int:
    """Print the table."""
    with open_with_rig(config.recording, config.rig) as bag:
        info, rig = bag.info(), bag.rig
    if config.json:
        print_json({**asdict(info), "path": str(info.path), "rig": rig.to_dict(), "rig_sha256": rig.digest()})
    else:
        print(table([*_rows(info), *_rig_rows(rig)]))
    return 0


def _rows(info: BagInfo | RecordingInfo) -> list[tuple[str, str]]:
    rate = f", {info.fps:.1f} fps" if info.fps else ""
    form = f"packed {info.compression_ratio:.2f} times" if isinstance(info, BagInfo) else info.form
    missing = sum(count for _, count in info.gaps)
    return [
        ("file", f"{info.path}, {megabytes(info.size_bytes)}, {form}"),
        ("frames", f"{info.frames} in {info.duration_s:.2f} s{rate}"),
        *((role.role, _role_in_words(role)) for role in info.roles),
        ("missing", f"{missing} frames in {len(info.gaps)} gaps" if missing else "none"),
        *(_own_rows(info) if isinstance(info, BagInfo) else _foreign_rows(info)),
    ]


def _rig_rows(rig: Rig) -> Iterator[tuple[str, str]]:
    """Where the calibration is from, and each camera: its lens, and how far it is from the first one."""
    source = ", ".join(rig.provenance.values())
    yield "rig", f"sha256 {rig.digest()[:16]}…{f', {source}' if source else ''}"
    first = next(iter(rig.cameras))
    for role, camera in rig.cameras.items():
        away = np.linalg.norm(rig.T(role, first)[:3, 3])
        place = f", {1000 * away:.1f} mm from {first}" if role != first else ""
        lens = f"{camera.model}, {len(camera.distortion)} coefficients" if camera.distortion else camera.model
        yield (
            f"rig {role}",
            (
                f"{camera.width}×{camera.height} {lens}, f {camera.fx:.1f} {camera.fy:.1f}, "
                f"c {camera.cx:.1f} {camera.cy:.1f}{place}"
            ),
        )


def _role_in_words(role: RoleInfo) -> str:
    packed = f", {role.compression}" if role.compression else ""
    smaller = f", packed {role.ratio:.2f} times" if role.compression not in ("", "raw") else ""
    return f"{role.width}×{role.height} {role.encoding}, {role.frames} frames{packed}{smaller}"


def _own_rows(info: BagInfo) -> list[tuple[str, str]]:
    """What only recordings of ours tell."""
    end = "whole" if info.finished else "cut off or never finished: 'depthkit repair' makes a whole one of these frames"
    recorded = f"{frames_in_words(info.ledger)}; {info.ledger['ended']}" if info.ledger else "no ledger"
    return [("clocks", _clocks_in_words(info.clocks)), ("recorded", recorded), ("end", end)]


def _foreign_rows(info: RecordingInfo) -> list[tuple[str, str]]:
    """What only recordings of other makes tell."""
    lags = [(f"{role} lag", _lags_in_words(each)) for role, each in info.lags.items()]
    clocks = [] if info.clocks is None else [("clocks", _clocks_in_words(info.clocks))]
    return [*lags, *clocks, *ledger_rows(info.ledger)]


def _clocks_in_words(clocks: ClockInfo | None) -> str:
    if clocks is None:
        return "cannot be compared"
    return (
        f"host − device {clocks.offset_ns / 1e9:.6f} s, drift {clocks.rate_ppm:.1f} ppm, lags {_lags_in_words(clocks)}"
    )


def _lags_in_words(lags: LagInfo) -> str:
    if len(lags.lags) == 1:
        return f"of {lags.edges_ms[0]:.2f} ms"
    most = max(lags.lags)
    bars = "".join(_BARS[-(-(len(_BARS) - 1) * count // most)] for count in lags.lags)  # a blank is none at all
    return f"from {lags.edges_ms[0]:.2f} ms |{bars}| to {lags.edges_ms[-1]:.2f} ms"
