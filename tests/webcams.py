"""Webcams for tests: OpenCV's capture of V4L2 imitated, the files by which Linux lists devices, and exact videos."""

import struct
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from depthkit.arrays import U8
from depthkit_drivers import opencv_capture, video_devices

FPS = 60.0
MODES = ((640, 480), (1280, 720), (2560, 720))
EXPOSURE, GAIN, AUTO_EXPOSURE = cv2.CAP_PROP_EXPOSURE, cv2.CAP_PROP_GAIN, cv2.CAP_PROP_AUTO_EXPOSURE


class FakeVideoCapture:
    """Does as OpenCV's V4L2 backend: takes the nearest mode, says -1 for settings it has not, clamps those it has.

    opened: all there were; busy: numbers of those that do not open; late_ms: how much later than the first webcam
    another takes its pictures; left: how many pictures a webcam gives before it is unplugged.
    """

    opened: ClassVar[list["FakeVideoCapture"]] = []
    busy: ClassVar[set[int]] = set()
    late_ms: ClassVar[dict[int, float]] = {}
    left: ClassVar[int] = 1_000_000

    def __init__(self, number: int, backend: int) -> None:
        assert backend == cv2.CAP_V4L2
        self.number, self.count, self.released, self.timeouts = number, 0, False, list[int]()
        self.values = {EXPOSURE: 157.0, GAIN: 0.0, AUTO_EXPOSURE: 3.0, cv2.CAP_PROP_FPS: FPS}
        self.values |= {cv2.CAP_PROP_FRAME_WIDTH: 640, cv2.CAP_PROP_FRAME_HEIGHT: 480}
        self.values[cv2.CAP_PROP_FOURCC] = fourcc("YUYV")
        self.opened.append(self)

    def isOpened(self) -> bool:
        return self.number not in self.busy

    def getBackendName(self) -> str:
        return "V4L2"

    def get(self, prop: int) -> float:
        if prop == cv2.CAP_PROP_POS_MSEC:
            return 5000 + (self.count - 1) * 1000 / FPS + self.late_ms.get(self.number, 0.0)
        return self.values.get(prop, -1.0)

    def set(self, prop: int, value: float) -> bool:
        if prop not in self.values:
            return False
        self.values[prop] = min(value, 5000.0) if prop == EXPOSURE else value
        if prop == cv2.CAP_PROP_FRAME_HEIGHT:  # a width alone waits for its height
            wanted = self.values[cv2.CAP_PROP_FRAME_WIDTH], value
            width, height = min(MODES, key=lambda size: abs(size[0] - wanted[0]) + abs(size[1] - wanted[1]))
            self.values |= {cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height}
        return True

    def retrieve(self) -> tuple[bool, U8]:
        width, height = (int(self.values[prop]) for prop in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        return True, np.full((height, width, 3), (10 + self.number, 20, self.count % 200), np.uint8)

    def release(self) -> None:
        self.released = True

    @staticmethod
    def waitAny(streams: Sequence["FakeVideoCapture"], timeout_ns: int) -> tuple[bool, Sequence[int]]:
        (one,) = streams
        one.timeouts.append(timeout_ns)
        if one.count >= one.left:
            raise cv2.error("Error: VIDIOC_DQBUF: No such device")
        time.sleep(min(timeout_ns / 1e9, 0.2 / FPS))
        one.count += 1
        return True, [0]


def fourcc(text: str) -> int:
    (code,) = struct.unpack("<i", text.encode())
    return int(code)


def plug_in(folder: Path, monkeypatch: pytest.MonkeyPatch, vendor: str = "046d", name: str = "Stereo Cam") -> None:
    """Video devices 0 and 2 (1 gives metadata only) in a /dev and a /sys of their own, with the fake capture."""
    devices, listed = folder / "dev", folder / "sys" / "class"
    (devices / "v4l" / "by-id").mkdir(parents=True)
    for number, index in ((0, 0), (1, 1), (2, 0)):
        usb = folder / "sys" / "devices" / f"usb{number}"
        node = listed / f"video{number}"
        for made in (usb / "1-1:1.0", node):
            made.mkdir(parents=True)
        (usb / "idVendor").write_text(f"{vendor}\n")
        (usb / "serial").write_text(f"S{number}\n")
        (node / "name").write_text(f"{name}\n")
        (node / "index").write_text(f"{index}\n")
        (node / "device").symlink_to(usb / "1-1:1.0")
        (devices / f"video{number}").touch()
    (devices / "v4l" / "by-id" / "usb-Maker_Cam_S2-video-index0").symlink_to(devices / "video2")
    monkeypatch.setattr(video_devices, "DEVICES", devices)
    monkeypatch.setattr(video_devices, "LISTED", listed)
    monkeypatch.setattr(opencv_capture, "_LINUX", True)
    monkeypatch.setattr(cv2, "VideoCapture", FakeVideoCapture)
    for field, value in (("opened", []), ("busy", set()), ("late_ms", {}), ("left", 1_000_000)):
        monkeypatch.setattr(FakeVideoCapture, field, value)


def write_video(path: Path, pictures: Iterable[NDArray[Any]], codec: str, fps: float = FPS) -> Path:
    """A video of RGB pictures by OpenCV; FFV1 keeps every bit."""
    writer = None
    for picture in pictures:
        if writer is None:
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, picture.shape[1::-1])
            assert writer.isOpened()
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert writer is not None
    writer.release()
    return path
