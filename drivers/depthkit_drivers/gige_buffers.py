"""What a buffer of libaravis holds, and the numbers of its frames."""

from collections.abc import Sequence
from ctypes import byref, c_char, c_int, c_size_t
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from depthkit.errors import FrameIncomplete
from depthkit_drivers.aravis import call
from depthkit_drivers.genicam_components import COMPONENTS, component_of
from depthkit_drivers.genicam_pixels import unpack

_CYCLE = 65535  # block ids of 16 bits go from 1 to 65535


@dataclass(frozen=True, slots=True)
class Form:
    """The pixels of a component that is enabled: its name by the SFNC, PFNC's number and name of their format."""

    component: str
    number: int
    name: str


def pictures(buffer: int, forms: Sequence[Form]) -> dict[str, NDArray[Any]]:
    """Pixels by the SFNC's name of their component, as copies of the buffer's memory.

    Parts that do not say which component they are of are told by the formats of those that are enabled. Raises
    FrameIncomplete for parts that are too short.
    """
    found, size = {}, c_size_t()
    end = call("arv_buffer_get_data", buffer, byref(size)) + size.value
    for part in range(call("arv_buffer_get_n_parts", buffer)):
        form = _form(buffer, part, forms)
        if form is not None:
            found[form.component] = _pixels(buffer, part, form.name, end)
    return found


def _form(buffer: int, part: int, forms: Sequence[Form]) -> Form | None:
    named = COMPONENTS.get(call("arv_buffer_get_part_component_id", buffer, part))
    number = call("arv_buffer_get_part_pixel_format", buffer, part)
    fitting = [form for form in forms if form.number == number and named in (None, form.component)]
    if len(fitting) > 1:
        likely = component_of(fitting[0].name, [form.component for form in fitting])
        fitting = [form for form in fitting if form.component == likely]
    return next(iter(fitting), None)


def _pixels(buffer: int, part: int, form: str, end: int) -> NDArray[Any]:
    size, width, height, padding, _ = c_size_t(), c_int(), c_int(), c_int(), c_int()
    data = call("arv_buffer_get_part_data", buffer, part, byref(size))
    call("arv_buffer_get_part_region", buffer, part, byref(_), byref(_), byref(width), byref(height))
    call("arv_buffer_get_part_padding", buffer, part, byref(padding), byref(_))
    if data is None or data + size.value > end:
        raise FrameIncomplete("a part ends outside of its buffer: PayloadSize is wrong")
    memory = memoryview((c_char * size.value).from_address(data)).cast("B")
    return unpack(memory, form, width.value, height.value, padding.value)


class FrameNumbers:
    """Numbers of frames that go on rising where those of 16 bits begin again."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._number = 0

    def extend(self, block: int) -> int:
        """The number of the frame with that block id, which is near the one before it, earlier or later."""
        if self._last is None or max(block, self._last) > _CYCLE:
            self._number = block
        else:
            step = (block - self._last) % _CYCLE
            self._number += step if step <= _CYCLE // 2 else step - _CYCLE
        self._last = block
        return self._number
