"""`sim:stereo` and `sim:rgbd`: the simulated cameras of `depthkit.sim`."""

from collections.abc import Mapping

from depthkit.capture import CameraInfo
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import HELP, Options


class SimDriver:
    """Cameras that are always there."""

    parameters: Mapping[str, str] = HELP

    def open(self, address: str, parameters: Mapping[str, str]) -> SimCamera:
        """Open "stereo" or "rgbd"; InputError for others."""
        camera = SimCamera(Options.read(address, parameters))
        camera.frame(0)  # kernels may have to be compiled, which is no reason for a camera's frames to be late
        return camera

    def discover(self) -> list[CameraInfo]:
        """Both kinds."""
        return [
            CameraInfo("sim:stereo", "simulated stereo pair in a procedural room", streams=("left", "right")),
            CameraInfo(
                "sim:rgbd",
                "simulated depth camera with a colour camera in a procedural room",
                streams=("color", "depth"),
            ),
        ]
