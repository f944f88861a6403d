"""What a GigE Vision camera is asked outside of its features: to open, what it is, packet sizes, counts, letting go."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from depthkit.errors import CameraNotFound, DeviceBusy, DriverError
from depthkit_drivers.aravis import AravisError, call


def opened(ip: str) -> int:
    """The camera at an IP address; CameraNotFound if none answers there, DeviceBusy if another program has it."""
    try:
        handle: int = call("arv_open_device", ip.encode())
    except AravisError as error:
        raise CameraNotFound(f"no GigE Vision camera answers at {ip} ({error}): check its address and cable") from error
    if not call("arv_gv_device_is_controller", handle):
        call("g_object_unref", handle)
        raise DeviceBusy(f"the camera at {ip} is open in another program: close it there")
    return handle


def said(handle: int, *names: str) -> str:
    """The first of these features, which are texts, that the camera has."""
    for name in names:
        with suppress(AravisError):
            if found := call("arv_device_get_string_feature_value", handle, name.encode()):
                return str(found.decode(errors="replace"))
    return ""


def set_packet_size(handle: int, wanted: str | None) -> None:
    """Set it to so many bytes, "auto" for the largest that comes through; None leaves it to libaravis.

    libaravis then takes the camera's own size, if that comes through. DriverError where the camera does not take it.
    """
    try:
        if wanted == "auto":
            call("arv_gv_device_auto_packet_size", handle)
        elif wanted is not None:
            call("arv_gv_device_set_packet_size", handle, int(wanted))
    except AravisError as error:
        raise DriverError(f"the camera does not take packet_size={wanted}: {error}") from error


def counters(stream: int) -> Mapping[str, int]:
    """What libaravis counts of a stream: "completed_buffers", "missing_packets", "resent_packets", "underruns", …"""
    numbers = range(call("arv_stream_get_n_infos", stream))
    names = [call("arv_stream_get_info_name", stream, number).decode().removeprefix("n_") for number in numbers]
    return {name: call("arv_stream_get_info_uint64", stream, number) for number, name in enumerate(names)}


def let_go(objects: Sequence[int], is_lost: bool) -> None:
    """Close stream and camera; those of a lost one on a thread, as libaravis asks it for 10 s to close."""
    if is_lost:
        threading.Thread(target=let_go, args=(objects, False), daemon=True).start()
        return
    for each in objects:
        call("g_object_unref", each)
