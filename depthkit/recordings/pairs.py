"""Which pictures of several streams belong to one moment: nearest stamps, or equal names."""

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from depthkit.errors import BagError
from depthkit.recordings.contents import Moment, Shot

TOLERANCE_NS = 20_000_000
"""For streams of a single picture, and for TUM's folders, whose own tool uses it."""

_LAST_NS = 2**62  # so that differences fit in 64 bits
_REFERENCES = ("depth", "left", "color")


def associate(first: Sequence[int], second: Sequence[int], tolerance: int) -> list[tuple[int, int]]:
    """Pairs of indices of stamps at most `tolerance` apart, the closest first, each stamp in one pair at most.

    The stamps may come in any order; the pairs are in the order of `first`. This is the greedy rule of the TUM RGB-D
    benchmark's association (Sturm et al., IROS 2012).
    """
    order = np.argsort(np.asarray(second, np.int64), kind="stable")
    stamps = np.asarray(second, np.int64)[order]
    candidates = []
    for i, stamp in enumerate(first):
        start, stop = np.searchsorted(stamps, [stamp - tolerance, stamp + tolerance + 1])
        candidates += [(abs(stamp - second[j]), i, j) for j in order[start:stop].tolist()]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(candidates):
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return sorted(pairs.items())


def by_stamp(
    streams: Mapping[str, Sequence[Shot]], tolerance_ns: int | None, required: Collection[str]
) -> tuple[list[Moment], dict[str, list[str]]]:
    """Moments of the reference stream (depth, left, color or the first) and the names of what belongs to none.

    Other streams give each moment their nearest picture within the tolerance, half the reference's period if None.
    A moment without a picture of each `required` role is none. `sequence` counts the reference's pictures. Raises
    BagError for stamps that are none.
    """
    for shot in itertools.chain(*streams.values()):
        if abs(shot.stamp_ns) > _LAST_NS:
            raise BagError(f"the stamp of {shot.name}, {shot.stamp_ns} ns, makes no sense")
    reference = reference_role(streams)
    shots = sorted(streams[reference], key=_stamp)
    tolerance = _half_period(shots) if tolerance_ns is None else tolerance_ns
    found: list[dict[str, Shot]] = [{reference: shot} for shot in shots]
    for role, others in streams.items():
        if role != reference:
            for i, j in associate([*map(_stamp, shots)], [*map(_stamp, others)], tolerance):
                found[i][role] = others[j]
    moments = [
        Moment(i, together, shots[i].stamp_ns) for i, together in enumerate(found) if together.keys() >= {*required}
    ]
    return moments, left_over(streams, moments)


def by_name(keyed: Mapping[str, Mapping[str, Shot]], order: Iterable[str]) -> tuple[list[Moment], dict[str, list[str]]]:
    """Moments of the keys that every role has, in that order, and the names of the pictures that are left over."""
    complete = [key for key in order if all(key in shots for shots in keyed.values())]
    moments = [Moment(i, {role: shots[key] for role, shots in keyed.items()}, 0) for i, key in enumerate(complete)]
    return moments, left_over({role: list(shots.values()) for role, shots in keyed.items()}, moments)


def left_over(streams: Mapping[str, Sequence[Shot]], moments: Iterable[Moment]) -> dict[str, list[str]]:
    """Names by role of the pictures in no moment; roles without any are not mentioned."""
    used = {role: set[str]() for role in streams}
    for moment in moments:
        for role, shot in moment.shots.items():
            used[role].add(shot.name)
    lost = {role: [shot.name for shot in shots if shot.name not in used[role]] for role, shots in streams.items()}
    return {role: names for role, names in lost.items() if names}


def reference_role(streams: Collection[str]) -> str:
    """The stream the others are matched to."""
    return next((role for role in _REFERENCES if role in streams), next(iter(streams)))


def required_roles(streams: Iterable[str]) -> set[str]:
    """What makes a frame: depth where it is measured, or both pictures of a stereo pair; colour may be missing."""
    there = set(streams)
    return {"left", "right"} & there if "depth" not in there else {"depth"}


def _half_period(shots: Sequence[Shot]) -> int:
    periods = np.diff([shot.stamp_ns for shot in shots])
    return int(np.median(periods)) // 2 if len(periods) else TOLERANCE_NS


def _stamp(shot: Shot) -> int:
    return shot.stamp_ns
