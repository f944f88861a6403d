"""Pictures that come in turns and colours that come in a mosaic: naive twins, libdc1394's own code, and OpenCV."""

import ctypes
from ctypes.util import find_library
from typing import Any

import cv2
import numpy as np
import pytest

from depthkit import mosaics
from depthkit.arrays import Image
from depthkit.errors import InputError
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from tests import oracle_mosaics as oracle

PATTERNS = ["rggb", "grbg", "gbrg", "bggr"]


@pytest.fixture(scope="module")
def dc1394() -> ctypes.CDLL:
    name = find_library("dc1394")
    if name is None:
        pytest.skip("libdc1394 is not installed: make sdks, or apt install libdc1394-25")
    return ctypes.CDLL(name)


@pytest.mark.kernel
@pytest.mark.parametrize("sensors", [2, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_sensors_are_told_apart(sensors: int, dtype: type[np.uint8] | type[np.uint16]) -> None:
    raw: Any = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (5, sensors * 7)).astype(dtype)
    for n, picture in enumerate(mosaics.deinterlace(raw, sensors)):
        np.testing.assert_array_equal(picture, raw[:, n::sensors])


def test_bumblebee2_as_libdc1394_has_it(dc1394: ctypes.CDLL) -> None:
    raw = np.random.default_rng(1).integers(0, 256, (48, 128)).astype(np.uint8)
    stacked = np.zeros((96, 64), np.uint8)
    pointers = (ctypes.c_void_p(array.ctypes.data) for array in (raw, stacked))
    assert dc1394.dc1394_deinterlace_stereo(*pointers, ctypes.c_uint32(64), ctypes.c_uint32(96)) == 0
    np.testing.assert_array_equal(np.concatenate(mosaics.deinterlace(raw, 2)), stacked)


@pytest.mark.kernel
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_of_a_mosaic(pattern: str, dtype: type[np.uint8] | type[np.uint16]) -> None:
    raw: Any = np.random.default_rng(2).integers(0, np.iinfo(dtype).max, (9, 8), endpoint=True).astype(dtype)
    np.testing.assert_array_equal(mosaics.demosaic(raw, pattern), oracle.demosaic(raw, pattern))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_colours_as_libdc1394_has_them(dc1394: ctypes.CDLL, pattern: str) -> None:
    """Its HQLINEAR is the same filter; it rounds down in steps of its own, and leaves a border."""
    raw = oracle.mosaic(picture(), pattern)
    theirs = np.zeros((*raw.shape, 3), np.uint8)
    filters = {"rggb": 512, "gbrg": 513, "grbg": 514, "bggr": 515}  # DC1394_COLOR_FILTER_…
    pointers = (ctypes.c_void_p(array.ctypes.data) for array in (raw, theirs))
    size = ctypes.c_uint32(raw.shape[1]), ctypes.c_uint32(raw.shape[0])
    assert dc1394.dc1394_bayer_decoding_8bit(*pointers, *size, filters[pattern], 3) == 0
    off = np.abs(mosaics.demosaic(raw, pattern).astype(int) - theirs)[3:-3, 3:-3]
    assert off.max() <= 2


@pytest.mark.parametrize("pattern", PATTERNS)
def test_colours_are_nearer_than_opencvs(pattern: str) -> None:
    truth = picture()
    raw = oracle.mosaic(truth, pattern)
    code = getattr(cv2, f"COLOR_Bayer{pattern.upper()}2RGB")
    ours, theirs = (_error(found, truth) for found in (mosaics.demosaic(raw, pattern), cv2.cvtColor(raw, code)))
    assert ours < 0.95 * theirs


def test_what_is_no_mosaic_is_refused() -> None:
    raw = np.zeros((6, 7), np.uint8)
    with pytest.raises(InputError, match="of 2 or 3 sensors"):
        mosaics.deinterlace(raw, 2)
    with pytest.raises(InputError, match="one of rggb, grbg, gbrg, bggr, not 'rgb'"):
        mosaics.demosaic(raw, "rgb")
    with pytest.raises(InputError, match="4 px at least"):
        mosaics.demosaic(raw[:3], "rggb")


def picture() -> Image:
    """Without noise, which no filter tells from detail."""
    return SimCamera(Options(noise=False)).frame(0).image("left")


def _error(found: np.ndarray, truth: Image) -> float:
    return float(np.sqrt(((found.astype(float) - truth) ** 2)[2:-2, 2:-2].mean()))
