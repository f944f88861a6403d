"""Two views in one picture of a GigE Vision camera."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from depthkit.arrays import U8, Image
from depthkit.cameras import Rig
from depthkit.errors import InputError
from depthkit.live import Device, Mode, Option, Profile, Request, Value, choose
from depthkit.types import FrameSet
from depthkit_drivers import rigs

_PAIR = ("left", "right")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where two views are in a picture: `columns` of them beside each other, `form` of their pixels if it is another.

    split: cuts them out.
    """

    columns: int
    form: str | None
    split: Callable[[Image], tuple[Image, Image]]

    def profiles(self, pictures: Sequence[Profile]) -> list[Profile]:
        """Modes of the views of pictures with these modes."""
        fitting = [each for each in pictures if self.form is None or each.format == "Mono16"]
        return [
            replace(each, role=role, width=each.width // self.columns, format=self.form or each.format, optional=False)
            for role in _PAIR
            for each in fitting
        ]

    def request(self, views: Request, role: str) -> Request:
        """What to ask for of pictures, so that their views, of the first role that is wanted, are as requested."""
        wanted = views.mode(views.streams[0] if views.streams else _PAIR[0])
        size = wanted.size and (wanted.size[0] * self.columns, wanted.size[1])
        return Request((role,), Mode(size, wanted.fps, "Mono16" if self.form else wanted.format))


def _halves(picture: Image) -> tuple[Image, Image]:
    half = picture.shape[1] // 2
    return picture[:, :half], picture[:, half:]


def _bytes(picture: Image) -> tuple[Image, Image]:
    pairs: U8 = picture.view(np.uint8).reshape(*picture.shape, 2)
    return pairs[..., 0], pairs[..., 1]


_LAYOUTS = {"side_by_side": Layout(2, None, _halves), "interleaved": Layout(1, "Mono8", _bytes)}
PARAMETER = {
    "layout": "what a picture shows: single (if left out), side_by_side: left and right, or interleaved: in pixels "
    "of 16 bits, the first byte is of the left camera, the second of the right one"
}


def layout_of(name: str | None) -> Layout | None:
    """The layout of that name, None for a single view; InputError if there is none such."""
    if name in (None, "single"):
        return None
    if name not in _LAYOUTS:
        raise InputError(f"layout={name} is not possible: it is one of single, {', '.join(_LAYOUTS)}")
    return _LAYOUTS[name]


class ViewsDevice(Device):
    """A device whose pictures, one a frame, are cut into views; its calibration is in a file."""

    def __init__(self, whole: Device, layout: Layout, rig_file: str | None) -> None:
        self._whole, self._layout, self._rig_file = whole, layout, rig_file
        self.serial, self.firmware = whole.serial, whole.firmware

    @property
    def address(self) -> str:
        """Of the device."""
        return self._whole.address

    def profiles(self) -> Sequence[Profile]:
        """Of each view."""
        return self._layout.profiles(self._whole.profiles())

    def configure(self, request: Request) -> Sequence[Profile]:
        """Ask for pictures with such views."""
        picture = self._whole.configure(self._layout.request(request, self._whole.profiles()[0].role))
        streams = choose(self._layout.profiles(picture), request)
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
        views: dict[str, Image] = dict(zip(_PAIR, self._layout.split(picture), strict=True))
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
