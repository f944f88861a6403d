"""Pictures through OpenCV, of a webcam or of a video file that stands in for one: the seam to `cv2.VideoCapture`."""

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from depthkit.arrays import U8
from depthkit.errors import AccessDenied, CameraNotFound, DeviceBusy, DeviceLost, InputError, reason
from depthkit.live import Mode
from depthkit_drivers import video_devices
from depthkit_drivers.video_devices import number_of

_LINUX = sys.platform == "linux"
_V4L2 = "V4L2"  # OpenCV's name of Linux's own way to video devices


@dataclass(frozen=True, slots=True)
class Format:
    """What a capture gives: size (width, height) px of its pictures, fps, fourcc: how they travel ("MJPG", "YUYV")."""

    size: tuple[int, int]
    fps: float
    fourcc: str


class Picture(NamedTuple):
    """bgr: (H, W, 3) uint8; stamp_ns: of the kernel or in the video, 0 if there is none; arrived_ns: that, or now."""

    bgr: U8
    stamp_ns: int
    arrived_ns: int


class Capture:
    """An open webcam or video.

    source: the number or the file of a video device, or a video; realtime: pictures of a video come no faster than it
    says. Used by one thread, but for `get` and `set`. Raises CameraNotFound, AccessDenied, DeviceBusy, or InputError
    for a file that is no video.
    """

    def __init__(self, source: str, realtime: bool = True) -> None:
        number = number_of(source)
        self.source, self.is_video = source, number is None
        self.serial = video_devices.serial_of(source)
        self._video = _opened_video(source) if number is None else _opened_device(number)
        self.is_v4l2 = not self.is_video and self._video.getBackendName() == _V4L2
        self._lock = threading.Lock()  # OpenCV has none, and settings come from other threads
        self._pace = 1 / self.format.fps if self.is_video and realtime else 0.0
        self._due = 0.0

    @property
    def name(self) -> str:
        """By which it can be opened again, wherever it is plugged in, if it has such a name."""
        return video_devices.link_to(self.source) or self.source

    @property
    def format(self) -> Format:
        """What it gives now; 30 fps where it does not say."""
        size = int(self.get(cv2.CAP_PROP_FRAME_WIDTH)), int(self.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fps, code = self.get(cv2.CAP_PROP_FPS), int(self.get(cv2.CAP_PROP_FOURCC))
        letters = code.to_bytes(4, "little", signed=code < 0).decode("latin-1").strip("\0 ")
        return Format(size, fps if fps > 0 else 30.0, letters if letters.isascii() and letters.isprintable() else "")

    def negotiate(self, wanted: Mode) -> Format:
        """Ask for a mode and return what came of it, which may be another; a video stays as it is."""
        if not self.is_video:
            if wanted.format:  # first, as sizes depend on it
                self.set(cv2.CAP_PROP_FOURCC, _fourcc(wanted.format))
            if wanted.size:
                self.set(cv2.CAP_PROP_FRAME_WIDTH, wanted.size[0])
                self.set(cv2.CAP_PROP_FRAME_HEIGHT, wanted.size[1])
            if wanted.fps:
                self.set(cv2.CAP_PROP_FPS, wanted.fps)
        return self.format

    def probe(self, sizes: Sequence[tuple[int, int]]) -> list[Format]:
        """What it gives now, and what at those sizes of which it has exactly that; then it is as it was."""
        before = self.format
        tried = [] if self.is_video else [self.negotiate(Mode(size)) for size in sizes if size != before.size]
        if tried:
            self.negotiate(Mode(before.size, before.fps, before.fourcc or None))
        return [before, *(each for each in tried if each.size in sizes)]

    def grab(self, timeout: float) -> bool:
        """Wait for a picture, at most `timeout` s where the system can: on Linux, and of videos. DeviceLost."""
        if self.is_v4l2:
            return self._wait(timeout)
        if self._pace and not self._is_due(timeout):
            return False
        with self._lock:
            if not self._video.grab():
                raise DeviceLost(f"{self.source} " + ("has ended" if self.is_video else "gives no pictures any more"))
        return True

    def retrieve(self) -> Picture:
        """The picture that was grabbed. DeviceLost if there is none, after all."""
        with self._lock:
            whole, bgr = self._video.retrieve()
            stamp = round(max(0.0, self._video.get(cv2.CAP_PROP_POS_MSEC)) * 1e6)
        if not whole:
            raise DeviceLost(f"{self.source} gave no picture: check its cable")
        arrived = stamp if self.is_v4l2 or self.is_video else time.monotonic_ns()
        return Picture(np.asarray(bgr, np.uint8), stamp, arrived)

    def get(self, prop: int) -> float:
        """The value of one of OpenCV's CAP_PROP_…; mostly -1 where there is none."""
        with self._lock:
            return float(self._video.get(prop))

    def set(self, prop: int, value: float) -> bool:
        """Set one of OpenCV's CAP_PROP_…; what came of it, `get` tells."""
        with self._lock:
            return bool(self._video.set(prop, value))

    def close(self) -> None:
        """Give it free; twice does no harm."""
        with self._lock:
            self._video.release()

    def _wait(self, timeout: float) -> bool:
        try:
            return bool(cv2.VideoCapture.waitAny([self._video], max(1, int(timeout * 1e9)))[0])  # 0 is for ever
        except cv2.error as error:
            raise DeviceLost(f"{self.source} was unplugged, or failed: {reason(error)}") from error

    def _is_due(self, timeout: float) -> bool:
        """Wait for the next picture's time; False if that is later."""
        now = time.monotonic()
        self._due = self._due or now
        if self._due - now > timeout:
            time.sleep(timeout)
            return False
        time.sleep(max(0.0, self._due - now))
        self._due = max(self._due + self._pace, now - self._pace)
        return True


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep OpenCV from writing what errors say too."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _opened_video(path: str) -> cv2.VideoCapture:
    if not Path(path).is_file():
        raise CameraNotFound.among(path, _names())
    with _quiet():
        video = cv2.VideoCapture(path)
    if not video.isOpened():
        raise InputError(f"{path} is no video that OpenCV can read: give an .avi, .mp4 or .mkv")
    return video


def _opened_device(number: int) -> cv2.VideoCapture:
    if _LINUX:
        _check_access(video_devices.DEVICES / f"video{number}")
    with _quiet():
        video = cv2.VideoCapture(number, cv2.CAP_V4L2 if _LINUX else cv2.CAP_ANY)
    if not video.isOpened():
        raise DeviceBusy(f"video device {number} does not open: close the program that has it, or give another number")
    return video


def _check_access(node: Path) -> None:
    if not node.exists():
        raise CameraNotFound.among(str(node), _names())
    if not os.access(node, os.R_OK | os.W_OK):
        raise AccessDenied(
            f"{node} may not be opened by this user: run 'sudo usermod -aG video $USER', then log out and in again"
        )


def _names() -> list[str]:
    return [f"/dev/video{device.number} ({device.name})" for device in video_devices.video_devices()]


def _fourcc(text: str) -> int:
    if len(text) != 4 or not text.isascii():
        raise InputError(f"format={text} is not possible: it is four letters, as MJPG or YUYV")
    return cv2.VideoWriter.fourcc(*text)
