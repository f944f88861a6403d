"""What a GenTL buffer holds: an image, the parts of a multi-part payload, or the components of a GenDC container."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from genicam import gentl
from harvesters.util.pfnc import dict_by_ints
from numpy.typing import NDArray

from depthkit_drivers.genicam_components import COMPONENTS, component_of
from depthkit_drivers.genicam_pixels import unpack

_OTHER_PLANES = re.compile(r"Coord3D_[AB]\d")
_METADATA = 0x8001


def pictures(buffer: Any, formats: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Pixels by the SFNC's name of their component, as copies of the buffer's memory.

    formats: of the pixels of the components that are enabled, by which parts are told that do not say what they are.
    Of planes of coordinates the third alone is taken, of which depth comes. Raises FrameIncomplete for parts that are
    too short.
    """
    found: dict[str, NDArray[Any]] = {}
    for name, number, part in _parts(buffer):
        form = dict_by_ints.get(number) or _only(formats)
        label = name or component_of(form, formats)
        if label is not None and not _OTHER_PLANES.match(form):
            found[label] = _pixels(buffer, part, form)
    return found


def stamp_ns(buffer: Any) -> int:
    """When the device says that it took the frame, 0 if it has no clock."""
    for ask in (_stamp, _ticks, _stamp_of_components):
        try:
            if stamp := ask(buffer):
                return stamp
        except gentl.GenericException:
            continue
    return 0


def _stamp(buffer: Any) -> int:
    return int(buffer.timestamp_ns)


def _ticks(buffer: Any) -> int:
    return int(buffer.timestamp) * 1_000_000_000 // int(buffer.parent.parent.timestamp_frequency)


def _stamp_of_components(buffer: Any) -> int:
    return max((int(component.timestamp_ns) for component in buffer.components), default=0)


def _parts(buffer: Any) -> Iterator[tuple[str | None, int, Any]]:
    """Of each part its component's name, if known, its format's number, and it; of the buffer if it has no parts."""
    if buffer.payload_type == gentl.PAYLOADTYPE_INFO_IDS.PAYLOAD_TYPE_GENDC:
        for component in buffer.components:
            if (number := component.component_id_value) != _METADATA:
                yield from ((COMPONENTS.get(number), part.data_format, part) for part in component.parts)
    elif parts := buffer.parts:
        yield from ((None, part.data_format, part) for part in parts)
    else:
        yield None, buffer.pixel_format, buffer


def _only(formats: Mapping[str, str]) -> str:
    """The format of the one component that is enabled, for a number that is the maker's own."""
    return next(iter(formats.values())) if len(formats) == 1 else ""


def _pixels(buffer: Any, part: Any, form: str) -> NDArray[Any]:
    if part is buffer:
        begin, padding = buffer.image_offset, buffer.padding_x
    else:
        begin, padding = part.data_offset, part.x_padding
    return unpack(memoryview(buffer.raw_buffer)[begin:], form, part.width, part.height, padding)
