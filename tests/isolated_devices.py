"""Devices that harm the process they run in."""

import ctypes
import os
import time

from depthkit.errors import DeviceBusy
from depthkit.types import FrameSet
from tests.bag_frames import RIG as BIG_RIG
from tests.bag_frames import frame_set
from tests.live_devices import ScriptedDevice


class DangerousDevice(ScriptedDevice):
    """Gives frames 0 to 4, then does what `harm` says; at its second address it is harmless."""

    rig = BIG_RIG

    def __init__(self, harm: str) -> None:
        super().__init__(range(5))
        if harm == "busy":
            raise DeviceBusy("another program has it")
        if harm == "no constructor":
            os._exit(3)
        self.harm = harm

    @property
    def address(self) -> str:
        return "harmless"

    def read(self, timeout: float) -> FrameSet:
        step = next(self.script, None)
        if step is not None:
            assert isinstance(step, int)
            return frame_set(step)
        if self.harm == "null":
            ctypes.string_at(0)
        if self.harm == "abort":
            os.abort()
        if self.harm == "exit":
            os._exit(7)
        if self.harm == "hang":
            time.sleep(60)
        if self.harm == "bug":
            raise ZeroDivisionError("by zero")
        time.sleep(0.005)
        return frame_set(5)
