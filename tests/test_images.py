"""Image files come back bit for bit, in RGB, and conversions keep their laws."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from depthkit import images
from depthkit.arrays import F32, U16, Image
from depthkit.errors import InputError

RNG = np.random.default_rng(0)


def png(width: int, height: int, depth: int, kind: int, rows: bytes) -> bytes:
    """A PNG made by hand (ISO/IEC 15948), for kinds that OpenCV does not write."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3), (1, 1)])
def test_png_comes_back_bit_for_bit(tmp_path: Path, dtype: type[np.uint8], shape: tuple[int, ...]) -> None:
    image = RNG.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    images.write_png(tmp_path / "a.png", image)
    back = images.read(tmp_path / "a.png")
    assert back.dtype == dtype
    assert back.flags.c_contiguous
    np.testing.assert_array_equal(back, image)


def test_views_are_written_as_they_look(tmp_path: Path) -> None:
    image = RNG.integers(0, 255, (8, 6, 3), np.uint8)[::-1, ::2]
    images.write_png(tmp_path / "a.png", image)
    np.testing.assert_array_equal(images.read(tmp_path / "a.png"), image)


def test_the_first_channel_is_red(tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(png(1, 1, 8, 2, b"\0" + bytes([255, 10, 20])))
    np.testing.assert_array_equal(images.read(tmp_path / "red.png"), [[[255, 10, 20]]])
    images.write_png(tmp_path / "own.png", np.array([[[255, 10, 20]]], np.uint8))
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "own.png")), [[[20, 10, 255]]])


def test_alpha_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(2, 1, 8, 6, b"\0" + bytes([1, 2, 3, 0, 4, 5, 6, 255])))
    np.testing.assert_array_equal(images.read(tmp_path / "a.png"), [[[1, 2, 3], [4, 5, 6]]])


def test_one_bit_images_become_black_and_white(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(8, 1, 1, 0, b"\0\xa5"))
    np.testing.assert_array_equal(images.read(tmp_path / "a.png"), [[255, 0, 255, 0, 0, 255, 0, 255]])


def test_jpeg_and_tiff_are_read(tmp_path: Path) -> None:
    grey = np.full((16, 16), 128, np.uint8)
    cv2.imwrite(str(tmp_path / "a.jpg"), grey)
    assert abs(images.read(tmp_path / "a.jpg").astype(int) - 128).max() <= 1
    cv2.imwrite(str(tmp_path / "a.tif"), grey.astype(np.uint16) * 256)
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif"), grey.astype(np.uint16) * 256)


def test_unreadable_files_are_refused_by_name(tmp_path: Path) -> None:
    images.write_png(tmp_path / "whole.png", RNG.integers(0, 255, (32, 32), np.uint8))
    whole = (tmp_path / "whole.png").read_bytes()
    for content, words in (
        (b"", "is not an image that can be read"),
        (b"hello", "is not an image that can be read"),
        (whole[: len(whole) // 2], "is a damaged image or cut short"),
    ):
        (tmp_path / "broken.png").write_bytes(content)
        with pytest.raises(InputError, match=rf"broken\.png {words}"):
            images.read(tmp_path / "broken.png")
    with pytest.raises(InputError, match=r"no such file: .*nothing\.png"):
        images.read(tmp_path / "nothing.png")
    with pytest.raises(InputError, match=f"cannot read {tmp_path}"):
        images.read(tmp_path)
    cv2.imwrite(str(tmp_path / "float.tif"), np.zeros((4, 4), np.float32))
    with pytest.raises(InputError, match=r"float\.tif holds float32 values"):
        images.read(tmp_path / "float.tif")


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.float32), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8)],
)
def test_what_is_no_image_is_not_written(tmp_path: Path, image: Image) -> None:
    with pytest.raises(InputError, match="must be uint8 or uint16"):
        images.write_png(tmp_path / "a.png", image)
    assert not list(tmp_path.iterdir())


def test_pfm_comes_back_and_unknown_stays_unknown(tmp_path: Path) -> None:
    values = RNG.normal(size=(5, 7)).astype(np.float32)
    values[0, 0], values[1, 1], values[2, 2] = np.nan, np.inf, -np.inf
    images.write_pfm(tmp_path / "a.pfm", values)
    back = images.read_pfm(tmp_path / "a.pfm")
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, np.where(np.isfinite(values), values, np.nan))


def test_pfm_is_what_opencv_reads_too(tmp_path: Path) -> None:
    values = RNG.normal(size=(5, 7)).astype(np.float32)
    values[0, 0] = np.nan
    images.write_pfm(tmp_path / "a.pfm", values)
    seen = cv2.imread(str(tmp_path / "a.pfm"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(seen, np.where(np.isnan(values), np.inf, values))


def test_pfm_of_either_byte_order(tmp_path: Path) -> None:
    rows = np.array([[1, 2], [3, 4]], ">f4")  # the bottom row comes first
    (tmp_path / "a.pfm").write_bytes(b"Pf\n2 2\n1.0\n" + rows.tobytes())
    np.testing.assert_array_equal(images.read_pfm(tmp_path / "a.pfm"), [[3, 4], [1, 2]])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"Pf\n2 2\n-1.0\n" + bytes(15), "not a complete PFM file"),
        (b"Pf\n2\n-1.0\n" + bytes(16), "not a complete PFM file"),
        (b"", "not a complete PFM file"),
        (b"PF\n2 2\n-1.0\n" + bytes(48), "not a one-channel PFM file"),
    ],
)
def test_broken_pfm_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "a.pfm").write_bytes(content)
    with pytest.raises(InputError, match=f"a.pfm is {complaint}"):
        images.read_pfm(tmp_path / "a.pfm")


def test_real_pfm_truth_is_in_its_range(shared_data: Path) -> None:
    files = sorted((shared_data / "stereo/middlebury2014/motorcycle_Q").glob("*.pfm"))
    assert files
    for path in files:
        values = images.read_pfm(path)
        assert values.shape == (497, 741)
        assert np.nanmin(values) > 6.9  # vmin and vmax of its calib.txt are 7 and 65
        assert np.nanmax(values) < 65.1
        assert 0 < np.isnan(values).mean() < 0.1


def test_grey_is_rec_601_luma() -> None:
    image = RNG.integers(0, 255, (6, 5, 3), np.uint8)
    luma = image @ np.array([0.299, 0.587, 0.114])
    assert abs(images.to_grey(image) - luma).max() <= 0.51
    wide = image.astype(np.uint16) * 257
    assert images.to_grey(wide).dtype == np.uint16
    assert abs(images.to_grey(wide) - luma * 257).max() < 2
    assert images.to_grey(image[..., 0]) is not None
    np.testing.assert_array_equal(images.to_grey(image[..., 0]), image[..., 0])


def test_eight_bit_version_spans_the_range() -> None:
    deep = np.array([[0, 1000], [2000, 500]], np.uint16)
    np.testing.assert_array_equal(images.to_u8(deep), [[0, 127], [255, 63]])
    np.testing.assert_array_equal(images.to_u8(np.zeros((2, 2), np.uint16)), 0)
    same = RNG.integers(0, 255, (3, 3), np.uint8)
    assert images.to_u8(same) is same


scales = st.floats(1e-5, 10)


@given(arrays.arrays(np.uint16, (3, 4)), scales)
def test_steps_come_back(steps: U16, scale: float) -> None:
    np.testing.assert_array_equal(images.quantize(images.dequantize(steps, scale), scale), steps)
    np.testing.assert_array_equal(np.isnan(images.dequantize(steps, scale)), steps == 0)


@given(arrays.arrays(np.float32, (3, 4), elements=st.floats(-1e4, 1e4, width=32)), scales)
def test_values_come_back_within_half_a_step_or_not_at_all(values: F32, scale: float) -> None:
    back = images.dequantize(images.quantize(values, scale), scale)
    fits = (values >= 0.501 * scale) & (values <= 65535.49 * scale)
    rounding = 1e-6 * abs(values)  # of float32
    assert (abs(back - values) <= 0.5 * scale + rounding)[fits].all()
    assert np.isnan(back[(values < 0.499 * scale) | (values > 65535.51 * scale)]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1, 0, 3e38, 65.536])
def test_what_does_not_fit_is_unknown(value: float) -> None:
    np.testing.assert_array_equal(images.quantize(np.array([value], np.float32), 0.001), 0)
