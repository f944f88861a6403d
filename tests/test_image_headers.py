"""Image files by their first bytes: sizes as OpenCV writes them, and what is not given to a decoder."""

import struct
import tracemalloc
import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from depthkit import image_headers, images
from depthkit.errors import InputError

WEBP = cv2.IMWRITE_WEBP_QUALITY
KINDS: list[tuple[str, Any, int, list[int]]] = [
    (".png", np.uint16, 1, []),
    (".png", np.uint8, 3, []),
    (".jpg", np.uint8, 3, []),
    (".jpg", np.uint8, 3, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    (".pgm", np.uint16, 1, []),
    (".ppm", np.uint8, 3, []),
    (".bmp", np.uint8, 3, []),
    (".tiff", np.uint16, 3, []),
    (".webp", np.uint8, 3, [WEBP, 50]),
    (".webp", np.uint8, 3, [WEBP, 101]),
    (".webp", np.uint8, 4, [WEBP, 50]),
]


def coded(kind: tuple[str, Any, int, list[int]], height: int = 5, width: int = 300) -> bytes:
    suffix, dtype, channels, options = kind
    image = np.random.default_rng(1).integers(0, 200, (height, width, channels), dtype)
    return cv2.imencode(suffix, image, options)[1].tobytes()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_sizes(kind: tuple[str, Any, int, list[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    data = coded(kind)
    assert images.decode(data, "it").shape[:2] == (5, 300)
    monkeypatch.setattr(image_headers, "MAX_PIXELS", 1499)
    with pytest.raises(InputError, match=r"it claims to be 300×5 px: at most 1499 pixels"):
        images.decode(data, "it")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[0] in (".png", ".jpg")], ids=str)
def test_cut_off_anywhere(kind: tuple[str, Any, int, list[int]]) -> None:
    data = coded(kind)
    for end in (*range(4, 60), len(data) // 2, len(data) - 1):
        with pytest.raises(InputError, match=r"cut short|is not an image"):
            images.decode(data[:end], "it")


def test_a_wrong_bit_in_a_png_is_noticed(capfd: pytest.CaptureFixture[str]) -> None:
    data = coded(KINDS[0])
    for at in range(8, len(data), 7):
        with pytest.raises(InputError, match="damaged image or cut short"):
            images.decode(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :], "it")
    assert capfd.readouterr() == ("", "")


def test_a_gigapixel_takes_no_memory() -> None:
    jpeg = coded(KINDS[2])
    at = jpeg.index(b"\xff\xc0") + 5
    png = coded(KINDS[0])
    header = png[12:16] + struct.pack(">II", 30000, 30000) + png[24:29]
    tracemalloc.start()
    for data in (
        jpeg[:at] + struct.pack(">HH", 30000, 30000) + jpeg[at + 4 :],
        png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:],
    ):
        with pytest.raises(InputError, match=r"claims to be 30000×30000 px"):
            images.decode(data, "it")
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 100, b"P7\nWIDTH 3\n", b"GIF89a", b"P5 12 ", b"BM", b"II*\0", b"P5\n0 5\n255\n"]
)
def test_what_is_no_image(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^it "):
        images.decode(data, "it")
