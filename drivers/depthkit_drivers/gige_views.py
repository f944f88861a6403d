"""Two views in one picture of a GigE Vision camera."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from depthkit.arrays import Image
from depthkit.cameras import Rig
from depthkit.errors import InputError
from depthkit.live import Device, Mode, Option, Profile, Request, Value, choose
from depthkit.mosaics import deinterlace
from depthkit.types import FrameSet
from depthkit_drivers import rigs
from depthkit_drivers.layouts import LAYOUTS, Layout

_DEEP, _FLAT = "Mono16", "Mono8"


@dataclass(frozen=True, slots=True)
class Views:
    """Two views in a picture: their roles and places, and how to part them.

    are_bytes: they are the bytes of its pixels, which have 16 bits, and so are of another format than it.
    """

    layout: Layout
    are_bytes: bool = False

    def profiles(self, pictures: Sequence[Profile]) -> list[Profile]:
        """Modes of the views of pictures with these modes."""
        fitting = [each for each in pictures if not self.are_bytes or each.format == _DEEP]
        return [self._profile(role, each) for role in self.layout.roles for each in fitting]

    def request(self, views: Request, role: str) -> Request:
        """What to ask for of pictures, so that their views, of the first role that is wanted, are as requested."""
        wanted = views.mode((views.streams or self.layout.roles)[0])
        size = wanted.size and self.layout.picture_size(wanted.size)
        return Request((role,), Mode(size, wanted.fps, _DEEP if self.are_bytes else wanted.format))

    def of(self, picture: Image) -> dict[str, Image]:
        """By role, in the picture's memory or their own."""
        if self.are_bytes:
            return dict(zip(self.layout.roles, deinterlace(picture.view(np.uint8), 2), strict=True))
        return self.layout.cut(picture)

    def _profile(self, role: str, picture: Profile) -> Profile:
        width, height = self.layout.view_size((picture.width, picture.height))
        return Profile(role, width, height, picture.fps, _FLAT if self.are_bytes else picture.format)


_VIEWS = {
    **{name: Views(layout) for name, layout in LAYOUTS.items() if len(layout.roles) > 1},
    "interleaved": Views(Layout(1, 1, ("left", "right")), are_bytes=True),
}
PARAMETER = {
    "layout": f"what a picture shows: single (if left out), {', '.join(_VIEWS)}; interleaved are pixels of 16 bits, of "
    "which the first byte is of the left camera, the second of the right one"
}


def views_of(layout: str | None) -> Views | None:
    """The views of that layout, None for a single one; InputError if there is none such."""
    if layout in (None, "single"):
        return None
    if layout not in _VIEWS:
        raise InputError(f"layout={layout} is not possible: it is one of single, {', '.join(_VIEWS)}")
    return _VIEWS[layout]


class ViewsDevice(Device):
    """A device whose pictures, one a frame, are cut into views; its calibration is in a file."""

    def __init__(self, whole: Device, views: Views, rig_file: str | None) -> None:
        self._whole, self._views, self._rig_file = whole, views, rig_file
        self.serial, self.firmware = whole.serial, whole.firmware

    @property
    def address(self) -> str:
        """Of the device."""
        return self._whole.address

    def profiles(self) -> Sequence[Profile]:
        """Of each view."""
        return self._views.profiles(self._whole.profiles())

    def configure(self, request: Request) -> Sequence[Profile]:
        """Ask for pictures with such views."""
        picture = self._whole.configure(self._views.request(request, self._whole.profiles()[0].role))
        streams = choose(self._views.profiles(picture), request)
        self._roles = [profile.role for profile in streams]
        self._rig = rigs.rig_of(self._rig_file, self._roles, (streams[0].width, streams[0].height))
        return streams

    @property
    def rig(self) -> Rig:
        """That of the file, or not calibrated."""
        return self._rig

    def start(self) -> None:
        """Begin to stream."""
        self._whole.start()

    def read(self, timeout: float) -> FrameSet:
        """The views of the next picture."""
        frames = self._whole.read(timeout)
        (picture,) = frames.images.values()
        views = self._views.of(picture)
        images: dict[str, Image] = {role: views[role].copy() for role in self._roles}
        return replace(frames, images=images, rig=self._rig)

    def stop(self) -> None:
        """End the stream."""
        self._whole.stop()

    def close(self) -> None:
        """Close the device."""
        self._whole.close()

    def options(self) -> Sequence[Option]:
        """Of the device."""
        return self._whole.options()

    def get(self, name: str) -> Value:
        """Of the device."""
        return self._whole.get(name)

    def set(self, name: str, value: Value) -> None:
        """Of the device."""
        self._whole.set(name, value)

    def counters(self) -> Mapping[str, int]:
        """Of the device."""
        return self._whole.counters()
