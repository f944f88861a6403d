"""libaravis's simulated GigE Vision camera on loopback, in a process of its own, that shows pictures of ours.

python -m tests.gige_camera ADDRESS SERIAL PICTURES.npy SHARED.bin [--genicam FILE] [--formats N,N] [--size W,H] …
"""

import argparse
import ctypes
import fcntl
import importlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import CFUNCTYPE, c_char_p, c_double, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from depthkit.capture import drivers
from depthkit.errors import DriverNotInstalled
from depthkit_drivers import aravis

try:
    LIBRARY = aravis.load()
except DriverNotInstalled as error:
    pytest.skip(str(error), allow_module_level=True)

ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1"
DEADLINE = 60.0
ENTRY_POINTS = "[depthkit.drivers]\ngige = depthkit_drivers.gige:GigeDriver\n"
_WIDTH, _HEIGHT, _PIXEL_FORMAT, _PERIOD_US = 0x100, 0x104, 0x128, 0x138  # registers of the simulated camera
_FILL = CFUNCTYPE(None, c_void_p, c_void_p, c_uint32, c_uint32, c_uint32)
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "arv_gv_fake_camera_new_full": (c_void_p, c_char_p, c_char_p, c_char_p),
    "arv_gv_fake_camera_is_running": (c_int, c_void_p),
    "arv_gv_fake_camera_get_fake_camera": (c_void_p, c_void_p),
    "arv_fake_camera_set_fill_pattern": (None, c_void_p, _FILL, c_void_p),
    "arv_fake_camera_write_register": (c_int, c_void_p, c_uint32, c_uint32),
    "arv_fake_camera_get_payload": (c_size_t, c_void_p),
    "arv_buffer_get_data": (c_void_p, c_void_p, c_void_p),
    "arv_buffer_get_timestamp": (c_uint64, c_void_p),
    "arv_buffer_set_timestamp": (None, c_void_p, c_uint64),
}


class Server:
    """A simulated camera's process: kill it, and see how many frames it has sent."""

    def __init__(self, process: subprocess.Popen[str], shared: Path) -> None:
        self.process, self._sent = process, np.memmap(shared, np.int64, "r")

    @property
    def sent(self) -> int:
        """Frames sent so far."""
        return int(self._sent[0])

    def kill(self) -> None:
        """Pull the plug."""
        self.process.kill()
        self.process.wait(DEADLINE)


@pytest.fixture(autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The driver's entry point, whatever the installed depthkit has."""
    folder = tmp_path_factory.mktemp("entry")
    meta = folder / "depthkit_gige-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: depthkit-gige\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(folder)
    drivers.cache_clear()
    importlib.invalidate_caches()
    yield
    drivers.cache_clear()


@contextmanager
def port() -> Iterator[None]:
    """The port of GigE Vision is the same for all: wait until no other test has it."""
    with (Path(gettempdir()) / "depthkit-test-gvcp.lock").open("w") as lock:
        for _ in range(int(5 * DEADLINE)):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.2)
            else:
                yield
                return
        pytest.skip("another test has the port of GigE Vision (UDP 3956)")


@contextmanager
def served(
    folder: Path,
    pictures: NDArray[Any],
    address: str = HOST,
    serial: str = "DK1",
    genicam: Path | None = None,
    formats: Sequence[int] = (),
    size: Sequence[int] = (),
    lost: float = 0.0,
) -> Iterator[Server]:
    """A camera that shows `pictures` (N, …) over and over.

    genicam: a file with its features; formats: PFNC's numbers, one frame each in turn, with the same time stamp for a
    round; size: width and height px, if they are not features; lost: share of packets.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file, shared = folder / f"{serial}.npy", folder / f"{serial}.bin"
    np.save(file, pictures)
    shared.write_bytes(bytes(8))
    options = ["--formats", ",".join(map(str, formats)), "--size", ",".join(map(str, size)), "--lost", str(lost)]
    if genicam is not None:
        options += ["--genicam", str(genicam)]
    command = [sys.executable, "-m", "tests.gige_camera", address, serial, str(file), str(shared), *options]
    paths = {"PYTHONPATH": ":".join(map(str, (ROOT, ROOT / "drivers", ROOT / "calib")))}
    process = subprocess.Popen(command, cwd=ROOT, env=paths, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "running\n":
            remedy = f"as root: ip addr add {address}/8 dev lo"
            pytest.skip(f"no simulated camera at {address}: UDP port 3956 is in use, or no such address ({remedy})")
        yield Server(process, shared)
    finally:
        process.kill()
        process.wait(DEADLINE)
        process.stdout.close()


def function(name: str) -> Any:
    """A function of libaravis that only tests use."""
    found = LIBRARY[name]
    found.restype, *found.argtypes = _FUNCTIONS[name]
    return found


class Painter:
    """Fills each frame; libaravis calls it on a thread of its own."""

    def __init__(self, camera: int, pictures: NDArray[Any], formats: Sequence[int], sent: NDArray[np.int64]) -> None:
        """formats: the largest pixels first, by which the camera takes its memory."""
        self._camera, self._pictures, self._formats, self._sent = camera, pictures, formats, sent
        self._stamp_ns = 0
        if formats:
            function("arv_fake_camera_write_register")(camera, _PIXEL_FORMAT, formats[0])

    def paint(self, buffer: int, *_: int) -> None:
        """The next picture; the buffer does not know its size here."""
        number = int(self._sent[0])
        picture = self._pictures[number % len(self._pictures)]
        size = min(picture.nbytes, function("arv_fake_camera_get_payload")(self._camera))
        ctypes.memmove(function("arv_buffer_get_data")(buffer, None), picture.ctypes.data, size)
        if self._formats:
            self._take_turns(buffer, number % len(self._formats))
        self._sent[0] = number + 1

    def _take_turns(self, buffer: int, turn: int) -> None:
        if turn == 0:
            self._stamp_ns = function("arv_buffer_get_timestamp")(buffer)
        function("arv_buffer_set_timestamp")(buffer, self._stamp_ns)
        following = self._formats[(turn + 1) % len(self._formats)]
        function("arv_fake_camera_write_register")(self._camera, _PIXEL_FORMAT, following)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    for name in ("address", "serial", "pictures", "shared"):
        parser.add_argument(name)
    parser.add_argument("--genicam")
    parser.add_argument("--formats", default="")
    parser.add_argument("--size", default="")
    parser.add_argument("--lost", type=float, default=0.0)
    args = parser.parse_args()
    genicam = args.genicam and args.genicam.encode()
    server = function("arv_gv_fake_camera_new_full")(args.address.encode(), args.serial.encode(), genicam)
    LIBRARY.g_object_set(c_void_p(server), b"gvsp-lost-ratio", c_double(args.lost), None)
    camera = function("arv_gv_fake_camera_get_fake_camera")(server)
    if size := _numbers(args.size):
        for register, value in zip((_WIDTH, _HEIGHT, _PERIOD_US), (*size, 10_000), strict=True):
            function("arv_fake_camera_write_register")(camera, register, value)
    sent = np.memmap(args.shared, np.int64, "r+")
    painter = Painter(camera, np.load(args.pictures), _numbers(args.formats), sent)
    callback = _FILL(painter.paint)  # has to live as long as the camera
    function("arv_fake_camera_set_fill_pattern")(camera, callback, None)
    sys.stdout.write("running\n" if function("arv_gv_fake_camera_is_running")(server) else "failed\n")
    sys.stdout.flush()
    while True:
        time.sleep(DEADLINE)


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",") if each]


if __name__ == "__main__":
    main()
