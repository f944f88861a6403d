"""What inertial sensors felt, where their parts come apart."""

import numpy as np

from depthkit.arrays import F64, I64
from depthkit.types import ImuSamples


def merged(gyro_ns: I64, angular_velocity: F64, accelerometer_ns: I64, acceleration: F64) -> ImuSamples | None:
    """Samples at the gyroscope's stamps, with the acceleration interpolated to them; None if one part has none.

    gyro_ns (N,), angular_velocity (N, 3) rad/s, accelerometer_ns (M,), acceleration (M, 3) m/s², by rising stamps.
    Before the first and after the last acceleration, that one counts.
    """
    if not len(gyro_ns) or not len(accelerometer_ns):
        return None
    since = gyro_ns[0]  # stamps in ns need more digits than floats have
    at, known = (gyro_ns - since).astype(np.float64), (accelerometer_ns - since).astype(np.float64)
    felt = np.stack([np.interp(at, known, axis) for axis in acceleration.T], -1)
    return ImuSamples(gyro_ns, angular_velocity, felt)
