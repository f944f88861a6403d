"""What all tasks work on: a simulated pair, its rectification, and the true depth of its left image."""

from dataclasses import dataclass

import numpy as np

from depthkit import images
from depthkit.arrays import F32, U8
from depthkit.rectify import Rectifier, rectifying_rotations, source_pixels
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from depthkit.types import DepthImage


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Of one image size.

    left, right: (H, W) grey, as the cameras' lenses make them; color: (H, W, 3), the left image in colour; maps:
    two (H, W) float32 images of the u and v that rectify the left image, as cv2.remap takes them.
    """

    left: U8
    right: U8
    color: U8
    rectifier: Rectifier
    maps: tuple[F32, F32]
    depth: DepthImage

    @property
    def rectified(self) -> tuple[U8, U8]:
        """The pair to match."""
        return images.to_u8(self.rectifier.left(self.left)), images.to_u8(self.rectifier.right(self.right))


def simulated(size: str) -> Inputs:
    """The inputs at a size as in "640x480"; InputError for a size that is none."""
    camera = SimCamera(Options.parse(f"stereo?size={size}"))
    frames, rectifier = camera.frame(0), Rectifier(camera.rig)
    left, right = (images.to_u8(images.to_grey(frames.image(role))) for role in ("left", "right"))
    R_left, _ = rectifying_rotations(camera.rig.T("right", "left"))
    u, v = np.moveaxis(source_pixels(camera.rig.left, R_left, rectifier.rig.left), -1, 0).astype(np.float32, order="C")
    color = np.stack([left, left // 2, 255 - left], -1)
    return Inputs(left, right, color, rectifier, (u, v), camera.truth(0))
