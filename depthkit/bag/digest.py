"""One number for all that frames hold, to prove that two replays are the same."""

import hashlib
import json

from depthkit.bag.layout import describe
from depthkit.types import FrameSet


class FrameDigest:
    """SHA-256 over frames: their pixels, stamps, sequence numbers, meta and calibration, in order.

    It depends on content alone, so a live camera's frames and their recording have the same digest.
    """

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def update(self, frames: FrameSet) -> None:
        """Add a frame. Raises TypeError if its meta holds other than plain values."""
        self._sha.update(json.dumps([frames.rig.digest(), describe(frames)], sort_keys=True).encode())
        for _, image in sorted(frames.images.items()):
            self._sha.update(image.data)
        if frames.depth is not None:
            for array in (frames.depth.depth, frames.depth.reason, frames.depth.confidence):
                self._sha.update(array.data)
        if frames.imu is not None:
            for values in (frames.imu.angular_velocity, frames.imu.acceleration):
                self._sha.update(values.data)

    def hexdigest(self) -> str:
        """The digest of the frames so far, in hexadecimal."""
        return self._sha.hexdigest()
