"""The functions of libaravis 0.8 that the driver uses, by ctypes, which lets other threads run during each call."""

import ctypes
import importlib.util
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint, c_uint32, c_uint64
from ctypes import c_void_p as ptr
from functools import cache
from pathlib import Path
from typing import Any

from depthkit.errors import DriverNotInstalled

MISSING = (
    "GigE Vision cameras need libaravis: run 'pip install \"depthkit[gige]\"' (Linux on x86-64), "
    "or 'sudo apt install libaravis-0.8-0'"
)
SUCCESS = 0
STATUSES = {
    1: "it holds nothing", 2: "it timed out", 3: "packets are missing", 4: "packets came with wrong numbers",
    5: "it is larger than its buffer", 6: "it is being filled", 7: "it was aborted",
    8: "it is of a kind that libaravis does not know",
}  # fmt: skip
"""ArvBufferStatus."""

READ_ONLY, WRITE_ONLY, READ_WRITE = 0, 1, 2
"""ArvGcAccessMode."""

BEGINNER = 3
"""ArvGcVisibility."""


class AravisError(Exception):
    """A GError."""


class _GError(Structure):
    _fields_ = (("domain", c_uint32), ("code", c_int), ("message", c_char_p))


class GSList(Structure):
    """A list's link: a pointer to what is in it, and to the next."""


GSList._fields_ = [("data", ptr), ("next", POINTER(GSList))]
_FAIL = POINTER(POINTER(_GError))
_TEXTS, _SIZE, _COUNT, _U64, _I32 = (
    POINTER(c_char_p),
    POINTER(c_size_t),
    POINTER(c_uint),
    POINTER(c_uint64),
    POINTER(c_int),
)

_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "g_object_unref": (None, ptr),
    "g_free": (None, ptr),
    "g_error_free": (None, POINTER(_GError)),
    "g_type_check_instance_is_a": (c_int, ptr, c_size_t),
    "arv_disable_interface": (None, c_char_p),
    "arv_update_device_list": (None,),
    "arv_get_n_devices": (c_uint,),
    **{
        f"arv_get_device_{name}": (c_char_p, c_uint)
        for name in ("address", "serial_nbr", "vendor", "model", "protocol")
    },
    "arv_open_device": (ptr, c_char_p, _FAIL),
    "arv_device_get_genicam": (ptr, ptr),
    "arv_device_get_string_feature_value": (c_char_p, ptr, c_char_p, _FAIL),
    "arv_device_get_integer_feature_value": (c_int64, ptr, c_char_p, _FAIL),
    "arv_device_execute_command": (None, ptr, c_char_p, _FAIL),
    "arv_device_create_stream": (ptr, ptr, ptr, ptr, _FAIL),
    "arv_gv_device_is_controller": (c_int, ptr),
    "arv_gv_device_set_packet_size": (None, ptr, c_int, _FAIL),
    "arv_gv_device_auto_packet_size": (c_uint, ptr, _FAIL),
    "arv_gc_get_node": (ptr, ptr, c_char_p),
    "arv_gc_set_buffer": (None, ptr, ptr),
    **{f"arv_gc_{kind}_get_type": (c_size_t,) for kind in ("integer", "float", "boolean", "enumeration", "category")},
    "arv_gc_category_get_features": (POINTER(GSList), ptr),
    "arv_gc_feature_node_get_name": (c_char_p, ptr),
    "arv_gc_feature_node_get_visibility": (c_int, ptr),
    "arv_gc_feature_node_get_tooltip": (c_char_p, ptr),
    "arv_gc_feature_node_get_actual_access_mode": (c_int, ptr),
    **{f"arv_gc_feature_node_is_{what}": (c_int, ptr, _FAIL) for what in ("implemented", "available", "locked")},
    "arv_gc_integer_get_value": (c_int64, ptr, _FAIL),
    "arv_gc_integer_set_value": (None, ptr, c_int64, _FAIL),
    "arv_gc_integer_get_min": (c_int64, ptr, _FAIL),
    "arv_gc_integer_get_max": (c_int64, ptr, _FAIL),
    "arv_gc_integer_get_inc": (c_int64, ptr, _FAIL),
    "arv_gc_integer_get_unit": (c_char_p, ptr),
    "arv_gc_float_get_value": (c_double, ptr, _FAIL),
    "arv_gc_float_set_value": (None, ptr, c_double, _FAIL),
    "arv_gc_float_get_min": (c_double, ptr, _FAIL),
    "arv_gc_float_get_max": (c_double, ptr, _FAIL),
    "arv_gc_float_get_unit": (c_char_p, ptr),
    "arv_gc_boolean_get_value": (c_int, ptr, _FAIL),
    "arv_gc_boolean_set_value": (None, ptr, c_int, _FAIL),
    "arv_gc_enumeration_get_string_value": (c_char_p, ptr, _FAIL),
    "arv_gc_enumeration_set_string_value": (None, ptr, c_char_p, _FAIL),
    "arv_gc_enumeration_dup_available_string_values": (_TEXTS, ptr, _COUNT, _FAIL),
    "arv_stream_push_buffer": (None, ptr, ptr),
    "arv_stream_timeout_pop_buffer": (ptr, ptr, c_uint64),
    "arv_stream_get_n_infos": (c_uint, ptr),
    "arv_stream_get_info_name": (c_char_p, ptr, c_uint),
    "arv_stream_get_info_uint64": (c_uint64, ptr, c_uint),
    "arv_buffer_new_allocate": (ptr, c_size_t),
    "arv_buffer_get_status": (c_int, ptr),
    "arv_buffer_get_frame_id": (c_uint64, ptr),
    "arv_buffer_get_timestamp": (c_uint64, ptr),
    "arv_buffer_get_data": (ptr, ptr, _SIZE),
    "arv_buffer_get_n_parts": (c_uint, ptr),
    "arv_buffer_get_part_data": (ptr, ptr, c_uint, _SIZE),
    "arv_buffer_get_part_component_id": (c_uint, ptr, c_uint),
    "arv_buffer_get_part_pixel_format": (c_uint32, ptr, c_uint),
    "arv_buffer_get_part_region": (None, ptr, c_uint, _I32, _I32, _I32, _I32),
    "arv_buffer_get_part_padding": (None, ptr, c_uint, _I32, _I32),
}
"""The type of the result, and those of the arguments."""


def call(name: str, *args: Any) -> Any:
    """What a function of libaravis returns; AravisError, with its words, where it reports an error."""
    function, may_fail = _function(name)
    if not may_fail:
        return function(*args)
    error = POINTER(_GError)()
    result = function(*args, byref(error))
    if error:
        message = error.contents.message.decode(errors="replace")
        _function("g_error_free")[0](error)
        raise AravisError(message)
    return result


def is_a(instance: int, kind: str) -> bool:
    """Whether a node is an "integer", "float", "boolean", "enumeration" or "category"."""
    return bool(call("g_type_check_instance_is_a", instance, call(f"arv_gc_{kind}_get_type")))


@cache
def load() -> ctypes.CDLL:
    """libaravis of the package aravis-python, else of the system; DriverNotInstalled says how to get either."""
    for name in (*_bundled(), "libaravis-0.8.so.0"):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.arv_disable_interface(b"USB3Vision")  # they have no addresses, and looking for them takes time
        return library
    raise DriverNotInstalled(MISSING)


@cache
def _function(name: str) -> tuple[Any, bool]:
    result, *arguments = _FUNCTIONS[name]
    function = getattr(load(), name)
    function.restype, function.argtypes = result, arguments
    return function, arguments[-1:] == [_FAIL]


def _bundled() -> list[str]:
    """The file in aravis-python, whose module cannot be imported without PyGObject."""
    found = importlib.util.find_spec("aravis")
    folders = [] if found is None else found.submodule_search_locations or []
    return [str(file) for folder in folders for file in Path(folder).glob("lib/libaravis-0.8.so.0")]
