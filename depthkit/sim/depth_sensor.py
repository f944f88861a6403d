"""A depth camera with a projector beside it, as structured light and active stereo have."""

from dataclasses import dataclass

import numpy as np

from depthkit import kernels
from depthkit.arrays import F64
from depthkit.cameras import CameraModel
from depthkit.sim.noise import normal_quantiles, words
from depthkit.sim.rays import cast, seen_from
from depthkit.sim.render import rays_of
from depthkit.sim.scene import Scene
from depthkit.threads import for_rows
from depthkit.transforms import from_rotation_translation
from depthkit.types import DepthImage, Reason


@dataclass(frozen=True, slots=True)
class DepthSensor:
    """What the sensor can measure.

    range: nearest and farthest depth, m; grazing: least cosine between ray and surface normal; edge: least step of
    depth, as a share of it, beside which nothing is measured; jitter: σ of the sideways error, px; baseline: of the
    projector to the camera's right, m; unit: step of the depths given out, m.
    """

    range: tuple[float, float] = (0.5, 4.5)
    grazing: float = 0.17
    edge: float = 0.03
    jitter: float = 0.5
    baseline: float = 0.055
    unit: float = 0.001


def measure(
    scene: Scene, camera: CameraModel, T_world_camera: F64, sensor: DepthSensor, seed: str, stamp_ns: int = 0
) -> DepthImage:
    """Depth as such a camera (without distortion) measures it: noise that grows with depth², holes with reasons.

    The noise along the axis is Nguyen, Izadi & Lovell's model of the Kinect (3DIMPVT 2012); confidence is the least
    σ over that of the pixel. Holes: TOO_NEAR, TOO_FAR, NO_DATA (nothing there or at a grazing angle), FLYING (beside
    an edge), LEFT_RIGHT (the projector's light does not get there). The noise is a hash of `seed` and the pixel.
    """
    rays, shapes = rays_of(camera), seen_from(scene, T_world_camera)
    hits = cast(shapes, rays)
    T_camera_projector = from_rotation_translation(np.eye(3), (sensor.baseline, 0, 0))
    lit = cast(seen_from(scene, T_world_camera @ T_camera_projector), rays).depth
    depth, confidence = np.empty_like(lit), np.empty_like(lit)
    reason = np.empty(lit.shape, np.uint16)
    for_rows(
        kernels.depth_sensor.measure, camera.height, rays.xy, hits.depth, hits.surface, lit, shapes,
        limits_of(sensor, camera), words(seed), normal_quantiles(), depth, reason, confidence,
    )  # fmt: skip
    return DepthImage(depth, reason, confidence, camera, stamp_ns)


def limits_of(sensor: DepthSensor, camera: CameraModel) -> tuple[np.generic, ...]:
    """The sensor's settings, for a camera, as `kernels.depth_sensor.Limits`."""
    shift = camera.fx * sensor.baseline
    lengths = (*sensor.range, sensor.grazing, sensor.edge, sensor.jitter, shift, sensor.unit)
    bits = (Reason.NO_DATA, Reason.TOO_NEAR, Reason.TOO_FAR, Reason.FLYING, Reason.LEFT_RIGHT)
    limits: tuple[np.generic, ...] = kernels.depth_sensor.Limits(*map(np.float32, lengths), *map(np.uint16, bits))
    return limits
