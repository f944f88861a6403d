"""Depth as GenICam cameras send it: the 3D Scan Control features of the Standard Features Naming Convention (SFNC).

Source: EMVA, GenICam Standard Features Naming Convention 2.7, chapter 3D Scan Control.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from depthkit import depth, transforms
from depthkit.arrays import F32
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError, InputError
from depthkit.types import DepthImage, Disparity, Reason

Getter = Callable[[str], bool | int | float | str | None]
"""The value of a feature by its name; None where the device has none, or cannot read it now."""

Selector = Callable[[str, str], object]
"""Set the feature of that name, a selector, to a value, if the device has it."""

_METRES = {"Millimeter": 1e-3, "Meter": 1.0, "Micrometer": 1e-6, "Inch": 0.0254}
_LEAST = np.float32(1 / 65535)
_DISTORTION = 8  # of LUCID: k1 k2 p1 p2 k3 k4 k5 k6


@dataclass(frozen=True, slots=True)
class Axis:
    """A coordinate of the points: `raw * scale + offset`; `invalid` is the raw value of what was not measured."""

    scale: float = 1.0
    offset: float = 0.0
    invalid: float | None = None

    def values(self, raw: NDArray[Any]) -> F32:
        """float32 coordinates, in units of the device, of raw ones; NaN where not measured."""
        with np.errstate(over="ignore", invalid="ignore"):
            values = raw.astype(np.float32) * np.float32(self.scale) + np.float32(self.offset)
            unknown = ~np.isfinite(values)
            if self.invalid is not None:  # a float of 64 bits would not be found among those of 32
                unknown |= raw == np.float32(self.invalid)
        values[unknown] = np.nan
        return values


@dataclass(frozen=True, slots=True)
class Scan3d:
    """What the features named Scan3d… of a device say about one of its components.

    axes: of the coordinates A, B and C, in Cartesian systems x, y and z; unit: metres of one step of them;
    output_mode: SFNC's name, as "CalibratedABC_Grid", "ProjectedC", "DisparityC"; focal_length, principal_point (u, v):
    px, in the region as it is sent, None if the device does not say; pixel centres are taken to be at integers;
    aspect_ratio: fy / fx; distortion: in OpenCV's order; baseline: m, None where it is no stereo camera.
    """

    axes: tuple[Axis, Axis, Axis] = (Axis(), Axis(), Axis())
    unit: float = _METRES["Millimeter"]
    output_mode: str = ""
    focal_length: float | None = None
    principal_point: tuple[float, float] | None = None
    aspect_ratio: float = 1.0
    distortion: tuple[float, ...] = ()
    baseline: float | None = None

    @classmethod
    def read(cls, get: Getter, select: Selector, prefix: str = "") -> Self:
        """From the features of a device, or with the prefix "Chunk" from those that came with a frame.

        Features that the device lacks stay at what SFNC has as default: millimetres, scale 1, offset 0. Raises
        CalibrationError for coordinates that are not depth along the camera's axis, and says what to set.
        """
        _check(get, prefix)
        axes = []
        for letter in "ABC":
            select(f"{prefix}Scan3dCoordinateSelector", f"Coordinate{letter}")
            axes.append(_axis(get, prefix))
        unit = str(get(f"{prefix}Scan3dDistanceUnit") or "Millimeter")
        mode = str(get(f"{prefix}Scan3dOutputMode") or ("DisparityC" if unit == "Pixel" else ""))
        if unit not in _METRES and "Disparity" not in mode:
            raise CalibrationError(f"its depth is in {unit}, not in lengths: set Scan3dDistanceUnit to Millimeter")
        focal, baseline = (_number(get, f"{prefix}Scan3d{name}") for name in ("FocalLength", "Baseline"))
        center = _center(get, f"{prefix}Scan3dPrincipalPoint", f"{prefix}Scan3dPrinciplePoint")  # as rc_visard has it
        aspect = _number(get, f"{prefix}Scan3dAspectRatio") or 1.0
        a, b, c = axes
        own = cls((a, b, c), _METRES.get(unit, 1.0), mode, focal or None, center, aspect, baseline=baseline or None)
        return own if focal or prefix else replace(own, **_lucid_lens(get, select))

    @property
    def is_disparity(self) -> bool:
        """Whether the C coordinate is a disparity in pixels."""
        return "Disparity" in self.output_mode

    def camera(self, width: int, height: int) -> CameraModel:
        """The camera that saw pictures of that size; without a principal point, it is in their middle.

        Raises CalibrationError where the device does not say its focal length.
        """
        if self.focal_length is None:
            raise CalibrationError("the camera does not say its focal length (Scan3dFocalLength): give rig=FILE")
        cx, cy = self.principal_point or ((width - 1) / 2, (height - 1) / 2)
        model = "brown_conrady" if self.distortion else "pinhole"
        fx, fy = self.focal_length, self.focal_length * self.aspect_ratio
        return CameraModel(width, height, fx, fy, cx, cy, self.distortion, model)

    def pair(self, width: int, height: int) -> Rig:
        """The rectified pair whose disparities these are; CalibrationError where it has no baseline."""
        if self.baseline is None:
            raise CalibrationError("the camera does not say its baseline (Scan3dBaseline): its disparity is no depth")
        camera = self.camera(width, height)
        T_right_left = transforms.from_rotation_translation(np.eye(3), (-self.baseline, 0, 0))
        return Rig.stereo(camera, camera, T_right_left, {"source": "Scan3d features of the camera"})


def depth_image(
    raw: NDArray[Any],
    scan3d: Scan3d,
    camera: CameraModel | None = None,
    confidence: NDArray[Any] | None = None,
    stamp_ns: int = 0,
) -> DepthImage:
    """Depth of a Range or Disparity component.

    raw: (H, W) of C coordinates or disparities, or (H, W, 3) of points in the order of the pixels, as the camera sends
    them; camera: None for `scan3d.camera`; confidence: that component, (H, W), see `confidence_of`. What is not
    measured is NO_DATA: the invalid value of C (those of A and B are on the axis, too), NaN, and z ≤ 0; disparities
    ≤ 0 are TOO_FAR. Raises InputError for other shapes, CalibrationError where the camera does not say enough.
    """
    if raw.ndim not in (2, 3) or raw.shape[2:] not in ((), (3,)):
        raise InputError(f"a range image is (H, W) or (H, W, 3), not of shape {raw.shape}")
    c = raw if raw.ndim == 2 else raw[..., 2]
    if raw.ndim == 2 and scan3d.is_disparity:
        found = _from_disparity(c, scan3d, stamp_ns)
        found = found if camera is None else replace(found, camera=camera)
    else:
        height, width = c.shape
        z = scan3d.axes[2].values(c) * np.float32(scan3d.unit)
        z[~(z > 0)] = np.nan
        found = depth.from_device(z, camera or scan3d.camera(width, height), stamp_ns)
    return found if confidence is None else _trusted(found, confidence_of(confidence))


def confidence_of(image: NDArray[Any]) -> F32:
    """(H, W) float32 in [0, 1] of a Confidence component: 8 or 16 bits, of which all set is 1, or float32."""
    if image.dtype == np.float32:
        known: F32 = np.clip(np.nan_to_num(image), 0, 1)
        return known
    if image.dtype not in (np.uint8, np.uint16):
        raise InputError(f"confidence is 8 or 16 bits or float32, not {image.dtype}")
    return image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)


def _from_disparity(raw: NDArray[Any], scan3d: Scan3d, stamp_ns: int) -> DepthImage:
    """Z = f·B / (raw·scale + offset)."""
    values = scan3d.axes[2].values(raw)
    unknown = np.isnan(values)
    height, width = values.shape
    disparity = Disparity(values, unknown * np.uint16(Reason.NO_DATA), (~unknown).astype(np.float32))
    return depth.from_disparity(disparity, scan3d.pair(width, height), stamp_ns=stamp_ns)


def _trusted(found: DepthImage, confidence: F32) -> DepthImage:
    """With the device's confidence, of which a measured pixel always has some."""
    return replace(found, confidence=np.where(found.measured, np.maximum(confidence, _LEAST), np.float32(0)))


def _check(get: Getter, prefix: str) -> None:
    """Whether C is depth along the camera's axis."""
    wanted = {"CoordinateSystem": "Cartesian", "CoordinateSystemReference": "Anchor"}
    for name, value in wanted.items():
        if (found := get(f"{prefix}Scan3d{name}")) not in (None, value):
            raise CalibrationError(f"its depth is in {found} coordinates: set Scan3d{name} to {value}")
    if get(f"{prefix}Scan3dOutputMode") == "UncalibratedC":
        raise CalibrationError("its range is not in lengths: set Scan3dOutputMode to a calibrated mode or a disparity")


def _axis(get: Getter, prefix: str) -> Axis:
    """The axis that is selected."""
    scale, offset, invalid = (
        _number(get, f"{prefix}Scan3d{name}") for name in ("CoordinateScale", "CoordinateOffset", "InvalidDataValue")
    )
    flagged = get(f"{prefix}Scan3dInvalidDataFlag") is not False
    return Axis(1.0 if scale is None else scale, offset or 0.0, invalid if flagged else None)


def _center(get: Getter, *names: str) -> tuple[float, float] | None:
    for name in names:
        u, v = _number(get, f"{name}U"), _number(get, f"{name}V")
        if u is not None and v is not None:
            return u, v
    return None


def _lucid_lens(get: Getter, select: Selector) -> dict[str, Any]:
    """The lens of LUCID's Helios cameras, whose features have names of their own; nothing for other cameras."""
    fx, fy = _number(get, "CalibFocalLengthX"), _number(get, "CalibFocalLengthY")
    cx, cy = _number(get, "CalibOpticalCenterX"), _number(get, "CalibOpticalCenterY")
    if not fx or not fy or cx is None or cy is None:
        return {}
    distortion = []
    for index in range(_DISTORTION):
        select("CalibLensDistortionValueSelector", f"Value{index}")
        distortion.append(_number(get, "CalibLensDistortionValue") or 0.0)
    known = tuple(distortion) if any(distortion) else ()
    return {"focal_length": fx, "aspect_ratio": fy / fx, "principal_point": (cx, cy), "distortion": known}


def _number(get: Getter, name: str) -> float | None:
    value = get(name)
    return None if value is None else float(value)
