"""What a recording holds, in numbers."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depthkit.bag.container import Index
from depthkit.bag.pairing import compare_clocks
from depthkit.cameras import Rig
from depthkit.errors import InputError

_LAG_BINS = 16


@dataclass(frozen=True, slots=True)
class RoleInfo:
    """The images of one role and kind: their size in pixels, ROS's name for their encoding, and their number."""

    role: str
    width: int
    height: int
    encoding: str
    frames: int


@dataclass(frozen=True, slots=True)
class ClockInfo:
    """How the host's clock runs against the device's: its offset at the start, its drift, and how late stamps are.

    lags: how many frames are how much later, in ms, than offset and drift say: lags[i] frames from edges_ms[i] to
    edges_ms[i + 1].
    """

    offset_ns: int
    rate_ppm: float
    lags: tuple[int, ...]
    edges_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BagInfo:
    """What a recording holds.

    duration_s: from the first to the last frame on the host's clock; fps: its mean rate, None for less than two
    moments; stamps_*_ns: of the first and the last frame, None without frames; gaps: for each jump in the
    sequence numbers, the number before it and how many are missing; clocks: None where they cannot be compared, as
    with less than two moments or a device's clock that goes back; compression_ratio: unpacked to packed size;
    ledger: what became of the frames the camera gave (`Ledger.to_dict`), None if the recording was not told;
    finished: False for one that was cut off or never finished, of which these are the whole frames.
    """

    path: Path
    version: int
    size_bytes: int
    frames: int
    roles: tuple[RoleInfo, ...]
    duration_s: float
    fps: float | None
    stamps_device_ns: tuple[int, int] | None
    stamps_host_ns: tuple[int, int] | None
    gaps: tuple[tuple[int, int], ...]
    clocks: ClockInfo | None
    compression_ratio: float
    ledger: dict[str, Any] | None
    finished: bool


def summarize(path: Path, index: Index, records: Iterable[Mapping[str, Any]]) -> BagInfo:
    """The numbers of a recording from its index and its frames' descriptions, which are not kept."""
    kinds: Counter[tuple[str, int, int, str]] = Counter()
    sequence: list[int] = []
    device: list[int] = []
    host: list[int] = []
    for record in records:
        kinds.update(_kinds(index.rig, record))
        sequence.append(record["sequence"])
        device.append(record["stamps_ns"]["device"])
        host.append(record["stamps_ns"]["host"])
    duration_s = (host[-1] - host[0]) / 1e9 if host else 0.0
    return BagInfo(
        path=path,
        version=index.version,
        size_bytes=path.stat().st_size,
        frames=len(sequence),
        roles=tuple(RoleInfo(*kind, frames) for kind, frames in kinds.items()),
        duration_s=duration_s,
        fps=(len(sequence) - 1) / duration_s if duration_s > 0 else None,
        stamps_device_ns=_ends(device),
        stamps_host_ns=_ends(host),
        gaps=tuple(_gaps(sequence)),
        clocks=_clocks(device, host),
        compression_ratio=index.compression_ratio,
        ledger=index.ledger,
        finished=index.finished,
    )


def _kinds(rig: Rig, record: Mapping[str, Any]) -> Iterator[tuple[str, int, int, str]]:
    for role, encoding in record["images"].items():
        yield role, *rig.camera(role).size, encoding
    if record["depth"] is not None:
        camera = record["depth"]["camera"]
        yield "depth", camera["width"], camera["height"], "32FC1"


def _clocks(device: list[int], host: list[int]) -> ClockInfo | None:
    try:
        clocks = compare_clocks(device, host)
    except InputError:
        return None
    lags, edges = np.histogram(clocks.residuals_ns / 1e6, bins=_LAG_BINS)
    return ClockInfo(clocks.offset_ns, clocks.rate_ppm, tuple(lags.tolist()), tuple(edges.tolist()))


def _ends(stamps: list[int]) -> tuple[int, int] | None:
    return (stamps[0], stamps[-1]) if stamps else None


def _gaps(sequence: list[int]) -> Iterator[tuple[int, int]]:
    for before, after in itertools.pairwise(sequence):
        if after > before + 1:
            yield before, after - before - 1
