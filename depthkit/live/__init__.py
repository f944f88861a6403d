"""Live cameras: what a driver implements (`Device`), and what the library makes of it (`LiveCamera`)."""

from depthkit.live.buffers import image_of
from depthkit.live.camera import Event, LiveCamera, LiveConfig
from depthkit.live.device import Device
from depthkit.live.isolated import IsolatedDevice
from depthkit.live.keeper import Patience
from depthkit.live.options import Option, OptionTable, Value
from depthkit.live.profiles import Mode, Profile, Request, choose
from depthkit.live.stats import Stats

__all__ = [
    "Device",
    "Event",
    "IsolatedDevice",
    "LiveCamera",
    "LiveConfig",
    "Mode",
    "Option",
    "OptionTable",
    "Patience",
    "Profile",
    "Request",
    "Stats",
    "Value",
    "choose",
    "image_of",
]
