"""All kernels that the commands use, compiled ahead: by running what uses them on images too small to take time."""

import functools
import logging
import time
from collections.abc import Callable, Iterator
from typing import get_args

import cv2
import numpy as np

from depthkit import codec, images, stereo
from depthkit.arrays import U8, Image
from depthkit.bag import Packing, depth_messages
from depthkit.cameras import CameraModel
from depthkit.capture import open_camera
from depthkit.pipeline import PipelineConfig, Reconstructor
from depthkit.rectify import Rectifier
from depthkit.recycling import Recycler
from depthkit.stereo import Sgm
from depthkit.types import DepthImage, FrameSet
from depthkit_tools.console import hearing_of_kernels, say

SIZE = "size=320x64"  # wide enough for the most disparities
DISPARITIES = (128, 64, 192, 256)  # vectors of each number are kernels of their own
MODES = (
    cv2.STEREO_SGBM_MODE_SGBM_3WAY,
    cv2.STEREO_SGBM_MODE_SGBM,
    cv2.STEREO_SGBM_MODE_HH4,
    cv2.STEREO_SGBM_MODE_HH,
)

Part = tuple[str, Callable[[], object]]


class Tally(logging.Handler):
    """Counts the kernels that are compiled."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """One more."""
        self.count += 1


def warm() -> str:
    """Compile what is not compiled yet, saying how it goes; returns the result in words."""
    tally, start = Tally(), time.perf_counter()
    with hearing_of_kernels(tally):
        for name, run in _parts():
            before, began = tally.count, time.perf_counter()
            run()
            compiled, seconds = tally.count - before, time.perf_counter() - began
            say(f"{name}: " + (f"{compiled} kernels compiled in {seconds:.1f} s" if compiled else "all there already"))
    seconds = time.perf_counter() - start
    return f"{tally.count} compiled in {seconds:.1f} s" if tally.count else "all there already"


def _parts() -> Iterator[Part]:
    yield "simulated cameras", _simulate
    yield "from images to clouds", _reconstruct
    for number in DISPARITIES:
        yield f"{number} disparities", functools.partial(_match, number)
    yield "other settings", _match_otherwise
    yield "OpenCV's settings", _match_blocks
    yield "compressed depth", _compress


def _simulate() -> None:
    for address in ("stereo", "rgbd", "rgbd?noise=0"):
        _frame(address)


def _reconstruct() -> None:
    """Every kind of image, from cameras that are to be rectified and from such as are already."""
    raw = _frame("stereo")
    config = PipelineConfig(sgm=Sgm(num_disparities=DISPARITIES[0]))
    for rig in (raw.rig, Rectifier(raw.rig).rig):
        for kind in (images.to_u8, images.to_grey, _deep):
            Reconstructor(rig, config)(FrameSet({role: kind(image) for role, image in raw.images.items()}, rig))
    measured = _frame("rgbd")
    Reconstructor(measured.rig, config)(measured)


def _deep(image: Image) -> Image:
    """Grey of 16 bits, as infrared cameras give."""
    return images.to_grey(image).astype(np.uint16) * np.uint16(257)


def _match(number: int) -> None:
    for paths in (3, 4, 5, 8):
        stereo.match(*_pair(), Sgm(num_disparities=number, paths=paths))


def _match_otherwise() -> None:
    for options in ({"median": 3}, {"census": 7}, {"census": 9}, {"cost": "census"}, {"half": True}):
        stereo.match(*_pair(), Sgm(num_disparities=DISPARITIES[0], **options))


def _match_blocks() -> None:
    for mode in MODES:
        settings = Sgm.from_opencv(numDisparities=DISPARITIES[0], speckleWindowSize=10, mode=mode)
        stereo.match(*_pair(), settings)


def _compress() -> None:
    depth = np.ones((8, 8), np.uint16)
    for mode in get_args(codec.Mode):
        codec.decode(codec.encode(depth, mode))
    camera = CameraModel(8, 8, 8.0, 8.0, 3.5, 3.5)
    certain = np.zeros((8, 8), np.uint16), np.ones((8, 8), np.float32)
    measured = DepthImage(images.dequantize(depth, 0.001), *certain, camera)
    how, packed = depth_messages.pack(measured, "depth", 0, Packing())
    depth_messages.unpack(how, {each.topic: memoryview(b"".join(each.parts)) for each in packed}, Recycler())


def _pair() -> tuple[U8, U8]:
    left, right = (images.to_u8(images.to_grey(image)) for image in _frame("stereo").images.values())
    return left, right


def _frame(address: str) -> FrameSet:
    with open_camera(f"sim:{address}{'&' if '?' in address else '?'}{SIZE}") as camera:
        return next(iter(camera.frames()))
