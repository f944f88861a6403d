"""The video devices of Linux, /dev/video0 and so on, as the kernel lists them."""

import re
from dataclasses import dataclass
from pathlib import Path

DEVICES = Path("/dev")
LISTED = Path("/sys/class/video4linux")


@dataclass(frozen=True, slots=True)
class VideoDevice:
    """A device that gives pictures.

    number: of /dev/video<number>, which may be another when it is plugged in again; name: what it calls itself;
    vendor: its USB vendor's four hex digits; serial: of its USB descriptor, which may not be the one printed on it.
    """

    number: int
    name: str
    vendor: str = ""
    serial: str = ""


def video_devices() -> list[VideoDevice]:
    """All there are, by number; none where there is no Linux kernel to ask."""
    nodes = [node for node in LISTED.glob("video*") if _text(node / "index") == "0"]  # others give metadata
    return sorted((_device(node) for node in nodes), key=lambda device: device.number)


def number_of(source: str) -> int | None:
    """The number of the device that "0", "/dev/video0" or a link to it means; None for any other file."""
    if source.isdecimal():
        return int(source)
    file = Path(source).resolve()
    match = re.fullmatch(r"video(\d+)", file.name)
    return int(match[1]) if match and file.parent == DEVICES.resolve() else None


def link_to(source: str) -> str:
    """A file that means the same device and stays the same when it is plugged in elsewhere; "" if there is none."""
    number = number_of(source)
    links = sorted((DEVICES / "v4l" / "by-id").glob("*-video-index0"))
    return next((str(link) for link in links if number is not None and number_of(str(link)) == number), "")


def serial_of(source: str) -> str:
    """The serial number of the device that is meant, "" if it has none."""
    number = number_of(source)
    return next((device.serial for device in video_devices() if device.number == number), "")


def _device(node: Path) -> VideoDevice:
    usb = (node / "device").resolve().parent
    number = int(node.name.removeprefix("video"))
    return VideoDevice(number, _text(node / "name"), _text(usb / "idVendor"), _text(usb / "serial"))


def _text(file: Path) -> str:
    """What the kernel says in a file, "" if there is none."""
    return file.read_text("utf-8", "replace").strip() if file.is_file() else ""
