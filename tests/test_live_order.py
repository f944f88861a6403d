"""Numbers of frames and clocks of devices: what is missing, doubled, out of order, and how the clocks run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthkit.live.clock import ClockFit
from depthkit.live.continuity import INCOMPLETE, LOST, Continuity, Loss
from tests.live_devices import FPS, HOST0, PERIOD


def placed(sequence: Continuity, numbers: list[int]) -> list[int]:
    """The numbers given to frames that come one a period; those left out are left out."""
    found = [sequence.place(number, 1 + number * PERIOD, i * PERIOD) for i, number in enumerate(numbers)]
    return [each[0] for each in found if each is not None]


@given(st.lists(st.integers(0, 60), min_size=1))
def test_frames_are_given_on_once_in_order_and_the_rest_is_counted(numbers: list[int]) -> None:
    """Against the definition: what is new and after all others goes on; if it is not new it came double."""
    order, seen, wanted, double = Continuity(FPS, numbered=True), set[int](), list[int](), 0
    for number in numbers:
        if number not in seen and number > max(seen, default=-1):
            wanted.append(number)
        double += number in seen or number < numbers[0]  # what came before the first is not known to be new
        seen.add(number)
    assert placed(order, numbers) == wanted
    assert order.duplicates == double
    assert order.duplicates + order.reordered + len(wanted) == len(numbers)


def test_losses_are_told_by_their_reason() -> None:
    order = Continuity(FPS, numbered=True)
    assert order.place(7, 0, 0) == (7, [])
    order.add_incomplete()
    assert order.place(11, 0, 4 * PERIOD) == (11, [Loss(11, 1, INCOMPLETE), Loss(11, 2, LOST)])
    assert order.place(12, 0, 5 * PERIOD) == (12, [])


def test_over_a_restart_the_numbers_go_on_with_what_the_time_makes_of_it() -> None:
    order = Continuity(FPS, numbered=True)
    order.place(500, 0, 0)
    order.restart("camera lost")
    order.restart("camera silent")  # the first reason counts
    assert order.place(0, 0, 30 * PERIOD) == (530, [Loss(530, 29, "camera lost")])
    assert order.place(1, 0, 31 * PERIOD) == (531, [])
    assert order.place(3, 0, 33 * PERIOD) == (533, [Loss(533, 1, LOST)])


@pytest.mark.parametrize("number", [0, 10**9])
def test_a_counter_that_begins_anew_by_itself(number: int) -> None:
    order = Continuity(FPS, numbered=True)
    order.place(65535, 0, 0)
    assert order.place(number, 0, 3 * PERIOD) == (65538, [Loss(65538, 2, LOST)])
    assert order.place(number + 1, 0, 4 * PERIOD) == (65539, [])


def test_a_device_without_numbers_is_counted_by_its_stamps() -> None:
    order = Continuity(FPS, numbered=False)
    stamps = [1, 2, 2, 6, 5, 7.2]
    found = [order.place(0, round(stamp * PERIOD), i * PERIOD) for i, stamp in enumerate(stamps)]
    assert found == [(0, []), (1, []), None, (5, [Loss(5, 3, LOST)]), None, (6, [])]
    assert (order.duplicates, order.reordered) == (1, 1)


def test_a_device_without_numbers_may_be_slower_than_it_says() -> None:
    order = Continuity(FPS, numbered=False)
    stamps = [*range(1, 61, 3), 70, 73]  # a third of the rate, and three lost after 58
    losses = [order.place(0, stamp * PERIOD, stamp * PERIOD) for stamp in stamps]
    told = [loss for each in losses if each is not None for loss in each[1]]
    assert sum(loss.frames for loss in told[:-1]) < 2 * 8  # until it is clear
    assert told[-1].frames == 3
    assert losses[-1] is not None
    assert losses[-1][1] == []


def test_a_device_with_neither_is_counted_as_it_comes() -> None:
    order = Continuity(FPS, numbered=False)
    assert order.place(0, 0, 0) == (0, [])
    assert order.place(0, 0, 9 * PERIOD) == (1, [])
    order.add_incomplete()
    assert order.place(0, 0, 10 * PERIOD) == (3, [Loss(3, 1, INCOMPLETE)])


def arrivals(seconds: float, drift_ppm: float, seed: int = 0) -> tuple[list[int], list[int]]:
    """Device's and host's stamps at 30 fps: delays of 2 ms and more, exponential of 3 ms, and stalls of 0.4 s."""
    rng = np.random.default_rng(seed)
    device = np.arange(round(seconds * 30), dtype=np.int64) * 33_333_333 + 77_000_000_000
    delay = 2e6 + rng.exponential(3e6, len(device)) + (rng.random(len(device)) < 0.01) * 4e8
    elapsed = device - device[0]
    host = HOST0 + elapsed + np.round(elapsed * drift_ppm * 1e-6 + delay).astype(np.int64)
    return device.tolist(), np.maximum.accumulate(host).tolist()


@pytest.mark.parametrize("drift_ppm", [-150.0, 0.0, 40.0])
def test_drift_and_offset_in_spite_of_delays(drift_ppm: float) -> None:
    clock = ClockFit()
    device, host = arrivals(120, drift_ppm)
    for a, b in zip(device, host, strict=True):
        assert not clock.add(a, b)
    assert clock.drift_ppm == pytest.approx(drift_ppm, abs=3)
    for a in device[::300]:
        earliest = HOST0 + (a - device[0]) * (1 + drift_ppm * 1e-6) + 2e6
        assert clock.to_host(a) == pytest.approx(earliest, abs=0.5e6)


def test_nothing_is_said_of_clocks_too_early() -> None:
    clock = ClockFit()
    assert (clock.to_host(5), clock.drift_ppm) == (None, None)
    clock.add(1000, HOST0)
    assert (clock.to_host(2000), clock.drift_ppm) == (HOST0 + 1000, None)


@pytest.mark.parametrize(
    ("device_jump", "host_jump"), [(10**10, 0), (-(10**10), 0), (0, -(10**9)), (0, 3 * 10**9), (-(10**8), 0)]
)
def test_a_jump_of_either_clock_is_counted_and_begins_anew(device_jump: int, host_jump: int) -> None:
    clock = ClockFit()
    device, host = arrivals(40, 20)
    before, jumps = len(device) // 2, 0
    for i, (a, b) in enumerate(zip(device, host, strict=True)):
        late = i >= before
        jumps += clock.add(a + late * device_jump, b + late * host_jump)
    assert jumps == clock.jumps == 1
    last = device[-1] + device_jump
    assert clock.to_host(last) == pytest.approx(host[-1] + host_jump, abs=20e6)


def test_a_clock_that_stands_still_has_no_drift() -> None:
    clock = ClockFit()
    for i in range(400):
        clock.add(5, HOST0 + i * 33_333_333)
    assert clock.drift_ppm is None or clock.drift_ppm == 0
