"""The calibration of cameras that keep none: from a rig file, or none at all, and then it says so."""

from collections.abc import Sequence

from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit_calib import load_rig

PARAMETER = {"rig": "a file with the calibration of the camera, of any format that depthkit reads"}


def rig_of(path: str | None, roles: Sequence[str], size: tuple[int, int]) -> Rig:
    """The rig in a file, or `uncalibrated` without one.

    roles: of the pictures it is for, each `size` (width, height) px. Raises InputError, and CalibrationError for a file
    that lacks a role or is for another size.
    """
    if path is None:
        return uncalibrated(roles, size)
    rig = load_rig(path, size)
    if missing := set(roles) - set(rig.cameras):
        raise CalibrationError(f"{path} has no camera {', '.join(sorted(missing))}; it has {', '.join(rig.cameras)}")
    return rig


def uncalibrated(roles: Sequence[str], size: tuple[int, int]) -> Rig:
    """A rig of which nothing is known: cameras of 53° width, all at one place, from which no depth can come.

    Good for looking at pictures, recording them and calibrating; rectification refuses it.
    """
    width, height = size
    camera = CameraModel(width, height, width, width, (width - 1) / 2, (height - 1) / 2)
    return Rig(dict.fromkeys(roles, camera), provenance={"source": "not calibrated"})
