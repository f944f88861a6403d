"""Quality figures of depth images whose noise is known."""

import json

import numpy as np
import pytest

from depthkit import transforms
from depthkit.arrays import F32
from depthkit.cameras import CameraModel, Rig
from depthkit.quality import quality
from depthkit.types import DepthImage, Reason

LENS = CameraModel(320, 240, 250, 250, 160, 120, (-0.1, 0.02, 0.001, -0.002), "brown_conrady")


def slanted(camera: CameraModel) -> F32:
    """Depth of the plane 0.1·X − 0.2·Y + Z = 2 m, seen through the camera's lens."""
    x, y = camera.rays().astype(np.float64)
    return np.asarray(2 / (0.1 * x - 0.2 * y + 1), np.float32)


def image(values: F32, camera: CameraModel = LENS) -> DepthImage:
    unknown = np.isnan(values)
    reason = np.where(unknown, Reason.NO_TEXTURE, 0).astype(np.uint16)
    return DepthImage(values, reason, np.where(unknown, 0, 1).astype(np.float32), camera)


def test_an_exact_plane_has_no_scatter_whatever_the_lens() -> None:
    assert quality(image(slanted(LENS)))["plane_rms_mm"] < 0.001


def test_scatter_of_disparities_is_found_again() -> None:
    camera = CameraModel(320, 240, 250, 250, 160, 120)
    rig = Rig.stereo(camera, camera, transforms.from_rotation_translation(np.eye(3), (-0.1, 0, 0)))
    rng = np.random.default_rng(0)
    noisy = 25 / slanted(camera) + rng.normal(0, 0.1, (240, 320))
    values = np.where(rng.random(noisy.shape) < 0.1, np.nan, 25 / noisy).astype(np.float32)
    figures = quality(image(values, camera), rig)
    assert figures["plane_rms_px"] == pytest.approx(0.1, rel=0.03)
    assert figures["plane_rms_mm"] == pytest.approx(1000 * 0.1 * 2**2 / 25, rel=0.1)
    assert figures["density"] == pytest.approx(0.9, abs=0.01)
    assert figures["reasons"] == {"NO_TEXTURE": pytest.approx(0.1, abs=0.01)}
    assert "plane_rms_px" not in quality(image(values, camera))
    unfitting = quality(image(slanted(LENS)), rig)
    assert "plane_rms_px" not in unfitting


def test_shares_and_percentiles() -> None:
    values = np.full((240, 320), 2.0, np.float32)
    values[:, :80] = np.nan
    values[:, 80:160] = 9.0
    reason = np.zeros((240, 320), np.uint16)
    reason[:, :80] = Reason.LEFT_RIGHT | Reason.TOO_FAR
    reason[:, 80:160] = Reason.INTERPOLATED
    figures = quality(DepthImage(values, reason, np.ones_like(values), LENS))
    assert figures["density"] == 0.5
    assert figures["made_up"] == 0.25
    assert figures["reasons"] == {"LEFT_RIGHT": 0.25, "TOO_FAR": 0.25, "INTERPOLATED": 0.25}
    assert figures["depth_m"] == {"p5": 2.0, "p50": 2.0, "p95": 2.0}  # what was made up does not count


def test_nothing_measured_is_none_and_fits_into_json() -> None:
    figures = quality(image(np.full((240, 320), np.nan, np.float32)))
    assert figures["density"] == 0
    assert figures["depth_m"]["p50"] is None
    assert figures["plane_rms_mm"] is None
    json.dumps(figures, allow_nan=False)
