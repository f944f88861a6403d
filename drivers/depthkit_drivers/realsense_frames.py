"""From librealsense's frames to ours."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyrealsense2 as rs
from numpy.typing import NDArray

from depthkit.arrays import F32
from depthkit.cameras import CameraModel, Rig
from depthkit.depth import from_steps
from depthkit.errors import CalibrationError, FrameIncomplete
from depthkit.live import image_of
from depthkit.recordings import pixels
from depthkit.types import DepthImage, FrameSet, ImuSamples

_BROWN = rs.distortion.brown_conrady, rs.distortion.modified_brown_conrady
_SHAPES: Mapping[Any, tuple[str, str, int]] = {
    rs.format.z16: ("16UC1", "u2", 1), rs.format.y8: ("mono8", "u1", 1), rs.format.y16: ("mono16", "u2", 1),
    rs.format.rgb8: ("rgb8", "u1", 3), rs.format.bgr8: ("bgr8", "u1", 3),
    rs.format.yuyv: ("yuv422_yuy2", "u1", 2), rs.format.uyvy: ("yuv422", "u1", 2),
}  # fmt: skip
"""The encoding's name in ROS, the type of a value, and values a pixel."""

_NOTES = {"exposure_us": "actual_exposure", "gain": "gain_level", "laser_power": "frame_laser_power"}
_DISPARITY_STEPS = 32.0  # librealsense's "disparity" is 32 · baseline · focal length / depth


def frame_set(found: rs.composite_frame, roles: Sequence[str], rig: Rig, imu: ImuSamples | None) -> FrameSet:
    """One set with copies of all wanted pictures; FrameIncomplete if one is missing, as in the first ones.

    roles: the wanted ones; the first one's number and stamp are those of the set.
    """
    parts = {role: part for part in found if (role := role_of(part.profile)) in roles}
    if missing := set(roles) - set(parts):
        raise FrameIncomplete(f"a frame has no {', '.join(sorted(missing))}")
    first = parts[roles[0]]
    stamp_ns = round(first.get_timestamp() * 1e6)
    depth = depth_of(parts["depth"].as_depth_frame(), rig.camera("depth"), stamp_ns) if "depth" in parts else None
    pictures = {role: picture(part.as_video_frame()) for role, part in parts.items() if role != "depth"}
    return FrameSet(pictures, rig, first.get_frame_number(), stamp_ns, 0, depth, notes(first), imu)


def role_of(profile: rs.stream_profile) -> str:
    """The role of a stream's pictures in a rig."""
    kind, index = profile.stream_type(), profile.stream_index()
    if kind == rs.stream.infrared:
        return {1: "left", 2: "right"}.get(index, "ir")
    return str(kind.name)


def picture(frame: rs.video_frame) -> NDArray[Any]:
    """A copy of a picture, YUV turned into RGB."""
    name, dtype, channels = _SHAPES[frame.get_profile().format()]
    height, width = frame.get_height(), frame.get_width()
    row = width * channels * np.dtype(dtype).itemsize
    data = image_of(
        np.asarray(frame.get_data()).view(np.uint8).ravel(), (height, row), np.uint8, frame.get_stride_in_bytes()
    )
    return pixels.raw(name, height, width, row, False, data.ravel())


def depth_of(frame: rs.depth_frame, model: CameraModel, stamp_ns: int) -> DepthImage:
    """Metres, by the unit of this very frame."""
    return from_steps(np.asarray(frame.get_data()), unit_of(frame), model, stamp_ns)


def unit_of(frame: rs.depth_frame) -> float:
    """Metres a step; a float32 of librealsense's, and meant is its shortest decimal: 0.001."""
    return float(str(np.float32(frame.get_units())))


def disparity_of(frame: rs.frame) -> F32:
    """(H, W) float32 px with NaN unknown, of a frame of `rs.disparity_transform`.

    librealsense gives its buffer as uint32, though it holds float32, and values 32 times too large.
    """
    data = np.asarray(frame.get_data())
    steps = data.view(np.float32) if data.dtype == np.uint32 else data.astype(np.float32)
    return np.where(steps > 0, steps / np.float32(_DISPARITY_STEPS), np.float32(np.nan))


def camera(found: rs.intrinsics) -> CameraModel:
    """A stream's factory calibration; CalibrationError for a lens that OpenCV's models cannot express."""
    model, coefficients = "pinhole", tuple(map(float, found.coeffs))
    if any(coefficients):
        if found.model in _BROWN:
            model = "brown_conrady"
        elif found.model == rs.distortion.kannala_brandt4:
            model, coefficients = "fisheye", coefficients[:4]
        else:
            raise CalibrationError(f"the camera's lens model {found.model.name} is not known: use another stream")
    else:
        coefficients = ()
    return CameraModel(found.width, found.height, found.fx, found.fy, found.ppx, found.ppy, coefficients, model)


def notes(frame: rs.frame) -> dict[str, Any]:
    """What the camera says of a frame, and by which clock its stamp is."""
    found: dict[str, Any] = {"clock": frame.get_frame_timestamp_domain().name}
    for name, key in _NOTES.items():
        value = getattr(rs.frame_metadata_value, key)
        if frame.supports_frame_metadata(value):
            found[name] = int(frame.get_frame_metadata(value))
    return found
