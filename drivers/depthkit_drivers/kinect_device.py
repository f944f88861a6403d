"""A Kinect's depth, colour or infrared and tilt, by libfreenect's events."""

import time
from collections.abc import Sequence
from typing import Any

import freenect
import numpy as np
from numpy.typing import NDArray

from depthkit.cameras import CameraModel, Rig
from depthkit.errors import (
    AccessDenied,
    CameraNotFound,
    DeviceLost,
    FrameIncomplete,
    FrameTimeout,
    UnsupportedMode,
)
from depthkit.kinect import KinectDisparity
from depthkit.live import Device, Option, Profile, Request, choose
from depthkit.live.options import Value
from depthkit.types import FrameSet
from depthkit_drivers.rigs import rig_of

WIDTH, HEIGHT, FPS = 640, 480, 30
_VENDOR = "045e"
_CLOCK_HZ, _CLOCK_BITS = 60_000_000, 32
_HALF = 1e9 / FPS / 2  # ns, by which depth and colour of one moment may be apart
_LEDS = {"off": 0, "green": 1, "red": 2, "yellow": 3, "blink green": 4, "blink red yellow": 6}

Shot = tuple[int, NDArray[Any]]
"""Stamp in ns, and pixels."""


class Clock:
    """The device's 32-bit counter of 60 MHz, which begins anew every 72 s, in ns that do not."""

    def __init__(self) -> None:
        self._last, self._turns = 0, 0

    def ns(self, ticks: int) -> int:
        """Of a reading, which may be a little before the last one, since depth and colour take turns."""
        half = 1 << (_CLOCK_BITS - 1)
        if self._last - ticks > half:
            self._turns += 1
        elif ticks - self._last > half and self._turns:
            return (((self._turns - 1) << _CLOCK_BITS) + ticks) * 1_000_000_000 // _CLOCK_HZ
        self._last = ticks
        return ((self._turns << _CLOCK_BITS) + ticks) * 1_000_000_000 // _CLOCK_HZ


class KinectDevice(Device):
    """The Kinect of a number. Colour and infrared come from one sensor, so it is one or the other."""

    numbered = False

    def __init__(self, number: int, rig_file: str | None) -> None:
        self._number, self._rig_file, self._disparity = number, rig_file, KinectDisparity()
        self._clock = Clock()
        self._depth: Shot | None = None
        self._video: Shot | None = None
        self._alone = False  # whether a depth came that has no picture
        self._role = "color"
        self._led = "off"
        self._context, self._device = _opened(number)

    @property
    def address(self) -> str:
        """Its number."""
        return str(self._number)

    def profiles(self) -> list[Profile]:
        """One mode each: raw disparities, and what a picture of them needs."""
        sized = WIDTH, HEIGHT, FPS
        return [
            Profile("depth", *sized, "16UC1"),
            Profile("color", *sized, "rgb8"),
            Profile("ir", *sized, "mono8", optional=True),
        ]

    def configure(self, request: Request) -> list[Profile]:
        """Depth with colour, or with infrared."""
        chosen = choose(self.profiles(), request)
        roles = [profile.role for profile in chosen]
        if {"color", "ir"} <= set(roles) or "depth" not in roles:
            raise UnsupportedMode("a Kinect streams depth with color or with ir: use streams=depth,ir")
        self._role = next((role for role in roles if role != "depth"), "")
        self._rig = rig_of(self._rig_file, roles, (WIDTH, HEIGHT)) if self._rig_file else nominal_rig(roles)
        return chosen

    @property
    def rig(self) -> Rig:
        """Of a file, or the nominal one, which is good to a few percent."""
        return self._rig

    def start(self) -> None:
        """Start both sensors."""
        freenect.set_depth_mode(self._device, freenect.RESOLUTION_MEDIUM, freenect.DEPTH_11BIT)
        freenect.set_depth_callback(self._device, self._on_depth)
        _done(freenect.start_depth(self._device), "its depth")
        if self._role:
            mode = freenect.VIDEO_RGB if self._role == "color" else freenect.VIDEO_IR_8BIT
            freenect.set_video_mode(self._device, freenect.RESOLUTION_MEDIUM, mode)
            freenect.set_video_callback(self._device, self._on_video)
            _done(freenect.start_video(self._device), f"its {self._role}")

    def read(self, timeout: float) -> FrameSet:
        """The next depth, with the colour of the same moment."""
        deadline = time.monotonic() + timeout
        while not self._complete():
            if time.monotonic() > deadline:
                raise FrameTimeout(f"the Kinect sent no frame for {timeout} s")
            _done(freenect.process_events(self._context), "events")
            if self._alone:
                self._alone = False
                raise FrameIncomplete(f"a frame of the Kinect has no {self._role}")
        depth, video = self._depth, self._video
        assert depth is not None
        self._depth = self._video = None
        images = {} if video is None else {self._role: video[1]}
        measured = self._disparity.depth(depth[1], self._rig.camera("depth"), depth[0])
        return FrameSet(images, self._rig, stamp_device_ns=depth[0], depth=measured)

    def stop(self) -> None:
        """Stop both sensors."""
        freenect.stop_depth(self._device)
        freenect.stop_video(self._device)
        self._depth = self._video = None

    def close(self) -> None:
        """Give the Kinect free."""
        if self._context is not None:
            freenect.close_device(self._device)
            freenect.shutdown(self._context)
            self._context = None

    def options(self) -> Sequence[Option]:
        """The motor and the light."""
        return [
            Option("tilt", 0.0, -30, 30, unit="°", help="by the motor, against the horizon"),
            Option("led", "off", choices=tuple(_LEDS)),
        ]

    def get(self, name: str) -> Value:
        """The tilt that is measured, and the light that was set."""
        if name == "led":
            return self._led
        freenect.update_tilt_state(self._device)
        return float(freenect.get_tilt_degs(freenect.get_tilt_state(self._device)))

    def set(self, name: str, value: Value) -> None:
        """Turn the motor, or switch the light."""
        if name == "tilt":
            freenect.set_tilt_degs(self._device, float(value))
        else:
            self._led = str(value)
            freenect.set_led(self._device, _LEDS[self._led])

    def _on_depth(self, _: object, pixels: NDArray[np.uint16], ticks: int) -> None:
        self._alone = self._depth is not None
        self._depth = self._clock.ns(ticks), pixels.copy()  # libfreenect uses its memory again

    def _on_video(self, _: object, pixels: NDArray[np.uint8], ticks: int) -> None:
        self._video = self._clock.ns(ticks), pixels.copy()

    def _complete(self) -> bool:
        """Whether there are pictures of one moment; a depth whose picture did not come is given up."""
        if self._depth is None or (self._role and self._video is None):
            return False
        if self._video is None or abs(self._depth[0] - self._video[0]) <= _HALF:
            return True
        if self._video[0] < self._depth[0]:
            self._video = None
        else:
            self._depth, self._alone = None, True
        return False


def nominal_rig(roles: Sequence[str]) -> Rig:
    """What Kinects are like: their own calibration is not told by libfreenect. Infrared and depth are one camera."""
    infrared = CameraModel(WIDTH, HEIGHT, 580, 580, (WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    color = CameraModel(WIDTH, HEIGHT, 525, 525, (WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    beside = np.eye(4)
    beside[0, 3] = 0.025  # the colour camera is 25 mm to the left of the infrared one
    cameras = {role: color if role == "color" else infrared for role in roles}
    poses = {"color": beside} if "color" in cameras else {}
    return Rig(cameras, poses, {"source": "nominal for Kinects, not measured on this one"})


def _opened(number: int) -> tuple[Any, Any]:
    context = freenect.init()
    count = 0 if context is None else int(freenect.num_devices(context))
    if number >= count:
        if context is not None:
            freenect.shutdown(context)
        raise CameraNotFound.among(f"kinect:{number}", [f"kinect:{n}" for n in range(count)])
    device = freenect.open_device(context, number)
    if device is None:
        freenect.shutdown(context)
        raise AccessDenied.to_usb(f"Kinect {number}, unless another program has it open,", _VENDOR)
    return context, device


def _done(code: int, what: str) -> None:
    if code < 0:
        raise DeviceLost(f"the Kinect is gone: libfreenect gave {code} for {what}")
