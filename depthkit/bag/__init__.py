"""Recording and replay. A recording is one MCAP file of ROS 2 messages, and opens as a `Camera`."""

from depthkit.bag.digest import FrameDigest
from depthkit.bag.info import BagInfo, ClockInfo, CommonInfo, LagInfo, RoleInfo
from depthkit.bag.ledger import Ledger
from depthkit.bag.packing import Packing
from depthkit.bag.player import Player
from depthkit.bag.reader import Bag
from depthkit.bag.repair import RepairReport, repair
from depthkit.bag.writer import BagWriter

__all__ = [
    "Bag",
    "BagInfo",
    "BagWriter",
    "ClockInfo",
    "CommonInfo",
    "FrameDigest",
    "LagInfo",
    "Ledger",
    "Packing",
    "Player",
    "RepairReport",
    "RoleInfo",
    "repair",
]
