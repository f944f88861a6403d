"""What a ZED sees: the simulated room through the numbers of a factory's file, read here by themselves."""

import configparser
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from depthkit import transforms
from depthkit.cameras import CameraModel, Rig
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from tests.webcams import write_video

HD, VGA = (1280, 720), (672, 376)
EYE = "fx={f}\nfy={f}\ncx={cx}\ncy={cy}\nk1=-0.175\nk2=0.0266\np1=0.0002\np2=-0.0001\nk3=-0.003\n"


def conf() -> str:
    """A factory's file of one resolution, HD, whose cameras are turned against each other by 1.1 and 2.3 mrad."""
    left, right = EYE.format(f=700.9, cx=665.5, cy=371.2), EYE.format(f=699.1, cx=639.7, cy=375.0)
    stereo = "Baseline=120.1\nTY=0.094\nTZ=-0.234\nCV_HD=0.0011\nRX_HD=0.0023\nRZ_HD=-0.0010\n"
    return f"[LEFT_CAM_HD]\n{left}[RIGHT_CAM_HD]\n{right}[STEREO]\n{stereo}"


def rig_in(text: str, resolution: str, size: tuple[int, int]) -> Rig:
    """The rig of a factory's file, by OpenCV's Rodrigues and x_right = R x_left − t."""
    parser = configparser.ConfigParser()
    parser.read_string(text)

    def eye(side: str) -> CameraModel:
        values = parser[f"{side}_CAM_{resolution}"]
        fx, fy, cx, cy = (float(values[key]) for key in ("fx", "fy", "cx", "cy"))
        distortion = tuple(float(values[key]) for key in ("k1", "k2", "p1", "p2", "k3"))
        return CameraModel(*size, fx, fy, cx, cy, distortion, "brown_conrady")

    stereo = {key: float(value) for key, value in parser["STEREO"].items()}
    R, _ = cv2.Rodrigues(np.array([stereo[f"{key}_{resolution.lower()}"] for key in ("rx", "cv", "rz")]))
    t = np.array([stereo["baseline"], stereo["ty"], stereo["tz"]]) / 1000
    return Rig.stereo(eye("LEFT"), eye("RIGHT"), transforms.from_rotation_translation(R, -t))


class RoomSeenBy(SimCamera):
    """The simulated room without noise, seen by cameras of any rig."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(Options(noise=False))
        self._rig = rig

    def film(self, path: Path, frames: Sequence[int]) -> Path:
        """A lossless video of both views side by side."""
        shots = [self.frame(i) for i in frames]
        return write_video(path, [np.hstack([each.image("left"), each.image("right")]) for each in shots], "FFV1", 30)
