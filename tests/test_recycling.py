"""Memory is handed out again only when nobody has it any more."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from depthkit.recycling import MOST, Recycler
from depthkit.stereo import Sgm, StereoMatcher


def test_what_nobody_has_is_handed_out_again() -> None:
    memory = Recycler()
    first = memory.empty((3, 4), np.float32)
    place = first.ctypes.data
    assert memory.empty((3, 4), np.float32).ctypes.data != place  # it is in use
    del first
    assert memory.empty((3, 4), np.float32).ctypes.data == place


def test_a_view_keeps_its_array() -> None:
    memory = Recycler()
    row = memory.empty((3, 4), np.uint8)[1]
    row[:] = 7
    memory.empty((3, 4), np.uint8)[:] = 1
    assert (row == 7).all()


def test_shape_and_type_are_those_asked_for() -> None:
    memory = Recycler()
    memory.empty((2, 6), np.uint8)
    for shape, dtype in (((3, 4), np.uint8), ((2, 6), np.int8)):
        array = memory.empty(shape, dtype)
        assert array.shape == shape
        assert array.dtype == dtype


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3)), max_size=80))
def test_what_is_in_use_is_never_handed_out(steps: list[tuple[bool, int]]) -> None:
    memory, held = Recycler(), []
    for i, (keeps, size) in enumerate(steps):
        array = memory.empty((size,), np.int64)
        array[:] = i
        if keeps:
            held.append((i, array))
        elif held:
            held.pop(0)
    for i, array in held:
        assert (array == i).all()


def test_threads_never_get_the_same_array() -> None:
    memory, wrong = Recycler(), []

    def ask(mark: int) -> None:
        for _ in range(500):
            array = memory.empty((50,), np.int64)
            array[:] = mark
            wrong.extend(array[array != mark])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))
    assert wrong == []


def test_memory_that_is_kept_for_later_is_bounded() -> None:
    memory = Recycler()
    held = [memory.empty((1,), np.uint8) for _ in range(MOST + 5)]
    assert len({array.ctypes.data for array in held}) == len(held)
    assert len(memory._arrays) == MOST


def test_a_stream_of_pairs_takes_no_new_memory() -> None:
    rng, matcher = np.random.default_rng(1), StereoMatcher(Sgm(num_disparities=16))
    places = set()
    for _ in range(40):
        left, right = rng.integers(0, 256, (2, 20, 50)).astype(np.uint8)
        found = matcher.match(left, right)
        places.add(found.values.ctypes.data)
    # Two results at a time, of two such arrays each, and what a thread has not quite let go of yet.
    assert len(places) <= 8


def test_a_result_stays_what_it_is() -> None:
    rng, matcher = np.random.default_rng(2), StereoMatcher(Sgm(num_disparities=16))
    pairs = rng.integers(0, 256, (4, 2, 20, 50)).astype(np.uint8)
    results = [matcher.match(*pair) for pair in pairs]
    copies = [(r.values.copy(), r.reason.copy(), r.confidence.copy()) for r in (matcher.match(*p) for p in pairs)]
    for result, (values, reason, confidence) in zip(results, copies, strict=True):
        np.testing.assert_array_equal(result.values, values)
        np.testing.assert_array_equal(result.reason, reason)
        np.testing.assert_array_equal(result.confidence, confidence)
