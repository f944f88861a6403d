"""`gige://ADDRESS`, `gige:SERIAL`: cameras of GigE Vision, through libaravis."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address

from depthkit.capture import CameraInfo
from depthkit.errors import CameraNotFound, InputError
from depthkit.live import Device
from depthkit_drivers import gige_views, rigs
from depthkit_drivers.aravis import call, load
from depthkit_drivers.gige_device import GigeDevice
from depthkit_drivers.gige_views import ViewsDevice, views_of

_OURS = "GigEVision"
_BYTES = range(220, 65536)
_PACKET_SIZE = {
    "packet_size": "bytes of a packet (if left out, as the camera has it), or auto: the largest that the network "
    "carries, as with jumbo frames"
}


class GigeDriver:
    """Cameras by IP address or serial number; DriverNotInstalled without libaravis."""

    parameters: Mapping[str, str] = {**gige_views.PARAMETER, **_PACKET_SIZE, **rigs.PARAMETER}

    def __init__(self) -> None:
        load()

    def open(self, address: str, parameters: Mapping[str, str]) -> Device:
        """Open the camera at an IP address, which is asked alone, or of a serial number, for which all are asked."""
        views, packet_size = views_of(parameters.get("layout")), parameters.get("packet_size")
        if not (packet_size in (None, "auto") or (packet_size.isdecimal() and int(packet_size) in _BYTES)):
            raise InputError(f"packet_size={packet_size} is not possible: it is bytes from 220 to 65535, or auto")
        ip, own_address = (address, address) if _is_ip(address) else _located(address)
        rig_file = parameters.get("rig")
        if views is None:
            return GigeDevice(ip, own_address, rig_file, packet_size)
        return ViewsDevice(GigeDevice(ip, own_address, None, packet_size), views, rig_file)

    def discover(self) -> Sequence[CameraInfo]:
        """Those that answer within a second."""
        return [
            CameraInfo(f"gige:{serial or ip}", f"{vendor} {model} at {ip}", serial)
            for ip, serial, vendor, model in _answering()
        ]


def _is_ip(text: str) -> bool:
    try:
        return bool(IPv4Address(text))
    except ValueError:
        return False


def _located(serial: str) -> tuple[str, str]:
    """The IP address of the camera of that serial number, the first one for "", and what opens it again."""
    found = _answering()
    for ip, own, _, _ in found:
        if serial in ("", own):
            return ip, own or ip
    raise CameraNotFound.among(serial, [f"gige:{own} (gige://{ip})" for ip, own, _, _ in found])


def _answering() -> list[tuple[str, str, str, str]]:
    """IP address, serial number, maker and model of all cameras that answer a broadcast."""
    call("arv_update_device_list")
    numbers = range(call("arv_get_n_devices"))
    ours = [number for number in numbers if _listed("protocol", number) == _OURS]
    a, b, c, d = ("address", "serial_nbr", "vendor", "model")
    return [(_listed(a, each), _listed(b, each), _listed(c, each), _listed(d, each)) for each in ours]


def _listed(what: str, number: int) -> str:
    found = call(f"arv_get_device_{what}", number)
    return "" if found is None else str(found.decode(errors="replace"))
