"""Which pictures of several streams belong to one moment: nearest stamps, or equal names."""

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from depthkit.errors import BagError
from depthkit.pairing import pair
from depthkit.recordings.contents import LeftOver, Moment, Shot

TOLERANCE_NS = 20_000_000
"""For streams of a single picture, and for TUM's folders, whose own tool uses it."""

_LAST_NS = 2**62  # so that differences fit in 64 bits
_REFERENCES = ("depth", "left", "color")


def by_stamp(
    streams: Mapping[str, Sequence[Shot]], tolerance_ns: int | None, required: Collection[str]
) -> tuple[list[Moment], LeftOver]:
    """Moments of the reference stream (depth, left, color or the first), and what belongs to none.

    Each other stream is paired with it (`pairing.pair`) within the tolerance, half the reference's period if None.
    A moment without a picture of each `required` role is none. `sequence` counts the reference's pictures. Raises
    BagError for stamps that are none.
    """
    check_stamps(itertools.chain(*streams.values()))
    reference = reference_role(streams)
    shots = sorted(streams[reference], key=_stamp)
    tolerance = _half_period(shots) if tolerance_ns is None else tolerance_ns
    found: list[dict[str, Shot]] = [{reference: shot} for shot in shots]
    why: dict[str, dict[str, str]] = {role: {} for role in streams}
    for role in [role for role in streams if role != reference]:
        others = sorted(streams[role], key=_stamp)
        paired = pair([*map(_stamp, shots)], [*map(_stamp, others)], tolerance)
        for i, j in paired.pairs.tolist():
            found[i][role] = others[j]
        why[role] = {others[j].name: str(reason) for j, reason in paired.unpaired_b.items()}
        if role in required:
            why[reference] |= {shots[i].name: f"no {role}: {reason}" for i, reason in paired.unpaired_a.items()}
    whole = [i for i, together in enumerate(found) if together.keys() >= {*required}]
    for i in sorted({*range(len(found))} - {*whole}):
        missing = next(role for role in streams if role in required and role not in found[i])
        for role, shot in found[i].items():
            why[role].setdefault(shot.name, f"its frame has no {missing}")
    moments = [Moment(i, found[i], shots[i].stamp_ns, host_ns=shots[i].host_ns) for i in whole]
    return moments, _left_over(streams, why)


def by_itself(roles: Sequence[str], shots: Sequence[Shot]) -> list[Moment]:
    """A moment of each shot, in that order, which shows all these roles; BagError for stamps that are none."""
    check_stamps(shots)
    return [Moment(i, dict.fromkeys(roles, shot), shot.stamp_ns) for i, shot in enumerate(shots)]


def check_stamps(shots: Iterable[Shot]) -> None:
    """Raise BagError for stamps that are none."""
    for shot in shots:
        for stamp in (shot.stamp_ns, shot.host_ns or 0):
            if not (isinstance(stamp, int) and abs(stamp) <= _LAST_NS):  # SQLite keeps anything for a number
                raise BagError(f"the stamp of {shot.name}, {stamp!r} ns, makes no sense")


def by_name(keyed: Mapping[str, Mapping[str, Shot]], order: Iterable[str]) -> tuple[list[Moment], LeftOver]:
    """Moments of the keys that every role has, in that order, and what is left over."""
    complete = [key for key in order if all(key in shots for shots in keyed.values())]
    moments = [Moment(i, {role: shots[key] for role, shots in keyed.items()}, 0) for i, key in enumerate(complete)]
    why: dict[str, dict[str, str]] = {role: {} for role in keyed}
    for role, shots in keyed.items():
        for key in shots.keys() - {*complete}:
            missing = next(other for other in keyed if key not in keyed[other])
            why[role][shots[key].name] = f"no {missing} of that name"
    return moments, _left_over({role: shots.values() for role, shots in keyed.items()}, why)


def reference_role(streams: Collection[str]) -> str:
    """The stream the others are matched to."""
    return next((role for role in _REFERENCES if role in streams), next(iter(streams)))


def required_roles(streams: Iterable[str]) -> set[str]:
    """What makes a frame: depth where it is measured, or both pictures of a stereo pair; colour may be missing."""
    there = set(streams)
    return {"left", "right"} & there if "depth" not in there else {"depth"}


def _left_over(streams: Mapping[str, Iterable[Shot]], why: Mapping[str, Mapping[str, str]]) -> LeftOver:
    """In the order of the streams, without the roles that lost nothing."""
    left = {role: {shot.name: why[role][shot.name] for shot in streams[role] if shot.name in why[role]} for role in why}
    return {role: names for role, names in left.items() if names}


def _half_period(shots: Sequence[Shot]) -> int:
    periods = np.diff([shot.stamp_ns for shot in shots])
    return int(np.median(periods)) // 2 if len(periods) else TOLERANCE_NS


def _stamp(shot: Shot) -> int:
    return shot.stamp_ns
