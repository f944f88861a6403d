"""What the readers of all formats share: the file, its values by key, and the checks that name the key."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError

PLAUSIBLE_BASELINES = 0.001, 10.0
"""Metres. Anything outside is taken for a wrong unit."""


@dataclass(frozen=True, slots=True)
class Source:
    """A rig file to read (`text` is empty for a folder), the image size it is for and the unit of its lengths."""

    path: Path
    text: str
    size: tuple[int, int] | None = None
    unit: float = 1.0


class Values:
    """Values of a file, or of one section of it, by key; keys are case-insensitive and errors name them."""

    def __init__(self, where: str, entries: Mapping[str, Any]) -> None:
        self.where = where
        self._entries = {key.lower(): value for key, value in entries.items()}

    def __contains__(self, key: str) -> bool:
        return key.lower() in self._entries

    def first(self, *keys: str) -> str:
        """The first of these keys that is there."""
        for key in keys:
            if key in self:
                return key
        others = f" (also read as {', '.join(keys[1:])})" if keys[1:] else ""
        raise CalibrationError(f"{self.where}: missing key {keys[0]}{others}")

    def text(self, key: str) -> str:
        """The value as it stands in the file."""
        return str(self._entries[self.first(key).lower()])

    def number(self, key: str) -> float:
        """A finite number."""
        text = self.text(key)
        try:
            number = float(text)
        except ValueError as error:
            raise CalibrationError(f"{self.where}: {key} must be a number, not {text!r}") from error
        if not math.isfinite(number):
            raise CalibrationError(f"{self.where}: {key} must be finite, not {text}")
        return number

    def numbers(self, key: str, *shape: int) -> F64:
        """An array of finite numbers of that shape, or of any length if none is given."""
        try:
            array = np.asarray(self._entries[self.first(key).lower()], np.float64)
        except (TypeError, ValueError) as error:
            raise CalibrationError(f"{self.where}: {key} must hold numbers") from error
        if shape and array.shape != shape:
            wanted, found = ("×".join(map(str, s)) or "one number" for s in (shape, array.shape))
            raise CalibrationError(f"{self.where}: {key} must be {wanted}, not {found}")
        if not np.isfinite(array).all():
            raise CalibrationError(f"{self.where}: {key} must hold finite numbers")
        return array

    def camera(self, size: tuple[float, float], distortion: ArrayLike = (), model: str = "pinhole") -> CameraModel:
        """A camera from the keys fx, fy, cx and cy."""
        pinhole = {key: self.number(key) for key in ("fx", "fy", "cx", "cy")}
        return self._camera(size, pinhole, distortion, model)

    def camera_of_matrix(
        self, key: str, size: tuple[float, float], distortion: ArrayLike = (), model: str = "pinhole"
    ) -> CameraModel:
        """A camera from a 3×3 camera matrix without skew."""
        K = self.numbers(key, 3, 3)
        if K[0, 1] or K[1, 0] or (K[2] != (0, 0, 1)).any():
            raise CalibrationError(f"{self.where}: {key} must be [fx 0 cx; 0 fy cy; 0 0 1]")
        pinhole = {"fx": K[0, 0], "fy": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
        return self._camera(size, pinhole, distortion, model)

    def _camera(
        self, size: tuple[float, float], pinhole: dict[str, float], distortion: ArrayLike, model: str
    ) -> CameraModel:
        values = {"width": size[0], "height": size[1], "distortion": np.ravel(distortion).tolist(), "model": model}
        return CameraModel.from_dict({**values, **pinhole}, self.where)


def stereo_rig(
    source: Source, form: str, left: CameraModel, right: CameraModel, T_right_left: F64, key: str, remedy: str
) -> Rig:
    """A pair whose translation came from `key`; `remedy` tells what to do if its length cannot be true."""
    T = transforms.check(f"{source.path}: {key}", T_right_left)
    rig = Rig.stereo(left, right, T, {"format": form, "file": source.path.name})
    check_baseline(rig, f"{source.path}: {key}", remedy)
    return rig


def check_baseline(rig: Rig, name: str, remedy: str) -> None:
    """Refuse a baseline of an impossible length, and a right camera that is to the left of the left one."""
    shortest, longest = PLAUSIBLE_BASELINES
    if not shortest <= rig.baseline <= longest:
        raise CalibrationError(
            f"{name} puts the cameras {rig.baseline:.6g} m apart, not {shortest} to {longest:g} m: {remedy}"
        )
    if rig.T("left", "right")[0, 3] <= 0:
        raise CalibrationError(f"{name} puts the right camera to the left of the left one: swap the two cameras")
