"""The other side of an `IsolatedDevice`: a process that makes a device and does what it is told.

python -m depthkit.live.child SOCKET MEMORY
"""

import pickle
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from depthkit.errors import DepthkitError, DriverError
from depthkit.live.device import Device
from depthkit.live.shared import SharedMemory, pack


def serve(connection: Connection, memory: SharedMemory) -> None:
    """Make the device of the factory that comes first, and answer calls until `close`, or the other side is gone."""
    try:
        device: Device = pickle.loads(connection.recv_bytes())()
    except Exception as error:
        connection.send((None, _portable(error)))
        return
    connection.send(((device.serial, device.firmware, device.address, device.numbered), None))
    try:
        while True:
            name, args = connection.recv()
            connection.send(_answer(device, memory, name, args))
            if name == "close":
                return
    finally:
        device.close()  # twice does no harm


def _answer(device: Device, memory: SharedMemory, name: str, args: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    try:
        if name == "read":
            return pack(device.read(*args), memory), None
        if name == "rig":
            return device.rig.to_dict(), None
        return getattr(device, name)(*args), None
    except Exception as error:
        return None, _portable(error)


def _portable(error: Exception) -> Exception:
    """An error that can be sent: one of depthkit's as it is, others in words."""
    if isinstance(error, DepthkitError):
        return error
    return DriverError(f"the driver failed: {type(error).__name__}: {error}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which then closes the device
    with suppress(EOFError, ConnectionError):
        serve(Connection(int(sys.argv[1])), SharedMemory(int(sys.argv[2])))
