"""`zed:`, `zed:SERIAL`: ZED cameras, through Stereolabs' SDK if it is installed, else as webcams."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from depthkit.capture import CameraInfo
from depthkit.errors import CalibrationError, CameraNotFound
from depthkit.live import Device
from depthkit_drivers import rigs, zed_sdk
from depthkit_drivers.layouts import LAYOUTS
from depthkit_drivers.uvc import REALTIME, is_realtime
from depthkit_drivers.video_devices import VideoDevice, video_devices
from depthkit_drivers.webcam import Webcam
from depthkit_drivers.zed_sdk_device import ZedSdkDevice

SETTINGS = Path("/usr/local/zed/settings")
"""Where the ZED SDK and its tools keep the factory's files, SN<serial>.conf."""

_VENDOR = "2b03"
_LAYOUT = LAYOUTS["side_by_side"]
_VIEWS = ((1280, 720), (1920, 1080), (2208, 1242), (672, 376))
_HD = _VIEWS[0]
_WITHOUT_SDK = {
    "conf": "the factory's file of this very camera, SN<serial>.conf; its SDK is not used then",
    "device": "number or file of its video device, or a video of both views side by side; its SDK is not used then",
    **REALTIME,
}


class ZedDriver:
    """ZED cameras."""

    parameters: Mapping[str, str] = _WITHOUT_SDK

    def open(self, address: str, parameters: Mapping[str, str]) -> Device:
        """Open the camera with that serial number, or the only one for ""; CalibrationError without factory's file."""
        sdk = None if parameters else zed_sdk.load()
        if sdk is not None:
            return ZedSdkDevice(sdk, address)
        conf = _factory_file(address, parameters.get("conf"))
        source = parameters.get("device") or str(_only_device().number)
        return _ZedWebcam(source, conf, address, is_realtime(parameters))

    def discover(self) -> list[CameraInfo]:
        """Those that the SDK finds; without it those that Linux lists, whose serial numbers are not known."""
        sdk = zed_sdk.load()
        if sdk is not None:
            return zed_sdk.discover(sdk)
        return [CameraInfo(f"zed:?device={each.number}", each.name, streams=_LAYOUT.roles) for each in _connected()]


class _ZedWebcam(Webcam):
    """A ZED without its SDK: pictures as the sensors give them, and the factory's calibration."""

    def __init__(self, source: str, conf: Path, address: str, realtime: bool) -> None:
        sizes = [_LAYOUT.picture_size(view) for view in _VIEWS]
        super().__init__([(source, _LAYOUT)], partial(rigs.rig_of, str(conf)), sizes, _HD, realtime)
        self.serial = address or _serial_of(conf)
        self._opened_by = address

    @property
    def address(self) -> str:
        """The same again: its serial number is not told by its video device."""
        return self._opened_by


def _factory_file(serial: str, conf: str | None) -> Path:
    """The calibration file; CalibrationError that says where to get it."""
    if conf is not None:
        if serial and _serial_of(Path(conf)) not in ("", serial):
            raise CalibrationError(f"{conf} is of another camera than zed:{serial}: each has a calibration of its own")
        return Path(conf)
    found = sorted(SETTINGS.glob(f"SN{serial}.conf" if serial else "SN*.conf"))
    if len(found) > 1:
        raise CalibrationError(f"{SETTINGS} has files of {len(found)} cameras: say which is connected, as zed:12345678")
    if not found:
        number = serial or "<serial>"
        raise CalibrationError(
            f"{SETTINGS} has no SN{number}.conf, the factory's calibration of this camera: put "
            f"https://www.stereolabs.com/developers/calib/?SN={number} there by that name (the serial number is on the "
            "camera's label), or give it as conf=FILE"
        )
    return found[0]


def _serial_of(conf: Path) -> str:
    """The number in the name of a factory's file, "" if it has another name."""
    found = re.fullmatch(r"SN(\d+)\.conf", conf.name)
    return found[1] if found else ""


def _connected() -> list[VideoDevice]:
    return [device for device in video_devices() if device.vendor == _VENDOR]


def _only_device() -> VideoDevice:
    """The ZED that is connected; CameraNotFound if there is none, or more than one."""
    devices = _connected()
    if len(devices) == 1:
        return devices[0]
    if not devices:
        raise CameraNotFound.among("zed:", [])
    listed = ", ".join(f"device={device.number}" for device in devices)
    raise CameraNotFound(f"without the ZED SDK their serial numbers are unknown: say which of {listed} it is")
