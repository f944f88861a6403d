"""What an IMU felt as ROS's Imu messages, one a sample. Their device stamps, which ROS has no place for, are beside."""

from collections.abc import Iterator, Mapping, Sequence
from operator import index
from typing import Any

import numpy as np

from depthkit.bag import ros
from depthkit.bag.ros import Message
from depthkit.types import FrameSet, ImuSamples

TOPIC = "/imu"


def pack(frames: FrameSet, samples: ImuSamples) -> Iterator[Message]:
    """Messages whose stamps are as far from the frame's, on the host's clock, as on the device's."""
    offset = frames.stamp_host_ns - frames.stamp_device_ns
    each = zip(samples.stamps_ns.tolist(), samples.angular_velocity, samples.acceleration, strict=True)
    for stamp, angular_velocity, acceleration in each:
        host = min(max(stamp + offset, 0), frames.stamp_host_ns)  # felt by then, whatever the clocks say
        yield Message(TOPIC, ros.IMU, ros.imu(angular_velocity, acceleration, host))


def describe(samples: ImuSamples | None) -> Mapping[str, Any]:
    """What a frame's record says of them: nothing if there are none."""
    return {} if samples is None else {"imu": {"stamps_ns": samples.stamps_ns.tolist()}}


def unpack(record: Mapping[str, Any], messages: Sequence[memoryview]) -> ImuSamples | None:
    """The samples of a record and of its messages; ValueError if these are not as many as the record says."""
    if "imu" not in record:
        return None
    stamps = np.array([index(stamp) for stamp in record["imu"]["stamps_ns"]], np.int64)
    if len(stamps) != len(messages):
        raise ValueError(f"it has {len(messages)} of {len(stamps)} samples of the IMU")
    felt = np.array([ros.read_imu(data) for data in messages], np.float64).reshape(-1, 2, 3)
    return ImuSamples(stamps, felt[:, 0], felt[:, 1])
