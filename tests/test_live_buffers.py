"""Images out of a device's memory."""

import numpy as np
import pytest

from depthkit.errors import FrameIncomplete
from depthkit.live.buffers import image_of


@pytest.mark.parametrize(("shape", "dtype"), [((5, 7), "u1"), ((5, 7), "<u2"), ((5, 7, 3), "u1"), ((5, 7), ">u2")])
def test_an_image_is_copied_with_or_without_padding(shape: tuple[int, ...], dtype: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    row = image.nbytes // 5
    padded = bytearray(b"".join(line.tobytes() + b"\xff" * 3 for line in image))
    for data, stride in ((image.tobytes(), None), (padded, row + 3), (padded[:-3], row + 3)):
        found = image_of(data, shape, dtype, stride)
        assert found.dtype == image.dtype
        assert np.array_equal(found, image)
        with pytest.raises(FrameIncomplete, match="bytes of"):
            image_of(data[: 4 * (stride or row) + row - 1], shape, dtype, stride)
    copy = image_of(padded, shape, dtype, row + 3)
    padded[:] = bytes(len(padded))
    assert np.array_equal(copy, image)
