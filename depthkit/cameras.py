"""Cameras and rigs: the geometry every other module is given. Pixel (0, 0) is the centre of the top-left pixel."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Real
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from depthkit import lenses, transforms
from depthkit.arrays import F32, F64, readonly
from depthkit.errors import CalibrationError


@dataclass(frozen=True, slots=True)
class CameraModel:
    """One camera: image size and focal lengths, principal point in pixels, and how its lens bends rays.

    `model` is "pinhole" (no coefficients), "brown_conrady" (4, 5, 8 or 12 coefficients in OpenCV's order
    k1 k2 p1 p2 [k3 [k4 k5 k6 [s1 s2 s3 s4]]]) or "fisheye" (k1–k4). Hashable; raises CalibrationError when
    a number is missing, not finite, or out of range.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()
    model: str = "pinhole"

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            object.__setattr__(self, name, _pixels(name, getattr(self, name)))
        for name in ("fx", "fy", "cx", "cy"):
            object.__setattr__(self, name, _finite(name, getattr(self, name)))
        if not isinstance(self.distortion, Iterable):
            raise CalibrationError(f"distortion must be a list of numbers, not {self.distortion!r}")
        object.__setattr__(self, "distortion", tuple(_finite("distortion", k) for k in self.distortion))
        if self.model not in lenses.COEFFICIENTS:
            raise CalibrationError(
                f"camera model {self.model!r} is unknown: use one of {', '.join(lenses.COEFFICIENTS)}"
            )
        allowed = lenses.COEFFICIENTS[self.model]
        if len(self.distortion) not in allowed:
            raise CalibrationError(
                f"a {self.model} camera takes {' or '.join(map(str, allowed))} distortion coefficients, "
                f"not {len(self.distortion)}"
            )
        if self.fx <= 0 or self.fy <= 0:
            raise CalibrationError(f"focal lengths are in pixels and positive, not fx={self.fx}, fy={self.fy}")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.width, self.height

    @property
    def K(self) -> F64:
        """(3, 3) camera matrix."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]])

    def project(self, points: ArrayLike) -> F64:
        """Pixels (..., 2) as (u, v) of points (..., 3) in the camera frame; NaN for points not in front of it."""
        p = np.asarray(points, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            xy = np.where(p[..., 2:] > 0, p[..., :2] / p[..., 2:], np.nan)
        return lenses.distort(self.model, self.distortion, xy) * (self.fx, self.fy) + (self.cx, self.cy)

    def unproject(self, pixels: ArrayLike) -> F64:
        """Ideal normalised coordinates (..., 2), x/z and y/z, of pixels (..., 2) given as (u, v).

        NaN where no ray of the model reaches the pixel. `depth * [x, y, 1]` is the point at depth z.
        """
        xy = (np.asarray(pixels, np.float64) - (self.cx, self.cy)) / (self.fx, self.fy)
        return lenses.undistort(self.model, self.distortion, xy)

    def rays(self) -> F32:
        """(2, H, W) float32 table of x/z and y/z for each pixel, lens included; made once a camera."""
        return _rays(self)

    def resized(self, width: int, height: int) -> Self:
        """The same camera after its image is resampled to another size (pixel centres at integers)."""
        sx, sy = width / self.width, height / self.height
        cx, cy = (self.cx + 0.5) * sx - 0.5, (self.cy + 0.5) * sy - 0.5
        return type(self)(width, height, self.fx * sx, self.fy * sy, cx, cy, self.distortion, self.model)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a file; `from_dict` reads them back unchanged."""
        values = {name: getattr(self, name) for name in ("width", "height", "fx", "fy", "cx", "cy")}
        return {**values, "model": self.model, "distortion": list(self.distortion)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str = "camera") -> Self:
        """A camera from `to_dict`'s values; CalibrationError names a missing, unknown or unusable key."""
        known = {"width", "height", "fx", "fy", "cx", "cy", "model", "distortion"}
        _check_keys(values, known - {"model", "distortion"}, known, where)
        try:
            return cls(**values)
        except CalibrationError as error:
            raise CalibrationError(f"{where}: {error}") from error


@lru_cache(maxsize=8)
def _rays(camera: CameraModel) -> F32:
    v, u = np.mgrid[: camera.height, : camera.width]
    xy = camera.unproject(np.stack([u, v], -1))
    return readonly(np.moveaxis(xy, -1, 0).astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """Named cameras held rigidly together, each with its place in one common frame.

    `cameras` maps a role ("left", "right", "color", "depth", …) to its model; `T_camera_rig` maps the same
    roles to (4, 4) transforms in metres (a role left out sits at the rig's origin). `provenance` keeps where
    the numbers came from. `T_imu_rig` places an inertial measurement unit, if there is one. Raises CalibrationError
    for transforms that are not rigid or name no camera.
    """

    cameras: Mapping[str, CameraModel]
    T_camera_rig: Mapping[str, F64] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    T_imu_rig: F64 | None = None

    def __post_init__(self) -> None:
        if not self.cameras:
            raise CalibrationError("a rig needs at least one camera")
        if unknown := set(self.T_camera_rig) - set(self.cameras):
            raise CalibrationError(f"the rig places cameras it does not have: {', '.join(sorted(unknown))}")
        poses = {
            role: readonly(transforms.check(f"T_{role}_rig", self.T_camera_rig.get(role, np.eye(4))))
            for role in self.cameras
        }
        object.__setattr__(self, "cameras", MappingProxyType(dict(self.cameras)))
        object.__setattr__(self, "T_camera_rig", MappingProxyType(poses))
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))
        if self.T_imu_rig is not None:
            object.__setattr__(self, "T_imu_rig", readonly(transforms.check("T_imu_rig", self.T_imu_rig)))

    @classmethod
    def stereo(
        cls,
        left: CameraModel,
        right: CameraModel,
        T_right_left: ArrayLike,
        provenance: Mapping[str, str] | None = None,
    ) -> Self:
        """A pair whose common frame is the left camera's."""
        poses = {"right": transforms.check("T_right_left", T_right_left)}
        return cls({"left": left, "right": right}, poses, provenance or {})

    def camera(self, role: str) -> CameraModel:
        """The camera of that role; CalibrationError says which roles there are."""
        if role not in self.cameras:
            raise CalibrationError(f"the rig has no {role!r} camera; it has {', '.join(sorted(self.cameras))}")
        return self.cameras[role]

    def T(self, target: str, source: str) -> F64:
        """`T_target_source` between two cameras of the rig."""
        self.camera(target), self.camera(source)
        return self.T_camera_rig[target] @ transforms.inverse(self.T_camera_rig[source])

    @property
    def left(self) -> CameraModel:
        """The left camera of a stereo rig."""
        return self.camera("left")

    @property
    def right(self) -> CameraModel:
        """The right camera of a stereo rig."""
        return self.camera("right")

    @property
    def baseline(self) -> float:
        """Distance between the left and the right optical centre in metres."""
        return math.hypot(*self.T("right", "left")[:3, 3].tolist())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a file, by role; `from_dict` reads them back unchanged."""
        cameras = {
            role: {**camera.to_dict(), "T_camera_rig": self.T_camera_rig[role].tolist()}
            for role, camera in self.cameras.items()
        }
        imu = {} if self.T_imu_rig is None else {"T_imu_rig": self.T_imu_rig.tolist()}
        return {**imu, "cameras": cameras, "provenance": dict(self.provenance)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str = "rig") -> Self:
        """A rig from `to_dict`'s values; CalibrationError names a missing, unknown or unusable key."""
        _check_keys(values, {"cameras"}, {"cameras", "provenance", "T_imu_rig"}, where)
        cameras, poses = {}, {}
        for role, entry in _table(f"{where}: cameras", values["cameras"]).items():
            here = f"{where}: cameras.{role}"
            camera = dict(_table(here, entry))
            pose = camera.pop("T_camera_rig", None)
            cameras[role] = CameraModel.from_dict(camera, here)
            if pose is not None:
                poses[role] = transforms.check(f"{here}.T_camera_rig", pose)
        provenance = _table(f"{where}: provenance", values.get("provenance", {}))
        imu = values.get("T_imu_rig")
        return cls(
            cameras,
            poses,
            {key: str(value) for key, value in provenance.items()},
            None if imu is None else transforms.check(f"{where}: T_imu_rig", imu),
        )

    def digest(self) -> str:
        """SHA-256 (hex) of the calibration's numbers, to be kept beside every output made with it."""
        numbers = {key: value for key, value in self.to_dict().items() if key != "provenance"}
        text = json.dumps(numbers, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _check_keys(values: Mapping[str, Any], required: set[str], known: set[str], where: str) -> None:
    if missing := required - set(values):
        raise CalibrationError(f"{where}: missing {', '.join(sorted(missing))}")
    if unknown := set(values) - known:
        raise CalibrationError(
            f"{where}: unknown key {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}"
        )


def _table(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CalibrationError(f"{name} must be a table of values, not {value!r}")
    return value


def _finite(name: str, value: Any) -> float:
    with suppress(OverflowError):  # an integer above all floats
        if isinstance(value, Real) and math.isfinite(value):
            return float(value)
    raise CalibrationError(f"{name} must be a finite number, not {value!r}")


def _pixels(name: str, value: Any) -> int:
    number = _finite(name, value)
    if number < 1 or number != int(number):
        raise CalibrationError(f"{name} must be a positive whole number of pixels, not {value!r}")
    return int(number)
