"""The nouns are checked where they are made, cannot be changed, and leave the caller's arrays alone."""

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depthkit import ply
from depthkit.arrays import F32, U16, Image
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import InputError
from depthkit.types import MADE_UP, DepthImage, Disparity, FrameSet, PointCloud, Reason

CAMERA = CameraModel(4, 3, 5, 5, 1.5, 1)
RIG = Rig({"left": CAMERA, "color": CAMERA.resized(8, 6)})


def measurement() -> tuple[F32, U16, F32]:
    """Values, reasons and confidences of a 4×3 image with one unknown and one made-up pixel."""
    values = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
    reason = np.zeros((3, 4), np.uint16)
    values[0, 0], reason[0, 0] = np.nan, Reason.NO_TEXTURE
    reason[2, 3] = Reason.INTERPOLATED
    return values, reason, np.ones((3, 4), np.float32)


def make(kind: type, **changes: Any) -> Any:
    values, reason, confidence = measurement()
    name = "depth" if kind is DepthImage else "values"
    camera = {"camera": CAMERA} if kind is DepthImage else {}
    return kind(**{name: values, "reason": reason, "confidence": confidence, **camera, **changes})


KINDS = [Disparity, DepthImage]


@pytest.mark.parametrize("kind", KINDS)
def test_measured_means_for_no_reason_at_all(kind: type) -> None:
    measured = make(kind).measured
    assert measured.dtype == bool
    assert not measured[0, 0]
    assert not measured[2, 3]
    assert measured.sum() == 10


@pytest.mark.parametrize("kind", KINDS)
def test_measurements_cannot_be_changed_but_the_callers_arrays_can(kind: type) -> None:
    values, reason, confidence = measurement()
    name = "depth" if kind is DepthImage else "values"
    image = make(kind, **{name: values}, reason=reason, confidence=confidence)
    for array in (getattr(image, name), image.reason, image.confidence):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    for mine in (values, reason, confidence):
        assert mine.flags.writeable
        mine[0, 1] = 0
    with pytest.raises(FrozenInstanceError):
        image.reason = reason


def test_views_share_the_callers_memory_unless_they_cannot() -> None:
    values, reason, confidence = measurement()
    assert np.shares_memory(Disparity(values, reason, confidence).values, values)
    flipped = Disparity(values[:, ::-1], reason, confidence).values
    assert flipped.flags.c_contiguous
    np.testing.assert_array_equal(flipped, values[:, ::-1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"reason": np.zeros((3, 4), np.uint8)}, "reason must be uint16 of shape 3×4, not uint8 of shape 3×4"),
        ({"reason": np.zeros((3, 5), np.uint16)}, "reason must be uint16 of shape 3×4, not uint16 of shape 3×5"),
        ({"confidence": np.zeros((3, 4))}, "confidence must be float32 of shape 3×4, not float64"),
        ({"confidence": 1.0}, "confidence must be a NumPy array, not float"),
    ],
)
def test_parts_that_do_not_fit_are_named(kind: type, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        make(kind, **changes)


def test_values_of_another_kind_are_named() -> None:
    with pytest.raises(InputError, match="values must be float32 of shape any×any, not float64 of shape 3×4"):
        make(Disparity, values=np.zeros((3, 4)))
    with pytest.raises(InputError, match="depth must be float32 of shape any×any, not float32 of shape 12"):
        make(DepthImage, depth=np.zeros(12, np.float32))


def test_depth_must_fit_its_camera() -> None:
    with pytest.raises(InputError, match=r"depth is 4×3 but its camera 8×6: use camera\.resized"):
        make(DepthImage, camera=CAMERA.resized(8, 6))


def test_reasons_are_distinct_bits_that_fit() -> None:
    bits = [reason.value for reason in Reason]
    assert len(set(bits)) == len(bits)
    assert all(bit & (bit - 1) == 0 and 0 < bit < 1 << 16 for bit in bits)
    assert MADE_UP == Reason.INTERPOLATED | Reason.LEARNED


def test_clouds_are_checked_and_frozen() -> None:
    points, colors = np.zeros((5, 3), np.float32), np.zeros((5, 3), np.uint8)
    cloud = PointCloud(points, colors)
    assert len(cloud) == 5
    for array in (cloud.points, cloud.colors):
        assert array is not None
        assert not array.flags.writeable
    assert points.flags.writeable
    with pytest.raises(InputError, match="points must be float32 of shape any×3, not float32 of shape 5×4"):
        PointCloud(np.zeros((5, 4), np.float32))
    with pytest.raises(InputError, match="colors must be uint8 of shape 5×3, not uint8 of shape 4×3"):
        PointCloud(points, colors[:4])


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_saved_clouds_come_back(tmp_path: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(count, 3)).astype(np.float32)
    colors = rng.integers(0, 255, (count, 3), np.uint8)
    PointCloud(points, colors).save(tmp_path / "a.ply")
    back_points, back_colors = ply.read(tmp_path / "a.ply")
    np.testing.assert_array_equal(back_points, points)
    np.testing.assert_array_equal(back_colors, colors)
    PointCloud(points).save(tmp_path / "b.ply")
    assert ply.read(tmp_path / "b.ply")[1] is None


def grey(width: int, height: int) -> Image:
    return np.zeros((height, width), np.uint8)


def test_frames_give_their_images_by_role() -> None:
    left, color = grey(4, 3), np.zeros((6, 8, 3), np.uint16)
    frames = FrameSet({"left": left, "color": color}, RIG, meta={"gain": 2})
    np.testing.assert_array_equal(frames.image("left"), left)
    assert not frames.image("color").flags.writeable
    assert left.flags.writeable
    assert frames.meta["gain"] == 2
    with pytest.raises(InputError, match="no 'right' image; they have color, left"):
        frames.image("right")
    with pytest.raises(InputError, match="no 'left' image; they have none"):
        FrameSet({}, RIG).image("left")


def test_frames_do_not_follow_later_changes_of_what_they_were_made_from() -> None:
    mine, meta = {"left": grey(4, 3)}, {"gain": 2}
    frames = FrameSet(mine, RIG, meta=meta)
    mine["color"], meta["gain"] = grey(8, 6), 3
    assert list(frames.images) == ["left"]
    assert frames.meta["gain"] == 2
    with pytest.raises(TypeError):
        frames.images["left"] = grey(4, 3)  # type: ignore[index]


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        (np.zeros((3, 4), np.float32), "the 'left' image must be uint8 or uint16"),
        (np.zeros((3, 4, 4), np.uint8), "the 'left' image must be uint8 or uint16"),
        ([[1]], "the 'left' image must be a NumPy array, not list"),
        (grey(8, 6), "the 'left' image is 8×6 but the rig's 'left' camera 4×3"),
    ],
)
def test_images_that_do_not_fit_are_refused_by_role(image: Image, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        FrameSet({"left": image}, RIG)
