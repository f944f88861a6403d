"""Parts of GenTL buffers: which component each is of, rows that are padded, formats of makers' own, and clocks."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from depthkit.errors import FrameIncomplete, UnsupportedMode
from depthkit_drivers.genicam_pixels import is_readable, unpack
from tests.gentl_camera import gentl

from depthkit_drivers import gentl_buffers  # isort: skip  # once it is known that genicam is there

MONO8, RGB8, C16, CONFIDENCE8, ERROR8, ABCY16 = 0x01080001, 0x02180014, 0x011000B8, 0x010800C6, 0x81080001, 0x82403001
IMAGE, PARTS = gentl.PAYLOADTYPE_INFO_IDS.PAYLOAD_TYPE_IMAGE, gentl.PAYLOADTYPE_INFO_IDS.PAYLOAD_TYPE_MULTI_PART


def part(number: int, width: int, height: int, offset: int, padding: int = 0) -> Any:
    return SimpleNamespace(data_format=number, width=width, height=height, data_offset=offset, x_padding=padding)


def whole(number: int, width: int, height: int, data: bytes, padding: int = 0) -> Any:
    return SimpleNamespace(
        payload_type=IMAGE, parts=(), pixel_format=number, width=width, height=height, image_offset=0,
        padding_x=padding, raw_buffer=data,
    )  # fmt: skip


def test_parts_are_told_by_their_format_and_those_of_no_use_are_left() -> None:
    data = bytes(range(48))
    parts = (
        part(MONO8, 4, 2, 0), part(C16, 2, 2, 8), part(CONFIDENCE8, 2, 2, 16), part(ERROR8, 2, 2, 20),
    )  # fmt: skip
    buffer = SimpleNamespace(payload_type=PARTS, parts=parts, raw_buffer=data)
    formats = {"Intensity": "Mono8", "Disparity": "Coord3D_C16", "Confidence": "Confidence8"}
    found = gentl_buffers.pictures(buffer, formats)
    assert set(found) == set(formats)
    np.testing.assert_array_equal(found["Intensity"], [[0, 1, 2, 3], [4, 5, 6, 7]])
    np.testing.assert_array_equal(found["Disparity"], [[0x0908, 0x0B0A], [0x0D0C, 0x0F0E]])
    np.testing.assert_array_equal(found["Confidence"], [[16, 17], [18, 19]])


@pytest.mark.parametrize("padding", [0, 3])
def test_padding_after_rows_is_left(padding: int) -> None:
    rows = np.arange(2 * 9, dtype=np.uint8).reshape(2, 9)
    data = np.pad(rows, ((0, 0), (0, padding)), constant_values=99).tobytes()
    found = gentl_buffers.pictures(whole(RGB8, 3, 2, data, padding), {"Intensity": "RGB8"})
    np.testing.assert_array_equal(found["Intensity"], rows.reshape(2, 3, 3))


def test_pixels_are_a_copy() -> None:
    data = bytearray(4)
    found = gentl_buffers.pictures(whole(MONO8, 2, 2, data), {"Intensity": "Mono8"})  # type: ignore[arg-type]
    data[:] = b"\xff" * 4
    assert not found["Intensity"].any()


def test_a_format_of_the_maker_s_own_is_that_which_was_set() -> None:
    points = np.arange(2 * 2 * 4, dtype=np.uint16).reshape(2, 2, 4)
    found = gentl_buffers.pictures(whole(ABCY16, 2, 2, points.tobytes()), {"Range": "Coord3D_ABCY16"})
    np.testing.assert_array_equal(found["Range"], points)


def test_a_part_that_is_short_is_incomplete() -> None:
    with pytest.raises(FrameIncomplete, match="3 bytes of 4"):
        gentl_buffers.pictures(whole(MONO8, 2, 2, b"abc"), {"Intensity": "Mono8"})


def test_planes_in_one_part_are_channels() -> None:
    planes = np.arange(3 * 2 * 2, dtype=np.float32).reshape(3, 2, 2)
    found = gentl_buffers.pictures(whole(0x026000C1, 2, 2, planes.tobytes()), {"Range": "Coord3D_ABC32f_Planar"})
    np.testing.assert_array_equal(found["Range"], np.moveaxis(planes, 0, -1))


@pytest.mark.parametrize(("form", "blue_green_red"), [("BGR8", [1, 2, 3]), ("BGRa8", [1, 2, 3, 4])])
def test_red_comes_first(form: str, blue_green_red: list[int]) -> None:
    np.testing.assert_array_equal(unpack(memoryview(bytes(blue_green_red)), form, 1, 1), [[[3, 2, 1]]])


@pytest.mark.parametrize("form", ["BayerRG8", "YCbCr422_8", "Mono10p", "Mono12", "Coord3D_C12p"])
def test_other_formats_are_refused_by_name(form: str) -> None:
    assert not is_readable(form)
    with pytest.raises(UnsupportedMode, match=f"{form}.*format="):
        unpack(memoryview(bytes(64)), form, 2, 2)


class Clockless:
    """Of a device that has no clock, or one in ticks, or stamps of its components."""

    def __init__(self, **known: Any) -> None:
        self._known = known

    def __getattr__(self, name: str) -> Any:
        if name not in self._known:
            raise gentl.NotAvailableException(name)
        return self._known[name]


def test_stamps_are_in_nanoseconds_whatever_the_device_has() -> None:
    device = SimpleNamespace(timestamp_frequency=125_000_000)
    ticks = Clockless(timestamp=250, parent=SimpleNamespace(parent=device))
    assert gentl_buffers.stamp_ns(Clockless(timestamp_ns=77)) == 77
    assert gentl_buffers.stamp_ns(ticks) == 2000
    components = [SimpleNamespace(timestamp_ns=5), SimpleNamespace(timestamp_ns=9)]
    assert gentl_buffers.stamp_ns(Clockless(components=components)) == 9
    assert gentl_buffers.stamp_ns(Clockless()) == 0
