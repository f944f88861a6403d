"""Bands of rows: each row exactly once, on any number of threads, nested, and after errors."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthkit import threads
from depthkit.arrays import U8


def count_up(start: int, stop: int, rows: U8) -> None:
    rows[start:stop] += 1


@pytest.fixture(autouse=True)
def several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many bands as four threads would get, whatever this machine has."""
    monkeypatch.setenv("DEPTHKIT_THREADS", "4")


@given(st.integers(0, 300), st.integers(1, 40))
def test_every_row_is_done_exactly_once(rows: int, at_least: int) -> None:
    done = np.zeros(rows, np.uint8)
    threads.for_rows(count_up, rows, done, at_least=at_least)
    assert (done == 1).all()


def test_bands_are_not_smaller_than_asked_for() -> None:
    bands: list[tuple[int, int]] = []
    threads.for_rows(lambda start, stop: bands.append((start, stop)), 50, at_least=16)
    assert len(bands) == 3
    assert min(stop - start for start, stop in bands) >= 16


def test_calls_may_nest() -> None:
    done = np.zeros((40, 30), np.uint8)

    def outer(start: int, stop: int) -> None:
        for row in range(start, stop):
            threads.for_rows(count_up, 30, done[row], at_least=1)

    threads.for_rows(outer, 40, at_least=1)
    assert (done == 1).all()


def test_calls_from_many_threads_at_once() -> None:
    done = np.zeros((8, 200), np.uint8)
    callers = [
        threading.Thread(target=threads.for_rows, args=(count_up, 200, row), kwargs={"at_least": 1}) for row in done
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert (done == 1).all()


@pytest.mark.parametrize("bad", [0, 55, 99])
def test_an_error_in_any_band_comes_out(bad: int) -> None:
    def kernel(start: int, stop: int) -> None:
        if start <= bad < stop:
            raise ValueError(f"row {bad}")

    with pytest.raises(ValueError, match=f"row {bad}"):
        threads.for_rows(kernel, 100, at_least=1)


def test_after_an_error_nothing_is_still_at_work() -> None:
    at_work = threading.Semaphore(0)
    running: list[int] = []

    def kernel(start: int, stop: int) -> None:
        if start == 0:
            at_work.acquire(timeout=0.5)  # until another band runs, if there is a thread for one
            raise ValueError("the caller's own band")
        running.append(start)
        at_work.release()
        time.sleep(0.05)
        running.remove(start)

    with pytest.raises(ValueError, match="own band"):
        threads.for_rows(kernel, 100, at_least=1)
    assert running == []


def run(code: str, **environment: str) -> str:
    clean = {key: value for key, value in os.environ.items() if key != "DEPTHKIT_THREADS"}
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return result.stdout.strip()


MEET = """
import threading
from depthkit import threads
meeting = threading.Barrier(2)
threads.for_rows(lambda start, stop: meeting.wait(30), 2, at_least=1)
print("met")
"""


def test_bands_run_side_by_side() -> None:
    assert run(MEET, DEPTHKIT_THREADS="2") == "met"


COUNT_BANDS = """
from depthkit import threads
bands = []
threads.for_rows(lambda start, stop: bands.append(start), 1000, at_least=1)
print(threads.count(), len(bands), threads._pool()._max_workers)
"""


@pytest.mark.parametrize(("wanted", "printed"), [("1", "1 1 1"), ("2", "2 2 1"), ("7", "7 7 6")])
def test_the_environment_says_how_many(wanted: str, printed: str) -> None:
    assert run(COUNT_BANDS, DEPTHKIT_THREADS=wanted) == printed


@pytest.mark.parametrize("wanted", ["", "0", "many", "-3"])
def test_otherwise_it_is_the_cpus_this_process_may_use(wanted: str) -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this system does not say which CPUs a process may use")
    cpus = len(os.sched_getaffinity(0))
    assert run("from depthkit import threads; print(threads.count())", DEPTHKIT_THREADS=wanted) == str(cpus)


def test_a_backlog_raises_in_the_order_of_its_tasks() -> None:
    gates = [threading.Event() for _ in range(3)]

    def run(pool: ThreadPoolExecutor) -> None:
        with threads.Backlog(3) as backlog:
            for i, gate in enumerate(gates):
                backlog.add(pool.submit(fail_after, gate, i))  # there is room for three
            for gate in reversed(gates):
                gate.set()

    with ThreadPoolExecutor(3) as pool, pytest.raises(ValueError, match="task 0"):
        run(pool)


def test_a_full_backlog_waits() -> None:
    first = threading.Event()
    with ThreadPoolExecutor(3) as pool, threads.Backlog(1) as backlog:
        backlog.add(pool.submit(first.wait, 30))
        threading.Timer(0.05, first.set).start()
        backlog.add(pool.submit(int))
        assert first.is_set()


def test_leaving_a_backlog_by_an_error_waits_for_all_and_keeps_the_error() -> None:
    gate = threading.Event()

    def run(pool: ThreadPoolExecutor) -> None:
        with threads.Backlog(2) as backlog:
            backlog.add(pool.submit(fail_after, gate, 0))
            threading.Timer(0.05, gate.set).start()
            raise KeyError

    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyError):
        run(pool)
    assert gate.is_set()


def fail_after(gate: threading.Event, number: int) -> None:
    gate.wait(30)
    raise ValueError(f"task {number}")
