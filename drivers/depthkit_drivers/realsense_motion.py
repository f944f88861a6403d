"""The motion sensors of a RealSense camera, read beside its pictures."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pyrealsense2 as rs

from depthkit.arrays import F64, I64
from depthkit.imu import merged
from depthkit.live import Profile
from depthkit.types import ImuSamples

_QUEUE = 2000  # samples, of some seconds
_KINDS = rs.stream.gyro, rs.stream.accel

Sample = tuple[int, tuple[float, float, float]]


class MotionReader:
    """Gyroscope and accelerometer of a camera, each at its highest rate, merged at the gyroscope's stamps.

    They are their own streams, since a pipeline would hand out a set of pictures with each of their samples.
    profiles: as a stream "imu", for who asks for it, if the camera has both; wanted: whether somebody does.
    """

    def __init__(self, sensors: Sequence[rs.sensor]) -> None:
        self._sensor = next((sensor for sensor in sensors if sensor.is_motion_sensor()), None)
        streams = [] if self._sensor is None else list(self._sensor.get_stream_profiles())
        fastest = sorted(streams, key=lambda stream: -stream.fps())
        found = [next((each for each in fastest if each.stream_type() == kind), None) for kind in _KINDS]
        self._streams = [stream for stream in found if stream is not None]
        both = len(self._streams) == len(_KINDS)
        self.profiles = [Profile("imu", 0, 0, self._streams[0].fps(), optional=True)] if both else []
        self.wanted = False
        self._queue = rs.frame_queue(_QUEUE)
        self._samples: dict[rs.stream, deque[Sample]] = {kind: deque() for kind in _KINDS}

    @property
    def profile(self) -> rs.stream_profile | None:
        """The stream whose axes the samples are in, if they are wanted."""
        return self._streams[0] if self.wanted else None

    def start(self) -> None:
        """Begin to queue samples."""
        if self.wanted and self._sensor is not None:
            self._sensor.open(self._streams)
            self._sensor.start(self._queue)

    def stop(self) -> None:
        """End; does no harm if it has not begun."""
        if self.wanted and self._sensor is not None:
            for end in (self._sensor.stop, self._sensor.close):
                with suppress(RuntimeError):
                    end()
        for samples in self._samples.values():
            samples.clear()

    def take(self) -> ImuSamples | None:
        """What was felt since it was last asked for."""
        while frame := self._queue.poll_for_frame():
            self.add(frame.as_motion_frame())
        gyro, accelerometer = (self._samples[kind] for kind in _KINDS)
        if not gyro or not accelerometer:
            return None
        found = merged(*_columns(gyro), *_columns(accelerometer))
        gyro.clear()
        while len(accelerometer) > 1:  # the last one is where the next samples are interpolated from
            accelerometer.popleft()
        return found

    def add(self, frame: rs.motion_frame) -> None:
        """Keep one sample, in rad/s or m/s²."""
        data = frame.get_motion_data()
        stamp_ns = round(frame.get_timestamp() * 1e6)
        self._samples[frame.get_profile().stream_type()].append((stamp_ns, (data.x, data.y, data.z)))


def _columns(samples: Sequence[Sample] | deque[Sample]) -> tuple[I64, F64]:
    stamps, values = zip(*samples, strict=True)
    return np.array(stamps, np.int64), np.array(values, np.float64)
