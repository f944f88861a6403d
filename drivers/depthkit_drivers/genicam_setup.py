"""A GenICam device that is set up as requested, and what its frames come to."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from depthkit.cameras import Rig
from depthkit.errors import CalibrationError
from depthkit.live import Profile, Request, choose
from depthkit.live.options import Value
from depthkit.scan3d import Scan3d
from depthkit.types import FrameSet
from depthkit_drivers import rigs
from depthkit_drivers.genicam_components import (
    DEPTH,
    PAIR,
    RANGES,
    RIGHT,
    Component,
    Features,
    components,
    frame_parts,
    needed,
)  # fmt: skip

_CHUNKS = {"Timestamp", "ExposureTime", "Gain", "FrameID"}
_META = {"ChunkExposureTime": "exposure_us", "ChunkGain": "gain"}
_SETTINGS = ("Selector", "Enable", "ModeActive", "XMLEnable")
_OURS = "ChunkScan3d", "ChunkComponent"  # of no use to others


@dataclass(frozen=True, slots=True)
class Setup:
    """How a device is set up.

    streams: as configured; formats: of the pixels of the components that are enabled, by name; scan3d: of that which
    is depth; chunks: names of the features that come with a frame.
    """

    streams: Sequence[Profile]
    formats: Mapping[str, str]
    scan3d: Scan3d
    rig: Rig
    chunks: Sequence[str]

    def frames(self, pictures: Mapping[str, NDArray[Any]], nodes: Features, number: int, stamp_ns: int) -> FrameSet:
        """The frame of the components `pictures`, by SFNC's names, when the features of its chunks can be read.

        Raises FrameIncomplete if one of the streams is missing.
        """
        chunks = {name: value for name in self.chunks if (value := nodes.get(name)) is not None}
        scan3d = self._scan3d_of(chunks, nodes)
        stamp_ns = stamp_ns or int(chunks.pop("ChunkTimestamp", 0))
        roles = [profile.role for profile in self.streams]
        images, depth = frame_parts(pictures, roles, scan3d, self.rig, stamp_ns)
        meta = {_META.get(name, name): value for name, value in chunks.items() if not name.startswith(_OURS)}
        return FrameSet(images, self.rig, number, stamp_ns, depth=depth, meta=meta)

    @property
    def is_told_by_frames(self) -> bool:
        """Whether how the camera sees comes with its frames only."""
        return "ChunkScan3dFocalLength" in self.chunks and self.scan3d.focal_length is None

    def told(self, nodes: Features) -> "Setup":
        """The same with how the camera sees, when the features of a frame's chunks can be read."""
        seen = Scan3d.read(nodes.get, nodes.put, "Chunk")
        return replace(self, scan3d=seen, rig=_rig(self.streams, {each.role: seen for each in self.streams}))

    def _scan3d_of(self, chunks: Mapping[str, Value], nodes: Features) -> Scan3d:
        """With the steps of the coordinates that came with the frame, if they did."""
        if "ChunkScan3dCoordinateScale" not in chunks:
            return self.scan3d
        for name in set(RANGES) & set(self.formats):
            nodes.put("ChunkComponentSelector", name)
        came = Scan3d.read(nodes.get, nodes.put, "Chunk").axes
        a, b, c = (
            replace(axis, invalid=own.invalid if axis.invalid is None else axis.invalid)
            for own, axis in zip(self.scan3d.axes, came, strict=True)
        )
        return replace(self.scan3d, axes=(a, b, c))


def configure(nodes: Features, request: Request, rig_file: str | None, chunks: Callable[[], Sequence[str]]) -> Setup:
    """Set sizes, formats and the rate, enable the components that are needed and no others, and read the calibration.

    chunks: lists the features whose names begin with "Chunk". Raises UnsupportedMode, CalibrationError for depth that
    is none, and InputError for a rig file.
    """
    known = components(nodes, request)
    streams = choose([profile for component in known for profile in component.profiles], request)
    names = needed(known, [profile.role for profile in streams], nodes.choices("ComponentSelector"))
    _enable(nodes, names)
    for component in known:
        if component.name in names:
            _set_mode(nodes, component, streams)
    scans = {profile.role: _scan3d(nodes, known, names, profile.role) for profile in streams}
    size = streams[0].width, streams[0].height
    rig = rigs.rig_of(rig_file, list(scans), size) if rig_file else _rig(streams, scans)
    scan3d = scans.get(DEPTH, Scan3d())
    if scan3d.is_disparity:
        scan3d.pair(*rig.camera(DEPTH).size)  # raises, if it cannot be told how deep they are
    return Setup(streams, {name: _format(nodes, name) for name in names}, scan3d, rig, _enable_chunks(nodes, chunks))


def _enable(nodes: Features, names: Sequence[str]) -> None:
    """These components and no others, without an end, and in one payload where they could come in several."""
    nodes.put("AcquisitionMode", "Continuous")
    nodes.put("AcquisitionMultiPartMode", "SynchronizedComponents")
    for name in sorted(nodes.choices("ComponentSelector"), key=names.__contains__):  # some exclude others: off first
        nodes.put("ComponentSelector", name)
        nodes.put("ComponentEnable", name in names)


def _set_mode(nodes: Features, component: Component, streams: Sequence[Profile]) -> None:
    nodes.put("ComponentSelector", component.name)
    for profile in streams:
        if profile.role in component.roles:
            nodes.put("PixelFormat", profile.format)
            nodes.put("Width", profile.width)
            nodes.put("Height", profile.height * (2 if component.name == PAIR else 1))
            if nodes.get("AcquisitionFrameRate") != profile.fps:
                nodes.put("AcquisitionFrameRateEnable", True)
                nodes.put("AcquisitionFrameRate", profile.fps)


def _scan3d(nodes: Features, known: Sequence[Component], names: Sequence[str], role: str) -> Scan3d:
    """What the device says about the component of that role; of an image nothing that only concerns depth."""
    name = next(each.name for each in known if role in each.roles and each.name in names)
    nodes.put("ComponentSelector", name)
    if name not in RANGES:
        with suppress(CalibrationError):
            return Scan3d.read(nodes.get, nodes.put)
        return Scan3d()
    found = Scan3d.read(nodes.get, nodes.put)
    return replace(found, output_mode="DisparityC") if name == "Disparity" and not found.output_mode else found


def _rig(streams: Sequence[Profile], scans: Mapping[str, Scan3d]) -> Rig:
    """All streams are of one sensor, but for the right one; not calibrated if the device does not say how it sees."""
    if any(scan.focal_length is None for scan in scans.values()) or (RIGHT in scans and scans[RIGHT].baseline is None):
        unknown = {each.role: rigs.uncalibrated([each.role], (each.width, each.height)) for each in streams}
        provenance = unknown[streams[0].role].provenance
        return Rig({role: rig.camera(role) for role, rig in unknown.items()}, provenance=provenance)
    cameras = {each.role: scans[each.role].camera(each.width, each.height) for each in streams}
    poses = {RIGHT: scans[RIGHT].pair(*cameras[RIGHT].size).T_camera_rig[RIGHT]} if RIGHT in cameras else {}
    return Rig(cameras, poses, {"source": "Scan3d features of the camera"})


def _format(nodes: Features, component: str) -> str:
    nodes.put("ComponentSelector", component)
    return str(nodes.get("PixelFormat"))


def _enable_chunks(nodes: Features, names: Callable[[], Sequence[str]]) -> list[str]:
    """Have sent along with frames what depthkit keeps of it; names of the features that can then come."""
    if not nodes.put("ChunkModeActive", True):
        return []
    for chunk in nodes.choices("ChunkSelector"):
        if chunk in _CHUNKS or chunk.startswith("Scan3d"):
            nodes.put("ChunkSelector", chunk)
            nodes.put("ChunkEnable", True)
    return [name for name in names() if not name.endswith(_SETTINGS)]
