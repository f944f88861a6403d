"""Cameras to be recorded: pictures rendered once, with noise, that come again and again when they are due."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit import images
from depthkit.cameras import Rig
from depthkit.capture import Camera, open_camera
from depthkit.types import DepthImage, FrameSet, Reason


@dataclass(frozen=True, slots=True)
class Scene:
    """What a camera sees: stereo and rgbd are the sizes of a grey pair, and of depth and colour; None: it has none."""

    name: str
    fps: int
    stereo: str | None = None
    rgbd: str | None = None

    def render(self, count: int) -> list[FrameSet]:
        """The first frames."""
        parts = [_render(f"sim:{kind}?size={size}&frames={count}") for kind, size in self._kinds()]
        return [_joined(frames) for frames in zip(*parts, strict=True)]

    def _kinds(self) -> Iterator[tuple[str, str]]:
        for kind, size in (("stereo", self.stereo), ("rgbd", self.rgbd)):
            if size is not None:
                yield kind, size


class Paced(Camera):
    """A camera that gives `count` frames at `fps`, of the same few pictures.

    longest_pause: the longest time, in s, between two frames so far. When the whole program stands still the frames of
    that time all come at its end.
    """

    def __init__(self, pictures: list[FrameSet], fps: float, count: int) -> None:
        self._pictures, self._fps, self._count = pictures, fps, count
        self.longest_pause = 0.0

    @property
    def rig(self) -> Rig:
        """The calibration of all frames."""
        return self._pictures[0].rig

    def frame(self, i: int) -> FrameSet:
        """Frame `i`, now."""
        stamp = round(i * 1e9 / self._fps)
        picture = self._pictures[i % len(self._pictures)]
        return replace(picture, sequence=i, stamp_device_ns=stamp, stamp_host_ns=time.time_ns())

    def frames(self) -> Iterator[FrameSet]:
        """Every frame, no sooner than it is due."""
        start = last = time.monotonic()
        for i in range(self._count):
            time.sleep(max(0.0, start + i / self._fps - time.monotonic()))
            now = time.monotonic()
            self.longest_pause, last = max(self.longest_pause, now - last), now
            yield self.frame(i)

    def close(self) -> None:
        """Nothing to release."""

    def __exit__(self, *_: object) -> None: ...


def same_pixels(a: FrameSet, b: FrameSet) -> bool:
    """Whether two frames show the same, bit for bit."""
    ours, theirs = dict(_pixels(a)), dict(_pixels(b))
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)


def _pixels(frames: FrameSet) -> Iterator[tuple[str, NDArray[Any]]]:
    yield from frames.images.items()
    if frames.depth is not None:
        yield "depth", frames.depth.depth.view(np.uint32)  # its NaNs too
        yield "depth's reason", frames.depth.reason
        yield "depth's confidence", frames.depth.confidence


def _render(uri: str) -> list[FrameSet]:
    with open_camera(uri) as camera:
        return [_as_device(frames) for frames in camera.frames()]


def _as_device(frames: FrameSet) -> FrameSet:
    """Grey images, and depth as devices give it: in mm, and known or not."""
    if frames.depth is None:
        return replace(frames, images={role: images.to_grey(image) for role, image in frames.images.items()})
    depth = images.dequantize(images.quantize(frames.depth.depth, 0.001), 0.001)
    known = ~np.isnan(depth)
    reason = np.where(known, 0, Reason.NO_DATA).astype(np.uint16)
    return replace(frames, depth=DepthImage(depth, reason, known.astype(np.float32), frames.depth.camera))


def _joined(parts: tuple[FrameSet, ...]) -> FrameSet:
    """One frame of a rig that has the cameras of all."""
    cameras = {role: model for part in parts for role, model in part.rig.cameras.items()}
    poses = {role: T for part in parts for role, T in part.rig.T_camera_rig.items()}
    pictures = {role: image for part in parts for role, image in part.images.items()}
    depth = next((part.depth for part in parts if part.depth is not None), None)
    return FrameSet(pictures, Rig(cameras, poses), depth=depth)
