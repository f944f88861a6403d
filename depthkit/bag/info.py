"""What a recording holds, in numbers."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from depthkit.bag import layout, ros
from depthkit.bag.container import Index
from depthkit.bag.layout import DEPTH, packed_how
from depthkit.bag.packing import in_words
from depthkit.cameras import Rig
from depthkit.errors import InputError
from depthkit.pairing import compare_clocks

_LAG_BINS = 16
_SAME_MS = 1e-6  # stamps count ns


@dataclass(frozen=True, slots=True)
class RoleInfo:
    """The images of one role and kind: their size in pixels, ROS's name for their encoding, and their number.

    compression: in words, empty where it is not known; ratio: bytes of their pixels to those of their messages, of
    depth in steps with 2 bytes a pixel; LZ4 of the chunks that it makes smaller comes on top.
    """

    role: str
    width: int
    height: int
    encoding: str
    frames: int
    compression: str = ""
    ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class LagInfo:
    """A histogram of how much later stamps are than others: lags[i] are from edges_ms[i] to edges_ms[i + 1] late."""

    lags: tuple[int, ...]
    edges_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ClockInfo(LagInfo):
    """How the host's clock runs against the device's: its offset at the start, its drift, and how late stamps are.

    The lags are of the frames, against what offset and drift say.
    """

    offset_ns: int
    rate_ppm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonInfo:
    """What a recording of any make holds.

    duration_s: from the first to the last frame; fps: its mean rate, None for less than two moments; stamps_*_ns: of
    the first and the last frame, None without frames; gaps: for each jump in the sequence numbers, the number before
    it and how many are missing; clocks: None where they cannot be compared, as with a single clock, less than two
    moments, or a device's clock that goes back.
    """

    path: Path
    size_bytes: int
    frames: int
    roles: tuple[RoleInfo, ...]
    duration_s: float
    fps: float | None
    stamps_device_ns: tuple[int, int] | None
    stamps_host_ns: tuple[int, int] | None
    gaps: tuple[tuple[int, int], ...]
    clocks: ClockInfo | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BagInfo(CommonInfo):
    """What a recording of ours holds; its duration is on the host's clock.

    compression_ratio: bytes of all pixels, counted as in `RoleInfo`, to those of the file; ledger: what became of the
    frames the camera gave (`Ledger.to_dict`), None if the recording was not told; finished: False for one that was cut
    off or never finished, of which these are the whole frames.
    """

    version: int
    compression_ratio: float
    ledger: dict[str, Any] | None
    finished: bool


def summarize(path: Path, index: Index, records: Iterable[Mapping[str, Any]]) -> BagInfo:
    """The numbers of a recording from its index and its frames' descriptions, which are not kept."""
    kinds: Counter[_Kind] = Counter()
    packed: Counter[_Kind] = Counter()
    sequence: list[int] = []
    device: list[int] = []
    host: list[int] = []
    for record in records:
        for kind, size in _kinds(index.rig, record):
            kinds[kind] += 1
            packed[kind] += size
        numbers = layout.numbers(record)
        sequence.append(numbers["sequence"])
        device.append(numbers["stamp_device_ns"])
        host.append(numbers["stamp_host_ns"])
    size_bytes = path.stat().st_size
    return BagInfo(
        path=path,
        size_bytes=size_bytes,
        roles=tuple(
            RoleInfo(*kind[:4], frames, kind.compression, kind.bytes * frames / packed[kind])
            for kind, frames in kinds.items()
        ),
        version=index.version,
        compression_ratio=sum(kind.bytes * frames for kind, frames in kinds.items()) / size_bytes,
        ledger=index.ledger,
        finished=index.finished,
        clocks=clocks(device, host),
        **course(sequence, device, host, host),
    )


def course(sequence: Sequence[int], device: Sequence[int], host: Sequence[int], times: Sequence[int]) -> dict[str, Any]:
    """The fields of CommonInfo that follow from the numbers and stamps of the frames; `times` tell the duration."""
    duration_s = (times[-1] - times[0]) / 1e9 if times else 0.0
    return {
        "frames": len(sequence),
        "duration_s": duration_s,
        "fps": (len(sequence) - 1) / duration_s if duration_s > 0 else None,
        "stamps_device_ns": _ends(device),
        "stamps_host_ns": _ends(host),
        "gaps": tuple(_gaps(sequence)),
    }


def clocks(device: Sequence[int], host: Sequence[int]) -> ClockInfo | None:
    """How the two clocks run; None where they cannot be compared."""
    try:
        found = compare_clocks(device, host)
    except InputError:
        return None
    return ClockInfo(*histogram(found.residuals_ns), found.offset_ns, found.rate_ppm)


def histogram(lags_ns: ArrayLike) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Counts and edges, in ms, of a LagInfo from at least one lag in ns; a single bin if all are the same."""
    lags = np.asarray(lags_ns) / 1e6
    if np.ptp(lags) < _SAME_MS:
        return (len(lags),), (float(lags.min()), float(lags.max()))
    counts, edges = np.histogram(lags, bins=_LAG_BINS)
    return tuple(counts.tolist()), tuple(edges.tolist())


class _Kind(NamedTuple):
    role: str
    width: int
    height: int
    encoding: str
    compression: str

    @property
    def bytes(self) -> int:
        """Of the pixels of one image."""
        return self.width * self.height * ros.pixel_bytes(self.encoding)


def _kinds(rig: Rig, record: Mapping[str, Any]) -> Iterator[tuple[_Kind, int]]:
    """The kind of each image of a frame, and how many bytes it was packed into."""
    sizes = {role: (*rig.camera(role).size, encoding) for role, encoding in record["images"].items()}
    if record["depth"] is not None:
        camera = record["depth"]["camera"]
        steps = bool(packed_how(record, DEPTH))
        sizes[DEPTH] = camera["width"], camera["height"], "16UC1" if steps else "32FC1"
    for role, size in sizes.items():
        how = packed_how(record, role)
        kind = _Kind(role, *size, in_words(how))
        yield kind, how.get("bytes", kind.bytes)


def _ends(stamps: Sequence[int]) -> tuple[int, int] | None:
    return (stamps[0], stamps[-1]) if stamps else None


def _gaps(sequence: Sequence[int]) -> Iterator[tuple[int, int]]:
    for before, after in itertools.pairwise(sequence):
        if after > before + 1:
            yield before, after - before - 1
