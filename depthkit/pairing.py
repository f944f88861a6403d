"""Which frames of two streams belong together by their stamps, and how two clocks run against each other."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from depthkit.arrays import F64
from depthkit.errors import InputError

I64 = NDArray[np.int64]

_NEVER = np.iinfo(np.int64).max


class Unpaired(StrEnum):
    """Why a frame has no partner."""

    OUTSIDE = "before or after the other stream"
    TOO_FAR = "nothing within the tolerance"
    TAKEN = "its nearest was nearer to another"
    REPEATED = "same stamp as the frame before"


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """Pairs of two streams, a and b.

    pairs: (N, 2) int64 indices into a and b, rising in both; lags_ns: (N,) int64, b − a of each pair;
    unpaired_a, unpaired_b: every other index, with the reason.
    """

    pairs: I64
    lags_ns: I64
    unpaired_a: dict[int, Unpaired]
    unpaired_b: dict[int, Unpaired]

    def counts(self) -> tuple[Counter[Unpaired], Counter[Unpaired]]:
        """Unpaired frames of a and of b by reason."""
        return Counter(self.unpaired_a.values()), Counter(self.unpaired_b.values())


def pair(a_ns: ArrayLike, b_ns: ArrayLike, tolerance_ns: int | None = None) -> Pairing:
    """Pair the frames of two streams, each at most once, the nearest first, in the order of time.

    a_ns, b_ns: integer stamps that never go back, and of equal ones only the first is paired; tolerance_ns: the
    largest lag of a pair: 0 pairs equal stamps only, None the nearest however far. Swapping the streams swaps the
    pairs. Raises InputError for stamps that go back.

    Among the frames still free the two nearest of either stream become a pair, again and again. As nothing free lies
    between the two, and no pair may reach across another, they are neighbours from the start: the lags between
    neighbours are sorted once, and taken in that order.
    """
    a, b = _stamps("a", a_ns), _stamps("b", b_ns)
    first_a, first_b = (np.flatnonzero(np.diff(each, prepend=each[:1] - 1)) for each in (a, b))
    chosen = _nearest_first(a[first_a], b[first_b], tolerance_ns)
    pairs = np.column_stack([first_a[chosen[:, 0]], first_b[chosen[:, 1]]])
    return Pairing(
        pairs,
        b[pairs[:, 1]] - a[pairs[:, 0]],
        _unpaired(a, b, pairs[:, 0], tolerance_ns),
        _unpaired(b, a, pairs[:, 1], tolerance_ns),
    )


@dataclass(frozen=True, slots=True)
class Clocks:
    """How clock b runs against clock a: b = a + offset_ns + rate_ppm·1e-6·(a − a₀), with a₀ the first stamp.

    residuals_ns: (N,) float64, what each stamp of b is later than that.
    """

    offset_ns: int
    rate_ppm: float
    residuals_ns: F64


def compare_clocks(a_ns: ArrayLike, b_ns: ArrayLike) -> Clocks:
    """Offset and drift of clock b against clock a from moments that both have stamped: two (N,) integer arrays, N ≥ 2.

    The slope is the median over pairs of moments half a recording apart (Theil's incomplete method, 1950), the offset
    the median of what is left: up to a quarter of the stamps may be wrong by anything. Raises InputError for less
    than two moments, for clock a standing still or going back, and for arrays of different lengths.
    """
    a, b = _stamps("a", a_ns), np.asarray(b_ns, np.int64)
    if a.shape != b.shape or len(a) < 2 or a[0] == a[-1]:
        raise InputError("clocks are compared by at least two different moments that both have stamped")
    # Differences first: as floats, stamps since 1970 are good for 256 ns only.
    t, late = (a - a[0]).astype(np.float64), (b - a - (b[0] - a[0])).astype(np.float64)
    half = len(t) // 2
    run, rise = t[half:] - t[: len(t) - half], late[half:] - late[: len(t) - half]
    rate = float(np.median(rise[run > 0] / run[run > 0]))
    left = late - rate * t
    offset = float(np.median(left))
    return Clocks(int(b[0] - a[0]) + round(offset), rate * 1e6, left - offset)


def _stamps(name: str, stamps: ArrayLike) -> I64:
    array = np.asarray(stamps, np.int64).reshape(-1)
    back = np.flatnonzero(np.diff(array) < 0)
    if len(back):
        raise InputError(f"the stamps of stream {name} go back after frame {back[0]}: pair the parts one by one")
    return array


def _nearest_first(a: I64, b: I64, tolerance: int | None) -> I64:
    """(N, 2) indices of pairs, by taking the smallest lag between neighbours in time again and again."""
    stamps, stream = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
    order = np.lexsort((stream, stamps))
    lags, mixed = np.diff(stamps[order]), np.diff(stream[order]) != 0
    candidates = np.flatnonzero(mixed if tolerance is None else mixed & (lags <= tolerance))
    free, taken = [True] * len(order), []
    for i in candidates[np.argsort(lags[candidates], kind="stable")].tolist():
        if free[i] and free[i + 1]:
            free[i] = free[i + 1] = False
            taken.append(i)
    at = np.array(taken, np.int64)
    both = np.sort(np.column_stack([order[at], order[at + 1]]))
    both[:, 1] -= len(a)
    return both[np.argsort(both[:, 0])]


def _unpaired(own: I64, other: I64, paired: I64, tolerance: int | None) -> dict[int, Unpaired]:
    """The reason for each frame of one stream that has no partner."""
    left = np.setdiff1d(np.arange(len(own)), paired).tolist()
    return {i: Unpaired.REPEATED if i and own[i] == own[i - 1] else _reason(own[i], other, tolerance) for i in left}


def _reason(stamp: np.int64, other: I64, tolerance: int | None) -> Unpaired:
    at = int(np.searchsorted(other, stamp))
    nearest = np.abs(other[max(at - 1, 0) : at + 1] - stamp).min(initial=_NEVER)
    if nearest <= (_NEVER - 1 if tolerance is None else tolerance):
        return Unpaired.TAKEN
    return Unpaired.TOO_FAR if 0 < at < len(other) else Unpaired.OUTSIDE
