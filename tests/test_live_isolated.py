"""Devices in processes of their own: the same as here, but for crashes, which cost a frame and leave nothing behind."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from depthkit.errors import DeviceBusy, DeviceLost, DriverError, InputError, UnsupportedMode
from depthkit.live import IsolatedDevice, LiveCamera, LiveConfig, Mode, Request, isolated
from depthkit.live.keeper import GONE
from depthkit.live.shared import SharedMemory, pack, unpack
from depthkit.types import ImuSamples
from tests.bag_frames import RIG, device_frames, frame_set, same
from tests.conftest import ROOT
from tests.isolated_devices import DangerousDevice


def opened(harm: str = "none") -> IsolatedDevice:
    return IsolatedDevice(partial(DangerousDevice, harm))


@pytest.fixture(autouse=True)
def _no_process_and_no_file_is_left() -> Iterator[None]:
    files = Path("/proc/self/fd")
    before = len(list(files.iterdir())) if files.exists() else 0
    yield
    children = Path("/proc/self/task") / str(os.getpid()) / "children"
    assert not children.exists() or not children.read_text()
    assert not files.exists() or len(list(files.iterdir())) == before


def test_it_is_the_device_to_the_bit() -> None:
    device = opened()
    assert (device.serial, device.firmware, device.address, device.numbered) == ("0123", "1.2", "harmless", True)
    assert [str(each) for each in device.configure(Request(every=Mode(fps=30)))] == ["left 4×3 mono8 30 fps"]
    assert len(device.profiles()) == 2
    device.start()
    assert all(same(device.read(1), frame_set(i)) for i in range(5))
    device.set("exposure", 700)
    assert device.get("exposure") == 700
    assert [option.name for option in device.options()] == ["exposure", "laser", "temperature"]
    assert device.counters() == {"resends": 3}
    device.stop()
    device.close()
    device.close()
    with pytest.raises(DeviceLost, match="has ended: open the camera again"):
        device.start()


def test_errors_come_over_as_they_are() -> None:
    with pytest.raises(DeviceBusy, match="another program has it"):
        opened("busy")
    device = opened("bug")
    with pytest.raises(UnsupportedMode, match="it has 4×3 mono8 at 100, 30 fps"):
        device.configure(Request(every=Mode(fps=7)))
    device.configure(Request())
    for _ in range(5):
        device.read(1)
    with pytest.raises(DriverError, match="ZeroDivisionError: by zero"):
        device.read(1)
    with pytest.raises(DriverError, match="gain"):
        device.get("gain")
    device.close()


@pytest.mark.parametrize(
    ("harm", "words"), [("null", "SIGSEGV"), ("abort", "SIGABRT"), ("exit", "exit code 7"), ("hang", "did not answer")]
)
def test_a_crash_is_a_lost_device(harm: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "_PATIENCE", 0.5 if harm == "hang" else 10)
    device = opened(harm)
    device.configure(Request())
    for _ in range(5):
        device.read(1)
    for _ in range(2):  # and it stays so
        with pytest.raises(DeviceLost, match=words if _ == 0 else "ended"):
            device.read(0.1)
    device.close()


def test_a_process_that_ends_before_it_has_a_device() -> None:
    with pytest.raises(DeviceLost, match="exit code 3"):
        opened("no constructor")


@pytest.mark.parametrize("harm", ["null", "abort"])
def test_the_watchdog_opens_it_again(harm: str) -> None:
    with LiveCamera(opened(harm), opened, config=LiveConfig(queue=100)) as camera:
        frames = list(itertools.islice(camera.frames(), 6))
        assert camera.stats().reopens == 1
    assert [each.sequence for each in frames[:5]] == [0, 1, 2, 3, 4]
    assert all(same(each, frame_set(i)) for i, each in enumerate(frames[:5]))
    assert frames[5].meta["gap"][GONE] == frames[5].sequence - 5


def test_a_program_without_a_main_guard_is_not_run_twice(tmp_path: Path) -> None:
    """And one that is killed leaves no process: the other side ends with it."""
    script = tmp_path / "program.py"
    script.write_text(
        "import os, signal\nfrom functools import partial\nfrom depthkit.live import IsolatedDevice\n"
        "from tests.isolated_devices import DangerousDevice\n"
        "print('once', flush=True)\ndevice = IsolatedDevice(partial(DangerousDevice, 'none'))\n"
        "print(device._process.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, script], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    once, pid = done.stdout.split()
    assert once == "once"
    end = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and "Z (zombie)" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_frames_of_any_size_go_through_memory() -> None:
    memory = SharedMemory()
    small, large = frame_set(1), device_frames(2)
    imu = ImuSamples(np.arange(3), np.ones((3, 3)), np.zeros((3, 3)))
    for each in (small, large, small, replace(small, imu=imu), replace(large, depth=None)):
        head, sizes = pack(each, memory)
        assert same(unpack(head, sizes, RIG, memory), each)
    other = SharedMemory(os.dup(memory.fd))  # as the other process has it
    head, sizes = pack(large, other)
    found = unpack(head, sizes, RIG, memory)
    other.view(sum(sizes))[:] = bytes(sum(sizes))
    assert same(found, large)
    assert not any(np.shares_memory(found.image("left"), memory.view(sum(sizes))) for _ in range(1))
    memory.close()
    other.close()


def test_a_factory_that_cannot_be_sent() -> None:
    with pytest.raises((AttributeError, InputError, TypeError)):
        IsolatedDevice(lambda: DangerousDevice("none"))
