"""The simulated camera: the default source of frames, with exact truth beside them."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType

import numpy as np

from depthkit import transforms
from depthkit.arrays import F64, U8
from depthkit.cameras import CameraModel, Rig
from depthkit.sim import rigs, trajectory
from depthkit.sim.depth_sensor import DepthSensor, measure
from depthkit.sim.options import Options
from depthkit.sim.render import render, true_depth
from depthkit.sim.room import room
from depthkit.sim.sensor import Sensor, expose
from depthkit.types import DepthImage, FrameSet, Reason


class SimCamera:
    """A `depthkit.capture.Camera` in a procedural room.

    The same options give the same frames, byte by byte, whatever the number of threads.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.scene = room(self.options.seed)
        self.sensor = Sensor(noise=self.options.noise)
        self.depth_sensor = DepthSensor()
        self._rig = rigs.make(self.options)

    @property
    def rig(self) -> Rig:
        """Roles "left" and "right" (stereo), or "color" and "depth" (rgbd)."""
        return self._rig

    def frames(self) -> Iterator[FrameSet]:
        """Every frame once, from sequence 0; with `realtime` each no sooner than it is due."""
        start = time.monotonic()
        numbers = itertools.count() if self.options.frames is None else range(self.options.frames)
        for sequence in numbers:
            frame = self.frame(sequence)
            if self.options.realtime:
                time.sleep(max(0.0, start + sequence / self.options.fps - time.monotonic()))
                frame = replace(frame, stamp_host_ns=time.time_ns())
            yield frame

    def frame(self, sequence: int) -> FrameSet:
        """The frame of that number, made on its own."""
        images = {role: self._image(role, sequence) for role in self.rig.cameras if role != "depth"}
        depth = self._depth(sequence) if "depth" in self.rig.cameras else None
        return FrameSet(
            images,
            self.rig,
            sequence,
            stamp_device_ns=self._stamp_ns(sequence),
            stamp_host_ns=time.time_ns(),
            depth=depth,
            meta={"source": self.options.uri, "exposure_us": self.sensor.exposure_us},
        )

    def pose(self, sequence: int) -> F64:
        """(4, 4) pose `T_world_left` of the left (rgbd: depth) camera; gravity points along the world's +y."""
        return trajectory.pose(sequence / self.options.fps if self.options.motion else 0.0)

    def truth(self, sequence: int, camera: CameraModel | None = None, T_camera_left: F64 | None = None) -> DepthImage:
        """Exact depth seen by the left (rgbd: depth) camera, or by `camera` placed at `T_camera_left` from it."""
        camera = camera or self.rig.camera("left" if self.options.kind == "stereo" else "depth")
        T_left_camera = np.eye(4) if T_camera_left is None else transforms.inverse(T_camera_left)
        depth = true_depth(self.scene, camera, self.pose(sequence) @ T_left_camera)
        hit = np.isfinite(depth)
        reason = np.where(hit, 0, int(Reason.NO_DATA)).astype(np.uint16)
        return DepthImage(depth, reason, hit.astype(np.float32), camera, self._stamp_ns(sequence))

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> "SimCamera":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _image(self, role: str, sequence: int) -> U8:
        T_world_camera = self.pose(sequence) @ transforms.inverse(self.rig.T_camera_rig[role])
        radiance = render(self.scene, self.rig.camera(role), T_world_camera).radiance
        return expose(radiance, self.sensor, f"{self.options.seed}/{sequence}/{role}")

    def _depth(self, sequence: int) -> DepthImage:
        if not self.options.noise:
            return self.truth(sequence)
        seed = f"{self.options.seed}/{sequence}/depth"
        T_world_depth, stamp_ns = self.pose(sequence), self._stamp_ns(sequence)
        return measure(self.scene, self.rig.camera("depth"), T_world_depth, self.depth_sensor, seed, stamp_ns)

    def _stamp_ns(self, sequence: int) -> int:
        return round(sequence * 1e9 / self.options.fps)
