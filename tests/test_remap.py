"""Remap against a naive twin, the float64 ideal, and cv2.remap."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthkit import kernels
from depthkit.arrays import F64
from depthkit.errors import CalibrationError, InputError
from depthkit.remap import Remap
from tests.oracle_remap import bilinear, blend

KINDS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "grey8": (np.uint8, ()),
    "grey16": (np.uint16, ()),
    "rgb8": (np.uint8, (3,)),
}


def random_image(kind: str, width: int, height: int) -> Any:
    dtype, channels = KINDS[kind]
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (height, width, *channels), dtype)


def smooth_image(kind: str, width: int, height: int) -> Any:
    return cv2.GaussianBlur(random_image(kind, width, height), (0, 0), 1.5)


def shifted(width: int, height: int, du: float, dv: float) -> F64:
    v, u = np.mgrid[:height, :width]
    return np.stack([u + du, v + dv], -1).astype(np.float64)


def swirl(width: int, height: int) -> F64:
    """A map like that of a lens and a small rotation; some of it leaves the image."""
    pixels = shifted(width, height, 0, 0)
    centre = np.array([width, height]) / 2
    p = (pixels - centre) / width
    bent = p * (1 - 0.2 * (p**2).sum(-1, keepdims=True)) @ np.array([[1.02, 0.03], [-0.03, 1.02]])
    return np.asarray(bent * width + centre)


@pytest.mark.kernel
@pytest.mark.parametrize("kind", KINDS)
def test_kernels_equal_their_naive_twin(kind: str) -> None:
    rng = np.random.default_rng(1)
    image = random_image(kind, 9, 7)
    image[:2] = np.iinfo(image.dtype).max  # the largest sums
    pixels = rng.uniform((0, 0), (8, 6), (8, 12, 2))
    remap = Remap(pixels, (9, 7))
    out = remap(image)
    chosen = remap.valid.ravel()
    offsets, weights = (table.ravel()[: chosen.size] for table in (remap._offsets, remap._weights))
    expected = np.where(chosen.reshape(-1, *[1] * (image.ndim - 2)), blend(image, offsets, weights), 0)
    np.testing.assert_array_equal(out.reshape(expected.shape), expected)


@pytest.mark.kernel
@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_every_mean_is_rounded_to_the_nearest(a: int, b: int, share: int) -> None:
    image = np.zeros((3, 3), np.uint8)
    image[0, 0], image[0, 1] = a, b
    windows = np.ndarray((5, 2), np.uint16, image, 0, (1, 3))
    out = np.zeros((1, 1), np.uint8)
    weights = np.array([[255 - share | share << 8]], np.uint32)
    kernels.remap.grey8(0, 1, windows, np.zeros((1, 1), np.uint32), weights, out)
    assert out[0, 0] == round((a * (255 - share) + b * share) / 255)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_pixel_shifts_are_exact(kind: str) -> None:
    image = random_image(kind, 33, 21)
    remap = Remap(shifted(29, 18, 2, 1), (33, 21))
    assert remap.valid.all()
    np.testing.assert_array_equal(remap(image), image[1:19, 2:31])


@pytest.mark.parametrize("kind", KINDS)
def test_closer_to_the_ideal_than_cv2(kind: str) -> None:
    width, height = 160, 120
    image, pixels = smooth_image(kind, width, height), swirl(width, height)
    remap = Remap(pixels, (width, height))
    ideal = bilinear(image, pixels)[remap.valid]
    maps = cv2.convertMaps(pixels.astype(np.float32), np.empty(0), cv2.CV_16SC2)
    theirs = cv2.remap(image, *maps, cv2.INTER_LINEAR)[remap.valid].astype(float)
    ours = remap(image)[remap.valid].astype(float)
    unit = 1 if image.dtype == np.uint8 else 257
    assert np.abs(ours - ideal).max() < 0.75 * unit
    assert np.sqrt(np.mean((ours - ideal) ** 2)) < np.sqrt(np.mean((theirs - ideal) ** 2))
    assert np.abs(ours - theirs).max() < 3 * unit


def test_valid_is_inside_the_source_and_all_else_is_zero() -> None:
    width, height = 40, 30
    pixels = swirl(width, height) * 1.1 - 2
    pixels[5, 5] = np.nan
    pixels[6, 6] = np.inf
    pixels[7, 7] = -1e300
    remap = Remap(pixels, (width, height))
    u, v = pixels[..., 0], pixels[..., 1]
    with np.errstate(invalid="ignore"):
        inside = (u >= 0) & (u <= width - 1) & (v >= 0) & (v <= height - 1)
        corner = (u >= width - 2) & (v >= height - 2)
    np.testing.assert_array_equal(remap.valid, inside & ~corner)
    assert 0.5 < remap.valid.mean() < 0.95
    for kind in KINDS:
        assert not remap(random_image(kind, width, height) | 1)[~remap.valid].any()


def test_last_row_and_column_are_reached() -> None:
    remap = Remap(shifted(20, 10, 0, 0), (20, 10))
    image = random_image("grey8", 20, 10)
    np.testing.assert_array_equal(remap(image)[remap.valid], image[remap.valid])
    assert np.argwhere(~remap.valid).tolist() == [[8, 18], [8, 19], [9, 18], [9, 19]]


def test_very_wide_images_do_not_overflow() -> None:
    width = 100_003
    image = random_image("rgb8", width, 3)
    pixels = shifted(50, 2, width - 60, 0)
    np.testing.assert_array_equal(Remap(pixels, (width, 3))(image), image[:2, width - 60 : width - 10])


@pytest.mark.parametrize("kind", KINDS)
def test_the_layout_of_the_image_does_not_matter(kind: str) -> None:
    image = random_image(kind, 50, 40)
    remap = Remap(swirl(50, 40), (50, 40))
    expected = remap(image)
    frozen = image.copy()
    frozen.flags.writeable = False
    sliced = np.repeat(image, 2, axis=1)[:, ::2]
    for same in (frozen, sliced, np.asfortranarray(image)):
        np.testing.assert_array_equal(remap(same), expected)


def test_the_number_of_threads_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    image, remap = random_image("rgb8", 300, 200), Remap(swirl(300, 200), (300, 200))
    monkeypatch.setenv("DEPTHKIT_THREADS", "1")
    alone = remap(image)
    monkeypatch.setenv("DEPTHKIT_THREADS", "3")
    np.testing.assert_array_equal(remap(image), alone)


def test_errors_name_the_remedy() -> None:
    remap = Remap(shifted(8, 6, 0, 0), (8, 6))
    with pytest.raises(CalibrationError, match=r"9×6 .* 8×6"):
        remap(np.zeros((6, 9), np.uint8))
    with pytest.raises(InputError, match=r"not float32 of shape \(6, 8\)"):
        remap(np.zeros((6, 8), np.float32))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="uint16"):
        remap(np.zeros((6, 8, 3), np.uint16))
    with pytest.raises(InputError, match="too small"):
        Remap(shifted(8, 6, 0, 0), (8, 2))
