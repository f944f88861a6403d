"""Rigs of cameras that keep no calibration."""

from pathlib import Path

import numpy as np
import pytest

from depthkit.errors import CalibrationError, InputError
from depthkit.rectify import Rectifier
from depthkit.sim.camera import SimCamera
from depthkit_calib import save_rig
from depthkit_drivers.rigs import rig_of, uncalibrated


def test_a_file_gives_the_rig(tmp_path: Path) -> None:
    rig = SimCamera().rig
    save_rig(tmp_path / "rig.toml", rig)
    assert rig_of(str(tmp_path / "rig.toml"), ["left", "right"], (640, 480)).digest() == rig.digest()


def test_a_file_that_does_not_fit(tmp_path: Path) -> None:
    save_rig(tmp_path / "rig.toml", SimCamera().rig)
    with pytest.raises(CalibrationError, match=r"has no camera ir; it has left, right"):
        rig_of(str(tmp_path / "rig.toml"), ["left", "ir"], (640, 480))
    with pytest.raises(CalibrationError, match="use images of that size"):
        rig_of(str(tmp_path / "rig.toml"), ["left"], (320, 240))
    with pytest.raises(InputError, match=r"none\.toml"):
        rig_of(str(tmp_path / "none.toml"), ["left"], (320, 240))


def test_without_calibration_there_is_no_depth() -> None:
    rig = uncalibrated(["left", "right"], (64, 48))
    assert np.allclose(rig.left.unproject((31.5, 23.5)), 0)
    with pytest.raises(CalibrationError, match="never calibrated"):
        Rectifier(rig)
