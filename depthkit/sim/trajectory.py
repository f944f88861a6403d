"""How the simulated camera moves: a hand-held loop in front of the table, never twice at the same angle."""

import numpy as np

from depthkit import transforms
from depthkit.arrays import F64

PERIOD = 12.0
"""Seconds until the loop closes exactly."""

_CENTER = np.array([0.0, -1.3, 0.05])
_SWING = np.array([0.55, 0.12, 0.28])
_TARGET = np.array([0.1, -0.92, 2.3])
_TREMOR_M, _TREMOR_RAD = 0.002, 0.0025


def pose(seconds: float) -> F64:
    """(4, 4) `T_world_camera` at that time: x right, y down (gravity), z forward, metres."""
    phase = 2 * np.pi * seconds / PERIOD
    eye = _CENTER + _SWING * (np.sin(phase), np.sin(2 * phase), -np.cos(phase) + 1)
    target = _TARGET + np.array([0.25 * np.sin(phase + 0.7), 0.06 * np.sin(3 * phase), 0.0])
    # A whole number of swings a loop, so that it closes; none in step with another.
    shake = np.sin(phase * np.array([13, 17, 19, 23, 29, 31]) + np.arange(6))
    T_world_camera = transforms.look_at(eye + _TREMOR_M * shake[:3], target)
    wobble = transforms.from_rotation_translation(transforms.rotation_from_vector(_TREMOR_RAD * shake[3:]), (0, 0, 0))
    return T_world_camera @ wobble
