"""`sim:stereo`, `sim:rgbd`, `sim:faulty`: the simulated cameras of `depthkit.sim`."""

from collections.abc import Mapping

from depthkit.capture import Camera, CameraInfo
from depthkit.live import Device
from depthkit.sim import faulty_options
from depthkit.sim.camera import SimCamera
from depthkit.sim.faulty import FaultyDevice, Hardware
from depthkit.sim.options import HELP, Options

_FAULTY = "faulty"


class SimDriver:
    """Cameras that are always there."""

    parameters: Mapping[str, str] = HELP | faulty_options.HELP

    def __init__(self) -> None:
        self._hardware: Hardware | None = None  # of the camera that fails, which is the same when it is back

    def open(self, address: str, parameters: Mapping[str, str]) -> Camera | Device:
        """Open "stereo", "rgbd" or "faulty"; InputError for others."""
        if address == _FAULTY:
            self._hardware = self._hardware or faulty_options.hardware(parameters)
            return FaultyDevice(self._hardware, address)
        camera = SimCamera(Options.read(address, parameters))
        camera.frame(0)  # kernels may have to be compiled, which is no reason for a camera's frames to be late
        return camera

    def discover(self) -> list[CameraInfo]:
        """All kinds."""
        pair = "left", "right"
        return [
            CameraInfo("sim:stereo", "simulated stereo pair in a procedural room", streams=pair),
            CameraInfo("sim:rgbd", "simulated depth camera and colour camera in the room", streams=("color", "depth")),
            CameraInfo("sim:faulty", "simulated stereo pair that fails as a script says", _FAULTY, pair, "1.0"),
        ]
