"""Node maps of GenICam 3D cameras as their makers document them, without the cameras."""

from collections.abc import Mapping
from typing import Any

Value = bool | int | float | str


class FakeNodes:
    """Features by name; `Name[Choice]` is that of a choice of a selector. A list is an enumeration, what is set first.

    Other values can be set to what is of their type; those in `fixed` cannot. Numbers go up to `limits`.
    """

    def __init__(
        self, values: Mapping[str, Any], fixed: tuple[str, ...] = (), limits: Mapping[str, float] | None = None
    ) -> None:
        self.values: dict[str, Any] = {
            name: list(value) if isinstance(value, list) else value for name, value in values.items()
        }
        self.fixed, self.limits = fixed, limits or {}

    def key(self, name: str) -> str | None:
        """Where the feature is, by what is selected now."""
        chosen = [each[0] for key, each in self.values.items() if key.endswith("Selector") and isinstance(each, list)]
        found = [f"{name}[{choice}]" for choice in chosen if f"{name}[{choice}]" in self.values]
        return found[0] if found else name if name in self.values else None

    def get(self, name: str) -> Value | None:
        key = self.key(name)
        value = None if key is None else self.values[key]
        found: Value | None = value[0] if isinstance(value, list) else value
        return found

    def put(self, name: str, value: Value) -> bool:
        key = self.key(name)
        if key is None or name in self.fixed:
            return self.get(name) == value
        old = self.values[key]
        if isinstance(old, list):
            if value not in old:
                return False
            old.sort(key=lambda choice: choice != value)
        else:
            self.values[key] = value
        return True

    def choices(self, name: str) -> list[str]:
        key = self.key(name)
        value = self.values.get(key or "")
        return list(value) if isinstance(value, list) else []

    def allows(self, name: str, value: int) -> bool:
        return self.get(name) == value or (name not in self.fixed and value <= (self.maximum(name) or 0))

    def maximum(self, name: str) -> float | None:
        return None if name in self.fixed else self.limits.get(name)

    def chunk_names(self) -> list[str]:
        return sorted({key.partition("[")[0] for key in self.values if key.startswith("Chunk")})


def rc_visard() -> FakeNodes:
    """Roboception's stereo camera: read-only sizes of each component, its spelling, its error image on by default."""
    lens = {"FocalLength": 1081.5, "PrinciplePointU": 640.0, "PrinciplePointV": 480.0}
    half = {name: value / 2 for name, value in lens.items()}
    per_component: dict[str, Any] = {}
    for part in ("Intensity", "IntensityCombined", "Disparity", "Confidence", "Error"):
        seen = lens if part.startswith("Intensity") else half
        per_component |= {f"Scan3d{name}[{part}]": value for name, value in seen.items()}
    sizes = {"Intensity": (1280, 960), "IntensityCombined": (1280, 1920)}
    for part in ("Intensity", "IntensityCombined", "Disparity", "Confidence", "Error"):
        per_component[f"Width[{part}]"], per_component[f"Height[{part}]"] = sizes.get(part, (640, 480))
        per_component[f"ComponentEnable[{part}]"] = part in ("Intensity", "Error")
    values = {
        "ComponentSelector": ["Intensity", "IntensityCombined", "Disparity", "Confidence", "Error"],
        "PixelFormat[Intensity]": ["Mono8"], "PixelFormat[IntensityCombined]": ["Mono8"],
        "PixelFormat[Disparity]": ["Coord3D_C16"], "PixelFormat[Confidence]": ["Confidence8"],
        "PixelFormat[Error]": ["Error8"], "AcquisitionFrameRate": 25.0,
        "AcquisitionMultiPartMode": ["SingleComponent", "SynchronizedComponents"],
        "Scan3dDistanceUnit": ["Pixel"], "Scan3dOutputMode": ["DisparityC"], "Scan3dBaseline": 0.16,
        "Scan3dCoordinateScale": 0.0625, "Scan3dCoordinateOffset": 0.0, "Scan3dInvalidDataFlag": True,
        "Scan3dInvalidDataValue": 0.0, "ChunkModeActive": False, **per_component,
    }  # fmt: skip
    return FakeNodes(values, ("Width", "Height"), {"AcquisitionFrameRate": 25})


def helios() -> FakeNodes:
    """LUCID's time-of-flight camera: no components, points in 16 bits, offsets that differ by axis, its lens."""
    values = {
        "PixelFormat": ["Coord3D_ABCY16", "Coord3D_ABC16", "Coord3D_C16", "Mono16"], "Width": 640, "Height": 480,
        "AcquisitionFrameRate": 30.0, "Scan3dDistanceUnit": ["Millimeter"], "Scan3dOutputMode": ["CalibratedABC_Grid"],
        "Scan3dCoordinateSelector": ["CoordinateC", "CoordinateA", "CoordinateB"], "Scan3dCoordinateScale": 0.25,
        "Scan3dCoordinateOffset[CoordinateA]": -8192.0, "Scan3dCoordinateOffset[CoordinateB]": -8192.0,
        "Scan3dCoordinateOffset[CoordinateC]": 0.0, "Scan3dInvalidDataFlag": False, "CalibFocalLengthX": 525.0,
        "CalibFocalLengthY": 525.0, "CalibOpticalCenterX": 318.0, "CalibOpticalCenterY": 241.0,
        "CalibLensDistortionValueSelector": ["Value0", *(f"Value{index}" for index in range(1, 8))],
        "CalibLensDistortionValue": 0.0, "CalibLensDistortionValue[Value1]": 0.05,
    }  # fmt: skip
    return FakeNodes(values, ("Width", "Height"))


def blaze() -> FakeNodes:
    """Basler's time-of-flight camera: depth in 16 bits that may be called Mono16, intensity, confidence."""
    values = {
        "ComponentSelector": ["Range", "Intensity", "Confidence"], "ComponentEnable[Range]": True,
        "ComponentEnable[Intensity]": True, "ComponentEnable[Confidence]": False,
        "PixelFormat[Range]": ["Mono16", "Coord3D_C16", "Coord3D_ABC32f"], "PixelFormat[Intensity]": ["Mono16"],
        "PixelFormat[Confidence]": ["Confidence16"], "Width": 640, "Height": 480, "AcquisitionFrameRate": 30.0,
        "Scan3dDistanceUnit": ["Millimeter"], "Scan3dOutputMode": ["CalibratedC"],
        "Scan3dCoordinateSelector": ["CoordinateA", "CoordinateB", "CoordinateC"], "Scan3dCoordinateScale": 1.0,
        "Scan3dCoordinateScale[CoordinateC]": 0.152588, "Scan3dCoordinateOffset": 0.0, "Scan3dInvalidDataFlag": True,
        "Scan3dInvalidDataValue": 0.0, "Scan3dFocalLength": 510.0, "Scan3dPrincipalPointU": 321.0,
        "Scan3dPrincipalPointV": 238.0,
    }  # fmt: skip
    return FakeNodes(values, ("Width", "Height"), {"AcquisitionFrameRate": 30})


def visionary() -> FakeNodes:
    """SICK's stereo camera: how it sees, and the steps of its depth, come with each frame and are nowhere else."""
    chunks = {
        "ChunkScan3dFocalLength": 366.0, "ChunkScan3dAspectRatio": 1.0, "ChunkScan3dPrincipalPointU": 318.5,
        "ChunkScan3dPrincipalPointV": 250.5, "ChunkScan3dOutputMode": ["ProjectedC"],
        "ChunkScan3dInvalidDataFlag": True,
        "ChunkScan3dCoordinateSelector": ["CoordinateA", "CoordinateB", "CoordinateC"],
        "ChunkScan3dCoordinateScale": 1.0, "ChunkScan3dCoordinateScale[CoordinateC]": 0.5,
        "ChunkScan3dCoordinateOffset": 0.0, "ChunkScan3dInvalidDataValue": 0.0,
        "ChunkScan3dDistanceUnit": ["Millimeter"], "ChunkExposureTime": 25000.0, "ChunkGain": 2.0,
        "ChunkTimestamp": 1234567890,
    }  # fmt: skip
    values = {
        "ComponentSelector": ["Range", "Intensity"], "ComponentEnable[Range]": True, "ComponentEnable[Intensity]": True,
        "PixelFormat[Range]": ["Coord3D_C16"], "PixelFormat[Intensity]": ["BGR8"], "Width": 640, "Height": 512,
        "AcquisitionFrameRate": 30.0, "ChunkModeActive": False, "ChunkSelector": ["ExposureTime", "OffsetX"],
        "ChunkEnable[ExposureTime]": False, "ChunkEnable[OffsetX]": False, **chunks,
    }  # fmt: skip
    return FakeNodes(values, ("Width", "Height"), {"AcquisitionFrameRate": 30})
