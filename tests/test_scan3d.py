"""Depth of GenICam cameras, against what makers' manuals say and against points that were projected."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from depthkit import depth, scan3d
from depthkit.cameras import CameraModel
from depthkit.errors import CalibrationError, InputError
from depthkit.rectify import Rectifier
from depthkit.scan3d import Axis, Scan3d
from depthkit.types import Reason

CAMERA = CameraModel(4, 3, 500, 500, 1.5, 1)


class Features:
    """Features of a device by name; those that selectors choose by name and choice, as "Scan3dCoordinateScale[B]"."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values, self.chosen = values, dict[str, str]()

    def select(self, name: str, value: str) -> None:
        self.chosen[name] = value

    def get(self, name: str) -> Any:
        for choice in self.chosen.values():
            if f"{name}[{choice}]" in self.values:
                return self.values[f"{name}[{choice}]"]
        return self.values.get(name)


def read(values: Mapping[str, Any], prefix: str = "") -> Scan3d:
    features = Features(values)
    return Scan3d.read(features.get, features.select, prefix)


RC_VISARD: dict[str, Any] = {
    "Scan3dDistanceUnit": "Pixel", "Scan3dOutputMode": "DisparityC", "Scan3dFocalLength": 1081.5,
    "Scan3dBaseline": 0.16,
    "Scan3dPrinciplePointU": 640.0, "Scan3dPrinciplePointV": 480.0, "Scan3dCoordinateScale": 0.0625,
    "Scan3dCoordinateOffset": 0.0, "Scan3dInvalidDataFlag": True, "Scan3dInvalidDataValue": 0.0,
}  # fmt: skip
"""As its manual has them, with its spelling."""

HELIOS: dict[str, Any] = {
    "Scan3dDistanceUnit": "Millimeter", "Scan3dOutputMode": "CalibratedABC_Grid", "Scan3dCoordinateScale": 0.25,
    "Scan3dCoordinateOffset[CoordinateA]": -8192.0, "Scan3dCoordinateOffset[CoordinateB]": -8192.5,
    "Scan3dCoordinateOffset[CoordinateC]": 0.0, "Scan3dInvalidDataFlag": False, "Scan3dInvalidDataValue": 65535.0,
    "CalibFocalLengthX": 525.0, "CalibFocalLengthY": 530.25, "CalibOpticalCenterX": 318.0, "CalibOpticalCenterY": 241.0,
    "CalibLensDistortionValue[Value0]": -0.2, "CalibLensDistortionValue[Value3]": 0.001,
    "CalibLensDistortionValue[Value7]": 0.01,
}  # fmt: skip


def test_a_stereo_camera_is_read_as_its_manual_has_it() -> None:
    found = read(RC_VISARD)
    assert found.axes[2] == Axis(0.0625, 0.0, 0.0)
    assert found.camera(1280, 960) == CameraModel(1280, 960, 1081.5, 1081.5, 640, 480)
    assert found.pair(1280, 960).baseline == pytest.approx(0.16)
    raw = np.array([[0, 16, 1730]], np.uint16)
    z = scan3d.depth_image(raw, found).depth
    np.testing.assert_allclose(z, [[np.nan, 1081.5 * 0.16, 1081.5 * 0.16 / 108.125]], rtol=1e-6)


def test_a_tof_camera_has_an_offset_of_its_own_on_each_axis_and_its_lens_under_other_names() -> None:
    found = read(HELIOS)
    assert [axis.offset for axis in found.axes] == [-8192.0, -8192.5, 0.0]
    assert [axis.invalid for axis in found.axes] == [None] * 3, "the flag says that the value means nothing"
    lens = (-0.2, 0, 0, 0.001, 0, 0, 0, 0.01)
    assert found.camera(640, 480) == CameraModel(640, 480, 525, 530.25, 318, 241, lens, "brown_conrady")


def test_what_came_with_a_frame_is_read_by_its_prefix() -> None:
    found = read({f"Chunk{name}": value for name, value in RC_VISARD.items()}, "Chunk")
    assert found == read(RC_VISARD)


def test_without_features_sfnc_s_defaults_hold() -> None:
    assert read({}) == Scan3d()
    assert Scan3d().unit == 0.001
    assert read({"Scan3dDistanceUnit": "Pixel"}).is_disparity
    with pytest.raises(CalibrationError, match="rig=FILE"):
        Scan3d().camera(4, 3)
    with pytest.raises(CalibrationError, match="baseline"):
        Scan3d(focal_length=500).pair(4, 3)


@pytest.mark.parametrize(
    ("feature", "value", "remedy"),
    [
        ("Scan3dOutputMode", "UncalibratedC", "Scan3dOutputMode"),
        ("Scan3dCoordinateSystem", "Spherical", "Cartesian"),
        ("Scan3dCoordinateSystemReference", "Transformed", "Anchor"),
        ("Scan3dDistanceUnit", "DeviceSpecific", "Millimeter"),
    ],
)
def test_what_is_no_depth_along_the_axis_is_refused(feature: str, value: str, remedy: str) -> None:
    with pytest.raises(CalibrationError, match=remedy):
        read({feature: value})


@pytest.mark.parametrize(
    ("unit", "metres"), [("Millimeter", 2.0), ("Meter", 2000.0), ("Micrometer", 0.002), ("Inch", 50.8)]
)
def test_units(unit: str, metres: float) -> None:
    raw = np.full((3, 4), 2000, np.float32)
    found = scan3d.depth_image(raw, read({"Scan3dDistanceUnit": unit}), CAMERA, stamp_ns=7)
    np.testing.assert_allclose(found.depth, metres, rtol=1e-6)
    assert (found.camera, found.stamp_ns) == (CAMERA, 7)


def test_points_on_the_axis_are_measured_though_their_x_is_the_invalid_value() -> None:
    """Cameras set all three coordinates to 0 where nothing was measured, but x and y are 0 on the axis, too."""
    axis = Axis(invalid=0.0)
    points = np.array([[[0, 0, 1000], [0, 0, 0], [np.nan] * 3, [5, 5, -1]]], np.float32)
    found = scan3d.depth_image(points, Scan3d((axis, axis, axis)), CameraModel(4, 1, 500, 500, 1, 0))
    np.testing.assert_array_equal(found.depth, np.array([[1, np.nan, np.nan, np.nan]], np.float32))
    np.testing.assert_array_equal(found.reason, np.array([[0, 1, 1, 1]]) * Reason.NO_DATA)
    np.testing.assert_array_equal(found.confidence, [[1, 0, 0, 0]])


def test_an_invalid_value_of_64_bits_is_found_among_floats_of_32() -> None:
    raw = np.array([[1.7014117e38, 500, 0.1, np.inf]], np.float32)
    found = Axis(2.0, invalid=float(np.float32(1.7014117e38))).values(raw)
    np.testing.assert_array_equal(np.isnan(found), [[True, False, False, True]])
    assert np.isnan(Axis(invalid=0.1).values(raw)[0, 2])
    assert not np.isnan(Axis(invalid=1.7e308).values(raw)[0, :3]).any()


def test_disparities_at_infinity_and_beyond_are_too_far() -> None:
    found = Scan3d((Axis(), Axis(), Axis(0.5, -1.0, 0)), 1.0, "DisparityC", 500, (1.5, 1), baseline=0.1)
    result = scan3d.depth_image(np.array([[0, 1, 2, 4]], np.uint16), found)
    N, F = Reason.NO_DATA, Reason.TOO_FAR
    np.testing.assert_array_equal(result.reason, [[N, F, F, 0]])
    assert result.depth[0, 3] == 50


@pytest.mark.parametrize(
    "values",
    [np.array([0, 51, 255], np.uint8), np.array([0, 13107, 65535], np.uint16), np.array([np.nan, 0.2, 7], np.float32)],
)
def test_confidence_is_1_where_all_bits_are_set(values: np.ndarray[Any, Any]) -> None:
    np.testing.assert_allclose(scan3d.confidence_of(values[None]), [[0, 0.2, 1]], atol=1e-7)


def test_confidence_is_0_where_nothing_was_measured() -> None:
    raw = np.array([[0, 100, 100, 100]], np.uint16)
    trust = np.array([[255, 255, 51, 0]], np.uint8)
    found = scan3d.depth_image(raw, Scan3d(), CameraModel(4, 1, 500, 500, 1, 0), trust)
    np.testing.assert_allclose(found.confidence, [[0, 1, 0.2, 0]], atol=2e-5)
    assert found.confidence[0, 3] > 0, "a measured pixel has some"
    np.testing.assert_array_equal(found.reason, [[Reason.NO_DATA, 0, 0, 0]])


def test_what_is_no_range_image_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(3, 4, 2\)"):
        scan3d.depth_image(np.zeros((3, 4, 2), np.float32), Scan3d(), CAMERA)
    with pytest.raises(InputError, match="int32"):
        scan3d.confidence_of(np.zeros((3, 4), np.int32))


@given(
    arrays.arrays(np.uint16, (3, 4), elements=st.integers(0, 65535)),
    st.sampled_from([1 / 16, 1 / 256, 1.0]),
    st.floats(0.0, 10.0, width=32),
)
def test_depth_of_disparities_there_and_back(raw: np.ndarray[Any, Any], scale: float, offset: float) -> None:
    found = Scan3d((Axis(), Axis(), Axis(scale, offset, 0)), 1.0, "DisparityC", 700, (1.5, 1), baseline=0.1)
    result = scan3d.depth_image(raw, found)
    back = depth.to_disparity(result, found.pair(4, 3))
    np.testing.assert_array_equal(back.reason != 0, raw == 0)
    steps = (back.values.astype(np.float64) - offset) / scale
    np.testing.assert_allclose(steps[raw > 0], raw[raw > 0], rtol=1e-5, atol=1e-5 / scale * (offset + 1))


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(0.3, 8))
def test_points_that_were_sent_in_steps_are_where_they_were(x: float, y: float, z: float) -> None:
    axes = Axis(0.25, -8192), Axis(0.25, -8192), Axis(0.25)
    raw = [round((1000 * value - axis.offset) / axis.scale) for value, axis in zip((x, y, z), axes, strict=True)]
    points = np.full((3, 4, 3), raw, np.uint16)
    found = scan3d.depth_image(points, Scan3d(axes), CAMERA)
    np.testing.assert_allclose(found.depth, z, atol=0.000126)


def test_a_point_seen_by_the_pair_is_at_its_depth() -> None:
    found = Scan3d((Axis(), Axis(), Axis(1 / 256)), 1.0, "DisparityC", 700, (318.25, 241.5), 1.01, baseline=0.12)
    pair = found.pair(640, 480)
    left = np.array([0.3, -0.2, 3.7])
    right = (pair.T("right", "left") @ [*left, 1])[:3]
    shift = pair.left.project(left)[0] - pair.right.project(right)[0]
    raw = np.full((480, 640), round(shift * 256), np.uint16)
    np.testing.assert_allclose(scan3d.depth_image(raw, found).depth, 3.7, rtol=1e-4)


def test_its_pair_can_be_rectified() -> None:
    """OpenCV takes a translation as a column only; the pair has a transform, which never gets there as a row."""
    pair = read(RC_VISARD).pair(64, 48)
    assert Rectifier(pair).rig.baseline == pytest.approx(0.16)
