"""Pairing of streams and comparing of clocks: against the definition, by laws, and with known answers."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit.errors import InputError
from depthkit.pairing import Unpaired, compare_clocks, pair
from depthkit.recordings.contents import Shot
from depthkit.recordings.pairs import by_stamp
from tests import oracle_pairing

HOST0 = 1_700_000_000_000_000_000
STAMPS = st.sets(st.integers(0, 40), max_size=9).map(sorted)
LONG = st.lists(st.integers(0, 2**62), max_size=50).map(sorted)
TOLERANCES = st.none() | st.integers(0, 12)


@settings(max_examples=400)
@given(STAMPS, STAMPS, TOLERANCES)
def test_as_the_definition_says(a: list[int], b: list[int], tolerance: int | None) -> None:
    found = pair(a, b, tolerance)
    wanted = oracle_pairing.pair(a, b, np.inf if tolerance is None else tolerance)
    assert found.pairs.tolist() == [list(each) for each in wanted]
    assert found.lags_ns.tolist() == [b[j] - a[i] for i, j in wanted]


@given(
    st.lists(st.integers(0, 2**62), max_size=50).map(sorted), st.lists(st.integers(0, 2**62), max_size=50).map(sorted)
)
def test_laws(a: list[int], b: list[int]) -> None:
    found, swapped = pair(a, b, 2**58), pair(b, a, 2**58)
    assert found.pairs.tolist() == swapped.pairs[:, ::-1].tolist()
    assert found.lags_ns.tolist() == (-swapped.lags_ns).tolist()
    assert (found.unpaired_a, found.unpaired_b) == (swapped.unpaired_b, swapped.unpaired_a)
    assert np.all(np.diff(found.pairs, axis=0) > 0)
    for side, stamps, unpaired in ((0, a, found.unpaired_a), (1, b, found.unpaired_b)):
        assert sorted([*found.pairs[:, side].tolist(), *unpaired]) == list(range(len(stamps)))


@given(STAMPS, STAMPS)
def test_exactly_is_equal_stamps(a: list[int], b: list[int]) -> None:
    assert [a[i] for i, _ in pair(a, b, 0).pairs] == sorted({*a} & {*b})


def test_of_equal_stamps_the_first_is_paired() -> None:
    found = pair([5, 5, 7, 7], [5, 5, 5, 8], 1)
    assert found.pairs.tolist() == [[0, 0], [2, 3]]
    assert found.counts() == (Counter({Unpaired.REPEATED: 2}), Counter({Unpaired.REPEATED: 2}))


def test_half_a_frame_apart_pairs_all_the_same() -> None:
    found = pair(range(0, 1000, 10), range(5, 1005, 10), 5)
    assert len(found.pairs) == 100
    assert set(found.lags_ns.tolist()) == {5}


def test_a_lost_frame_shifts_nothing() -> None:
    stamps = np.arange(HOST0, HOST0 + 10**10, 33_333_333)
    found = pair(stamps, np.delete(stamps, [0, 50, 51]) + 1_000_000, 10_000_000)
    assert np.unique(found.lags_ns).tolist() == [1_000_000]
    assert found.counts() == (Counter({Unpaired.OUTSIDE: 1, Unpaired.TOO_FAR: 2}), Counter())


def test_reasons() -> None:
    found = pair([0, 100, 104, 200], [102, 250, 300], 10)
    assert found.pairs.tolist() == [[1, 0]]
    assert found.unpaired_a == {0: Unpaired.OUTSIDE, 2: Unpaired.TAKEN, 3: Unpaired.TOO_FAR}
    assert found.unpaired_b == {1: Unpaired.OUTSIDE, 2: Unpaired.OUTSIDE}
    assert pair([1, 2], []).unpaired_a == {0: Unpaired.OUTSIDE, 1: Unpaired.OUTSIDE}


def test_stamps_that_go_back() -> None:
    with pytest.raises(InputError, match="stream b go back after frame 1"):
        pair([1, 2], [1, 3, 2])


@settings(max_examples=50)
@given(
    offset=st.integers(-HOST0, HOST0),
    ppm=st.floats(-300, 300),
    wrong=st.floats(0, 0.24),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_known_drift_is_found_among_wrong_stamps(offset: int, ppm: float, wrong: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = HOST0 + np.cumsum(rng.integers(30_000_000, 37_000_000, 400))
    b = a + offset + np.round((a - a[0]) * ppm * 1e-6).astype(np.int64) + rng.integers(-50_000, 50_001, 400)
    late = rng.choice(400, int(wrong * 400), replace=False)
    b[late] += rng.integers(10**8, 10**11, len(late))
    clocks = compare_clocks(a, b)
    assert clocks.rate_ppm == pytest.approx(ppm, abs=20)  # 0.1 ms of noise over the 7 s between moments: 15 ppm
    assert clocks.offset_ns == pytest.approx(offset, abs=300_000)
    good = np.delete(clocks.residuals_ns, late)
    assert np.abs(good).max() < 400_000
    if len(late):
        assert clocks.residuals_ns[late].min() > 9 * 10**7


def test_clocks_without_noise_are_exact() -> None:
    a = np.arange(HOST0, HOST0 + 10**10, 10**7)
    b = a - HOST0 + 5_000 + (a - HOST0) // 10_000  # a device that counts from its start, and runs 100 ppm fast
    clocks = compare_clocks(a, b)
    assert (clocks.offset_ns, round(clocks.rate_ppm, 6)) == (5_000 - HOST0, 100)
    assert np.abs(clocks.residuals_ns).max() < 1


@pytest.mark.parametrize(("a", "b"), [([], []), ([1], [1]), ([5, 5], [1, 2]), ([1, 2, 3], [1, 2])])
def test_clocks_need_two_moments(a: list[int], b: list[int]) -> None:
    with pytest.raises(InputError, match="at least two different moments"):
        compare_clocks(a, b)


def shots(role: str, *stamps: int) -> list[Shot]:
    return [Shot(stamp, f"{role}{stamp}", None) for stamp in stamps]


def test_moments_of_three_streams() -> None:
    """Nearest pictures whatever their order; each picture outside of a moment has a reason."""
    streams = {
        "left": shots("left", 20, 0, 10, 30),
        "right": shots("right", 1, 11, 31, 33),
        "ir": shots("ir", 9, 21, 30),
    }
    moments, left = by_stamp(streams, 2, {"left", "right", "ir"})
    assert [{role: shot.name for role, shot in each.shots.items()} for each in moments] == [
        {"left": "left10", "right": "right11", "ir": "ir9"},
        {"left": "left30", "right": "right31", "ir": "ir30"},
    ]
    assert [each.sequence for each in moments] == [1, 3]
    assert left == {
        "left": {"left20": f"no right: {Unpaired.TOO_FAR}", "left0": f"no ir: {Unpaired.OUTSIDE}"},
        "right": {"right1": "its frame has no ir", "right33": str(Unpaired.OUTSIDE)},
        "ir": {"ir21": "its frame has no right"},
    }


@given(STAMPS, STAMPS, STAMPS, TOLERANCES, st.sampled_from([{"left"}, {"left", "right"}, {"left", "right", "ir"}]))
def test_every_picture_is_in_a_moment_or_left_over(
    a: list[int], b: list[int], c: list[int], tolerance: int | None, required: set[str]
) -> None:
    streams = {"left": shots("left", *a), "right": shots("right", *b), "ir": shots("ir", *c)}
    moments, left = by_stamp(streams, tolerance, required)
    for role, each in streams.items():
        used = [moment.shots[role].name for moment in moments if role in moment.shots]
        assert sorted([*used, *left.get(role, {})]) == sorted(shot.name for shot in each)
