"""`sim:stereo` and `sim:rgbd`: the simulated cameras of `depthkit.sim`."""

from depthkit.capture import CameraInfo
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options


class SimDriver:
    """Cameras that are always there."""

    def open(self, address: str) -> SimCamera:
        """Open "stereo" or "rgbd", with options as in "stereo?size=320x240&seed=1"; InputError for others."""
        camera = SimCamera(Options.parse(address))
        camera.frame(0)  # kernels may have to be compiled, which is no reason for a camera's frames to be late
        return camera

    def discover(self) -> list[CameraInfo]:
        """Both kinds."""
        return [
            CameraInfo("sim:stereo", "simulated stereo pair in a procedural room"),
            CameraInfo("sim:rgbd", "simulated depth camera with a colour camera in a procedural room"),
        ]
