"""The kernels that turn metres into steps and back, against their naive twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import images, kernels
from depthkit.arrays import F32, U16
from depthkit.types import Reason
from tests import codec_images
from tests import oracle_steps as oracle

NO_DATA = np.uint16(Reason.NO_DATA)
SIZES = st.sampled_from([0.001, float(np.float32(0.001)), 0.00025, 1 / 5000, 1e-5, 0.0173])


def from_metres(depth: F32, step: float) -> U16 | None:
    steps, flat = np.empty(depth.shape, np.uint16), depth.reshape(-1)
    fits = kernels.steps.from_metres(flat, flat.view(np.uint32), step, steps.reshape(-1))
    return steps if fits else None


@pytest.mark.kernel
@settings(deadline=None)
@given(codec_images.drawn(), SIZES)
def test_steps_come_back(steps: U16, step: float) -> None:
    expected = oracle.to_metres(steps, step)
    depth = expected[0]
    found = from_metres(depth, step)
    assert found is not None
    np.testing.assert_array_equal(found, steps)
    made = np.empty_like(depth), np.empty_like(steps), np.empty_like(depth)
    kernels.steps.to_metres(steps.reshape(-1), step, NO_DATA, *(each.reshape(-1) for each in made))
    assert [each.tobytes() for each in made] == [each.tobytes() for each in expected]


@settings(deadline=None)
@given(codec_images.drawn(), st.sampled_from([0.001, 0.00025, 1 / 5000]))
def test_both_ways_to_metres_are_known(steps: U16, step: float) -> None:
    """A float32 step gives what `images.dequantize` does, any other the number nearest to count · step."""
    assert oracle.to_metres(steps, float(np.float32(step)))[0].tobytes() == images.dequantize(steps, step).tobytes()
    nearest = np.where(steps > 0, steps / round(1 / step), np.nan).astype(np.float32)
    assert oracle.to_metres(steps, step)[0].tobytes() == nearest.tobytes()


_BITS = st.integers(0, 2**32 - 1) | st.sampled_from([0, 0x80000000, 0x7FC00000, 0x7FC00001, 0xFFC00000, 0x7F800000])
_DEPTHS = st.floats(0, 70, width=32) | st.sampled_from([65.535, 65.536, 0.001, -0.001, 0.0005])


@pytest.mark.kernel
@settings(deadline=None)
@given(codec_images.drawn(6), SIZES, st.data())
def test_one_pixel_decides(steps: U16, step: float, data: st.DataObject) -> None:
    """Whatever one pixel becomes: the kernel takes the image exactly if plain NumPy gives it back."""
    depth, *_ = oracle.to_metres(steps, step)
    at = data.draw(st.integers(0, depth.size - 1))
    if data.draw(st.booleans()):
        with np.errstate(invalid="ignore"):
            depth.flat[at] = np.array(data.draw(_BITS), np.uint32).view(np.float32)
    else:
        depth.flat[at] = data.draw(_DEPTHS)
    with np.errstate(over="ignore", invalid="ignore"):
        found, expected = from_metres(depth, step), oracle.from_metres(depth, step)
    assert (found is None) == (expected is None)
    if found is not None:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("at", [0, 4095, 4096, 9999])
def test_a_wrong_pixel_in_any_block(at: int) -> None:
    depth = np.full((100, 100), np.float32(1.5))
    assert from_metres(depth, 0.001) is not None
    depth.flat[at] = np.nextafter(np.float32(1.5), np.float32(2))
    assert from_metres(depth, 0.001) is None


@pytest.mark.kernel
@settings(deadline=None)
@given(codec_images.drawn(6), st.data())
def test_implied_or_not(steps: U16, data: st.DataObject) -> None:
    _, reason, confidence = oracle.to_metres(steps, 0.001)

    def implied() -> bool:
        flat = steps.reshape(-1), NO_DATA, reason.reshape(-1), confidence.reshape(-1).view(np.uint32)
        return bool(kernels.steps.is_implied(*flat))

    assert implied()
    at = data.draw(st.integers(0, steps.size - 1))
    before = reason.flat[at], confidence.flat[at].tobytes()
    reason.flat[at] = data.draw(st.integers(0, 4))
    confidence.flat[at] = data.draw(st.sampled_from([0.0, -0.0, 1.0, 0.5]))
    assert implied() == ((reason.flat[at], confidence.flat[at].tobytes()) == before)


def test_arrays_of_any_size() -> None:
    for size in (1, 4095, 4096, 4097, 8192):
        steps = np.arange(size, dtype=np.uint16).reshape(1, -1)
        depth, *_ = oracle.to_metres(steps, 0.001)
        found = from_metres(depth, 0.001)
        assert found is not None
        np.testing.assert_array_equal(found, steps)
