"""A device in a process of its own, so that an SDK that crashes or hangs costs a frame and not the program."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from depthkit.cameras import Rig
from depthkit.errors import DeviceLost
from depthkit.live.device import Device
from depthkit.live.options import Option, Value
from depthkit.live.profiles import Profile, Request
from depthkit.live.shared import SharedMemory, unpack
from depthkit.types import FrameSet

_PATIENCE = 10.0  # s, longer than a call is to take: what takes longer hangs
_OPENING = 60.0  # s, of the first call, in which the SDK is loaded
_ENDING = 2.0  # s for the process to end by itself


class IsolatedDevice(Device):
    """The device that `factory()` makes, in another process, called over a socket; images come by shared memory.

    factory: can be pickled and found again by its import, as functools.partial(SomeDevice, "serial"). The device
    calls it makes are one after the other. What the device raises is raised here. DeviceLost when the process has
    ended, or does not answer for 10 s and is ended. POSIX only.
    """

    def __init__(self, factory: Callable[[], Device]) -> None:
        order = pickle.dumps(factory)
        self._calling = threading.Lock()
        self._memory = SharedMemory()
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "depthkit.live.child", str(theirs.fileno()), str(self._memory.fd)]
        path = os.pathsep.join(each or str(Path.cwd()) for each in sys.path)
        try:
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                command,
                pass_fds=(theirs.fileno(), self._memory.fd),
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
            )
        finally:
            theirs.close()
        self._connection = Connection(ours.detach())
        self._rig: Rig | None = None
        self._address = ""
        try:
            self._connection.send_bytes(order)
            self.serial, self.firmware, self._address, self.numbered = self._answer(_OPENING)
        except BaseException:
            self._end()
            raise

    @property
    def address(self) -> str:
        """As the device says."""
        return self._address

    def profiles(self) -> Sequence[Profile]:
        """As the device says."""
        found: Sequence[Profile] = self._call("profiles")
        return found

    def configure(self, request: Request) -> Sequence[Profile]:
        """As the device does."""
        streams: Sequence[Profile] = self._call("configure", request)
        self._rig = Rig.from_dict(self._call("rig"))
        return streams

    @property
    def rig(self) -> Rig:
        """That of the device as it was configured."""
        assert self._rig is not None, "configure comes first"
        return self._rig

    def start(self) -> None:
        """Begin to stream."""
        self._call("start")

    def read(self, timeout: float) -> FrameSet:
        """The next frame, with images of its own."""
        head, sizes = self._call("read", timeout)
        return unpack(head, sizes, self.rig, self._memory)

    def stop(self) -> None:
        """End the streams."""
        self._call("stop")

    def options(self) -> Sequence[Option]:
        """As the device says."""
        found: Sequence[Option] = self._call("options")
        return found

    def get(self, name: str) -> Value:
        """As the device says; it waits for a `read` under way."""
        value: Value = self._call("get", name)
        return value

    def set(self, name: str, value: Value) -> None:
        """As the device does; it waits for a `read` under way."""
        self._call("set", name, value)

    def counters(self) -> Mapping[str, int]:
        """As the device says."""
        found: Mapping[str, int] = self._call("counters")
        return found

    def close(self) -> None:
        """Close the device and end its process."""
        if self._process is not None:
            with suppress(DeviceLost):
                self._call("close")
            self._end()

    def _call(self, name: str, *args: Any) -> Any:
        """The result of the device's method; raises what that raised."""
        with self._calling:
            if self._process is None:
                raise DeviceLost("the driver's process has ended: open the camera again")
            try:
                self._connection.send((name, args))
            except OSError as error:
                raise self._lost() from error
            return self._answer(_PATIENCE)

    def _answer(self, patience: float) -> Any:
        try:
            if not self._connection.poll(patience):
                self._kill()
                raise DeviceLost(f"the driver did not answer for {patience:g} s: its process was ended")
            result, error = self._connection.recv()
        except (EOFError, OSError) as ended:
            raise self._lost() from ended
        if error is not None:
            raise error
        return result

    def _lost(self) -> DeviceLost:
        """The error that says how the process ended."""
        assert self._process is not None
        with suppress(subprocess.TimeoutExpired):  # its socket is closed: it is ending
            self._process.wait(_ENDING)
        self._kill()
        code = self._process.returncode
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return DeviceLost(f"the driver's process ended by itself ({how})")

    def _kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _end(self) -> None:
        """Let the process end, by force if it must be, and give all free."""
        with self._calling:
            if self._process is None:
                return
            self._connection.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDING)
            self._kill()
            self._process = None
            self._memory.close()
