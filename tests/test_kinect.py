"""Raw disparities of the first Kinect against the geometry they come from."""

import numpy as np
import pytest

from depthkit.cameras import CameraModel
from depthkit.errors import InputError
from depthkit.kinect import KinectDisparity
from depthkit.types import Reason

CAMERA = CameraModel(4, 1, 580, 580, 1.5, 0)


def test_depth_is_triangulated() -> None:
    """At 1.5 m the pattern is shifted by b·f/z = 29 px against infinity: 232 eighths."""
    raw = np.array([[1090 - 232, 1090 - 464, 2047, 1090]], np.uint16)
    found = KinectDisparity().depth(raw, CAMERA, 5)
    np.testing.assert_allclose(found.depth[0, :2], (1.5, 0.75), rtol=1e-6)
    assert np.isnan(found.depth[0, 2:]).all()
    assert found.reason[0].tolist() == [0, 0, Reason.NO_DATA, Reason.TOO_FAR]
    assert found.confidence[0].tolist() == [1, 1, 0, 0]
    assert found.stamp_ns == 5


def test_it_is_not_the_popular_formula() -> None:
    """1 / (3.331 − 0.00307 raw), copied everywhere, is 5 % off at 1.2 m for the nominal device."""
    raw = np.float64(KinectDisparity().raw(np.array([[1.2167]], np.float32))[0, 0])
    assert KinectDisparity().metres()[int(raw)] == pytest.approx(1.2167, rel=2e-3)
    assert 1 / (-0.0030711016 * raw + 3.3309495161) == pytest.approx(1.160, abs=2e-3)


def test_a_step_is_what_the_resolution_says() -> None:
    """Δz = z² / (8 b f): 2.9 mm at 1 m, 7 cm at 5 m; the way back and forth is within half of it."""
    metres = np.linspace(0.5, 6, 500, dtype=np.float32)[None]
    model = KinectDisparity()
    back = model.depth(model.raw(metres), CameraModel(500, 1, 580, 580, 0, 0)).depth
    assert (np.abs(back - metres) <= 0.52 * metres**2 / (8 * 0.075 * 580)).all()
    assert np.abs(back - metres).max() > 0.02


def test_a_device_is_calibrated_from_known_depths() -> None:
    truth = KinectDisparity(0.0744, 585, 1085.5)
    metres = np.array([0.6, 0.9, 1.5, 2.5, 4.0])
    raw = truth.offset - 8 * truth.baseline * truth.focal / metres
    found = KinectDisparity.fit(raw, metres, 585)
    assert (found.baseline, found.offset) == pytest.approx((truth.baseline, truth.offset), rel=1e-9)
    with pytest.raises(InputError, match="two different depths"):
        KinectDisparity.fit([700, 700], [1.0, 1.0])


def test_other_modes_are_refused() -> None:
    with pytest.raises(InputError, match="0 to 2047, not 2048: this is another depth mode"):
        KinectDisparity().depth(np.array([[2048]], np.uint16), CameraModel(1, 1, 580, 580, 0, 0))
