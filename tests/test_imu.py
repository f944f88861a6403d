"""Gyroscope and accelerometer brought together."""

import numpy as np

from depthkit import imu

AT = 1_700_000_000_000_000_000


def test_acceleration_is_taken_at_the_gyroscopes_stamps() -> None:
    gyro_ns, accelerometer_ns = AT + np.arange(4) * 5_000_000, AT + np.array([0, 10_000_000])
    turns, felt = np.arange(12.0).reshape(4, 3), np.array([[0, 9.8, 0], [2, 9.8, -4]], float)
    found = imu.merged(gyro_ns, turns, accelerometer_ns, felt)
    assert found is not None
    np.testing.assert_array_equal(found.stamps_ns, gyro_ns)
    np.testing.assert_array_equal(found.angular_velocity, turns)
    np.testing.assert_allclose(found.acceleration[:, 0], [0, 1, 2, 2])
    np.testing.assert_allclose(found.acceleration[:, 2], [0, -2, -4, -4])


def test_a_part_alone_is_no_sample() -> None:
    none, some = np.empty(0, np.int64), np.array([AT])
    assert imu.merged(some, np.zeros((1, 3)), none, np.empty((0, 3))) is None
    assert imu.merged(none, np.empty((0, 3)), some, np.zeros((1, 3))) is None
