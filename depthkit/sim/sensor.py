"""From radiance to the digits of an image sensor: blur, exposure, photon and read noise, gamma."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from depthkit import kernels
from depthkit.arrays import F32, U8
from depthkit.errors import InputError
from depthkit.sim.noise import normal_quantiles, words
from depthkit.threads import for_rows


@dataclass(frozen=True, slots=True)
class Sensor:
    """An image sensor and its settings. Radiance 1 fills its wells in 10 ms.

    exposure_us; full_well: electrons, the more the less photon noise; read_noise: electrons rms; blur: σ of the
    optics' Gaussian point spread in px; gamma: 8-bit code = signal^(1/gamma); noise: False leaves both noises out.
    """

    exposure_us: float = 10_000.0
    full_well: float = 8_000.0
    read_noise: float = 6.0
    blur: float = 0.6
    gamma: float = 2.2
    noise: bool = True

    def __post_init__(self) -> None:
        if min(self.exposure_us, self.full_well, self.gamma) <= 0 or min(self.read_noise, self.blur) < 0:
            raise InputError(f"exposure, full well and gamma must be positive, noise and blur not negative: {self}")


def expose(radiance: F32, sensor: Sensor, seed: str) -> U8:
    """uint8 image of (H, W) or (H, W, 3) float32 linear radiance.

    The noise is a hash of `seed` and of each sample's place: the same whatever the number of threads. Photon
    transfer (Janesick 2007): variance in electrons = mean + read_noise².
    """
    light = radiance * np.float32(sensor.exposure_us / 10_000.0)
    if sensor.blur > 0:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), sensor.blur, borderType=cv2.BORDER_REPLICATE), np.float32)
    gain = 1 / sensor.full_well if sensor.noise else 0.0
    digits = np.empty(light.shape, np.uint8)
    rows = len(light)
    for_rows(
        kernels.sensor.expose, rows, light.reshape(rows, -1), np.float32(gain), np.float32(sensor.read_noise**2),
        words(seed), normal_quantiles(), _transfer(sensor.gamma), digits.reshape(rows, -1),
    )  # fmt: skip
    return digits


@cache
def _transfer(gamma: float) -> U8:
    return np.rint(255 * np.linspace(0, 1, 4096) ** (1 / gamma)).astype(np.uint8)
