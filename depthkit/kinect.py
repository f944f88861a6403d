"""Depth of the first Kinect, from the disparity that it measures against the pattern it knows by heart.

`z = 8 · b · f / (offset − raw)`: 11-bit disparities in eighths of a pixel, with an offset of the device's (Khoshelham &
Elberink, "Accuracy and resolution of Kinect depth data", 2012; Konolige & Mihelich, "Technical description of Kinect
calibration", 2011).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from depthkit.arrays import F32, U16, require
from depthkit.cameras import CameraModel
from depthkit.errors import InputError
from depthkit.types import DepthImage, Reason

UNKNOWN = 2047
"""The raw value of a pixel whose pattern was not recognised."""

_VALUES = 2048
_EIGHTHS = 8


@dataclass(frozen=True, slots=True)
class KinectDisparity:
    """What turns raw disparities into metres. The defaults are nominal, within about 1 % of most devices.

    baseline: from projector to infrared camera, m; focal: of that camera, px; offset: raw disparity of a point
    infinitely far away.
    """

    baseline: float = 0.075
    focal: float = 580.0
    offset: float = 1090.0

    @classmethod
    def fit(cls, raw: ArrayLike, metres: ArrayLike, focal: float = 580.0) -> Self:
        """From pairs of a raw disparity and the depth it was seen at, (n,) each; least squares in 1 / z.

        Raises InputError if they do not hold two different depths.
        """
        disparities, inverse = np.ravel(raw).astype(np.float64), 1 / np.ravel(metres).astype(np.float64)
        if len(disparities) < 2 or np.ptp(disparities) == 0:
            raise InputError("a fit needs points at two different depths at least")
        slope, constant = np.polyfit(disparities, inverse, 1)
        return cls(-1 / (slope * _EIGHTHS * focal), focal, -constant / slope)

    def metres(self) -> F32:
        """(2048,) float32 m of each raw value, NaN where there is none."""
        below = self.offset - np.arange(_VALUES)
        with np.errstate(divide="ignore"):
            depth = np.where(below > 0, _EIGHTHS * self.baseline * self.focal / below, np.nan)
        depth[UNKNOWN] = np.nan
        return depth.astype(np.float32)

    def raw(self, metres: F32) -> U16:
        """What the device would say of depths in m: the nearest raw value, `UNKNOWN` for NaN and what it cannot say."""
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.rint(self.offset - _EIGHTHS * self.baseline * self.focal / metres)
            return np.where((values >= 0) & (values < UNKNOWN), values, UNKNOWN).astype(np.uint16)

    def depth(self, raw: U16, camera: CameraModel, stamp_ns: int = 0) -> DepthImage:
        """Depth of an image of raw disparities, (H, W) uint16.

        2047 becomes NO_DATA; a point at infinity or beyond TOO_FAR. Raises InputError for values above 2047, as of
        another depth mode.
        """
        require("the raw disparities", raw, np.uint16, (None, None))
        if raw.max(initial=0) >= _VALUES:
            raise InputError(f"raw disparities are 0 to {UNKNOWN}, not {raw.max()}: this is another depth mode")
        metres = self.metres()
        reason = np.where(np.isnan(metres), int(Reason.TOO_FAR), 0).astype(np.uint16)
        reason[UNKNOWN] = Reason.NO_DATA
        known = (reason == 0).astype(np.float32)
        return DepthImage(metres[raw], reason[raw], known[raw], camera, stamp_ns)
