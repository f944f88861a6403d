"""`uvc:0`, `uvc:0?layout=side_by_side`, `uvc:0,2`: webcams, plain, with both views in one picture, or two as a pair.

A video in place of a number stands in for a camera.
"""

from collections.abc import Mapping
from functools import partial

from depthkit.capture import CameraInfo
from depthkit.errors import InputError
from depthkit_drivers import rigs, video_devices
from depthkit_drivers.layouts import LAYOUTS, PAIR, Layout
from depthkit_drivers.webcam import Webcam

REALTIME = {"realtime": "0 or 1 (if left out), of a video in place of a camera: whether it keeps its pace"}
_SIZES = ((640, 480), (1280, 720), (1920, 1080), (640, 240), (1280, 480), (2560, 720), (2560, 960), (3840, 1080))
"""Of whole pictures, as webcams usually have them: three plain ones, then with two views side by side."""


class UvcDriver:
    """Webcams, through OpenCV, which comes with depthkit."""

    parameters: Mapping[str, str] = {
        "layout": f"what a picture shows, one of {', '.join(LAYOUTS)}; the first if left out",
        **rigs.PARAMETER,
        **REALTIME,
    }

    def open(self, address: str, parameters: Mapping[str, str]) -> Webcam:
        """Open a webcam by its number or file, the first one for "", or two of them with a comma between."""
        names = (address or "0").split(",")
        sources = list(zip(names, self._layouts(len(names), parameters.get("layout")), strict=True))
        rig_of = partial(rigs.rig_of, parameters.get("rig"))
        return Webcam(sources, rig_of, _SIZES, realtime=is_realtime(parameters))

    def discover(self) -> list[CameraInfo]:
        """Those that Linux lists; elsewhere they are found by their numbers only."""
        devices = video_devices.video_devices()
        return [CameraInfo(f"uvc:{each.number}", each.name, each.serial, ("color",)) for each in devices]

    def _layouts(self, count: int, wanted: str | None) -> tuple[Layout, ...]:
        if count == 2 and wanted is None:
            return PAIR
        if count > 1:
            raise InputError("webcams are one, with a layout, or two without one: left,right")
        if wanted not in (None, *LAYOUTS):
            raise InputError(f"layout={wanted} is not possible: it is one of {', '.join(LAYOUTS)}")
        return (LAYOUTS[wanted or "single"],)


def is_realtime(parameters: Mapping[str, str]) -> bool:
    """What REALTIME says; InputError if it is neither."""
    text = parameters.get("realtime", "1")
    if text not in ("0", "1"):
        raise InputError(f"realtime={text} is not possible: it is 0 or 1")
    return text == "1"
