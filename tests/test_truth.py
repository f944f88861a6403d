"""True disparities read in each encoding, and what both cameras see of a scene whose answer is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depthkit import images, truth
from depthkit.arrays import F32
from depthkit.errors import InputError

NAN = np.float32(np.nan)
FAR, NEAR = 2, 6  # px


def square(width: int = 40, height: int = 6) -> tuple[F32, F32]:
    """True disparities of left and right image: a near square over columns 20…29 of the left, over a far wall."""
    left, right = np.full((2, height, width), FAR, np.float32)
    left[1:5, 20:30] = NEAR
    right[1:5, 20 - NEAR : 30 - NEAR] = NEAR
    return left, right


def seen_of_the_square() -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    seen = np.ones((6, 40), np.bool_)
    seen[:, :FAR] = False  # outside the right image
    seen[1:5, 20 - NEAR + FAR : 20] = False  # the wall that the square covers in the right image
    return seen


def test_pixels_the_square_hides_from_the_right_camera() -> None:
    left, right = square()
    np.testing.assert_array_equal(truth.not_hidden(left), seen_of_the_square())
    np.testing.assert_array_equal(truth.cross_checked(left, right), seen_of_the_square())


def test_what_has_no_truth_is_not_seen_and_hides_nothing() -> None:
    left, right = square()
    left[1:5, 21] = NAN
    expected = seen_of_the_square()
    expected[1:5, 21] = False
    np.testing.assert_array_equal(truth.cross_checked(left, right), expected)
    expected[1:5, 21 - NEAR + FAR] = True  # of the wall, nothing is known that covers it
    np.testing.assert_array_equal(truth.not_hidden(left), expected)


def test_disagreement_of_a_pixel_is_allowed_and_no_more() -> None:
    left, right = np.full((2, 1, 12), 3, np.float32)
    right[0, 2], right[0, 3] = 4, 4.5
    seen = truth.cross_checked(left, right)
    assert seen[0, 5]
    assert not seen[0, 6]


def test_pfm_holds_pixels(tmp_path: Path) -> None:
    values = np.array([[1.25, NAN], [700.5, 3]], np.float32)
    images.write_pfm(tmp_path / "disp0GT.pfm", values)
    np.testing.assert_array_equal(truth.read_disparity(tmp_path / "disp0GT.pfm", scale=4), values)


@pytest.mark.parametrize(("dtype", "scale"), [(np.uint8, 4.0), (np.uint16, truth.KITTI_SCALE)])
def test_images_hold_steps(tmp_path: Path, dtype: type, scale: float) -> None:
    steps: Any = np.array([[0, 1, 255], [128, 64, 3]]).astype(dtype)
    images.write_png(tmp_path / "truth.png", steps)
    expected = np.where(steps == 0, np.nan, steps / scale)
    np.testing.assert_allclose(truth.read_disparity(tmp_path / "truth.png", scale), expected, rtol=1e-6)


def test_a_grey_truth_stored_in_colour_is_read_as_grey(tmp_path: Path) -> None:
    images.write_png(tmp_path / "truth.png", np.full((2, 2, 3), 80, np.uint8))
    np.testing.assert_array_equal(truth.read_disparity(tmp_path / "truth.png", 8), 10)


def test_a_mask_says_both_with_255_only(tmp_path: Path) -> None:
    images.write_png(tmp_path / "mask0nocc.png", np.array([[0, 128, 255]], np.uint8))
    np.testing.assert_array_equal(truth.read_mask(tmp_path / "mask0nocc.png"), [[False, False, True]])


def test_bad_input_is_refused(tmp_path: Path) -> None:
    images.write_png(tmp_path / "truth.png", np.ones((2, 2), np.uint8))
    with pytest.raises(InputError, match="steps a px"):
        truth.read_disparity(tmp_path / "truth.png", 0)
    with pytest.raises(InputError, match="no such file"):
        truth.read_disparity(tmp_path / "none.png")
    with pytest.raises(InputError, match="right_truth must be float32 of shape 2×3"):
        truth.cross_checked(np.zeros((2, 3), np.float32), np.zeros((3, 2), np.float32))
    with pytest.raises(InputError, match="truth must be float32"):
        truth.not_hidden(np.zeros((2, 3)))  # type: ignore[arg-type]
