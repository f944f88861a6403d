"""The format of a recording: which messages a frame becomes, and how they become the frame again.

An MCAP file whose every message is a plain ROS 2 message in CDR, so that ROS 2, Foxglove and others open it as it is:

    /<role>/image_raw    Image       mono8, mono16, rgb8 or rgb16
    /<role>/camera_info  CameraInfo  with each image
    /depth/image_rect    Image       32FC1: metres, NaN unknown (only if the device measures depth itself)
    /depth/reason        Image       mono16: bits of `Reason`
    /depth/confidence    Image       32FC1
    /depth/camera_info   CameraInfo  with each depth image
    /tf_static           TFMessage   the place of each camera in the rig, once, with the first frame
    /depthkit/frame      String      JSON, one a frame, after its images: all that the others cannot say

Two clocks: log_time and the stamps inside messages are the host's, publish_time is the device's. `sequence` of an
MCAP message is the frame's index in the recording, which is how images and frame find each other.
A frame's images fill one chunk, its JSON the next, so that either is read alone and a frame without its JSON
was never finished. The metadata record "depthkit" holds the format's version and the rig as JSON, the record
"depthkit/ledger" at the end what became of the frames the camera gave, if the recording was told.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from depthkit.bag import ros
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError
from depthkit.types import DepthImage, FrameSet

VERSION = 1
METADATA = "depthkit"
LEDGER = "depthkit/ledger"
FRAME_TOPIC = "/depthkit/frame"
TRANSFORMS_TOPIC = "/tf_static"

_DEPTH = "depth"
_DEPTH_TOPICS = tuple(f"/{_DEPTH}/{name}" for name in ("image_rect", "reason", "confidence"))
_HOST_STAMPS = range(2**31 * 10**9)  # what ROS's int32 seconds hold
_DEVICE_STAMPS = range(2**63)


class Message(NamedTuple):
    """A serialised message, its topic, and its ROS 2 type."""

    topic: str
    kind: str
    data: memoryview


def check_roles(rig: Rig) -> None:
    """Raise BagError for a camera whose role cannot name a topic and a frame."""
    for role in rig.cameras:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", role) or role == ros.RIG_FRAME:
            raise BagError(
                f"the camera name {role!r} cannot be recorded: use letters, digits and _, and not {ros.RIG_FRAME!r}"
            )


def describe(frames: FrameSet) -> dict[str, Any]:
    """All of a frame but its pixels and rig, as plain values."""
    depth = frames.depth
    return {
        "sequence": int(frames.sequence),
        "stamps_ns": {"device": int(frames.stamp_device_ns), "host": int(frames.stamp_host_ns)},
        "images": {role: ros.encoding(image) for role, image in frames.images.items()},
        "depth": None if depth is None else {"camera": depth.camera.to_dict(), "stamp_ns": int(depth.stamp_ns)},
        "meta": dict(frames.meta),
    }


def pack_images(frames: FrameSet) -> list[Message]:
    """The messages of a frame's images. Raises BagError for what cannot be kept."""
    _check(frames)
    return [*_image_messages(frames), *_depth_messages(frames)]


def pack_record(frames: FrameSet, index: int) -> Message:
    """The message that describes a frame. Raises BagError for what cannot be kept."""
    try:
        return Message(FRAME_TOPIC, ros.TEXT, ros.text({"index": index, **describe(frames)}))
    except (TypeError, ValueError) as error:
        raise BagError(
            f"frame {frames.sequence}: its meta cannot be kept as JSON ({error}): "
            "use plain numbers, text, lists and tables"
        ) from error


def unpack(record: Mapping[str, Any], images: Mapping[str, bytes], rig: Rig) -> FrameSet:
    """The frame of a record and of the image messages by topic."""
    return FrameSet(
        images={role: ros.read_image(images[f"/{role}/image_raw"]) for role in record["images"]},
        rig=rig,
        sequence=record["sequence"],
        stamp_device_ns=record["stamps_ns"]["device"],
        stamp_host_ns=record["stamps_ns"]["host"],
        depth=_unpack_depth(record["depth"], images),
        meta=record["meta"],
    )


def with_checksum(name: str, text: str) -> dict[str, str]:
    """A text for a metadata record: MCAP has checksums for chunks but not for metadata."""
    return {name: text, f"{name}_sha256": hashlib.sha256(text.encode()).hexdigest()}


def checked_text(metadata: Mapping[str, str], name: str) -> str:
    """The text that `with_checksum` put there; ValueError if it is not what it was."""
    if with_checksum(name, metadata[name])[f"{name}_sha256"] != metadata[f"{name}_sha256"]:
        raise ValueError(f"the {name} does not match its checksum")
    return metadata[name]


def transforms_message(rig: Rig, stamp_ns: int) -> Message:
    """The message that places the rig's cameras."""
    return Message(TRANSFORMS_TOPIC, ros.TRANSFORMS, ros.rig_transforms(rig, stamp_ns))


def _check(frames: FrameSet) -> None:
    stamps = (("host", frames.stamp_host_ns, _HOST_STAMPS), ("device", frames.stamp_device_ns, _DEVICE_STAMPS))
    for clock, stamp, allowed in stamps:
        if int(stamp) not in allowed:
            raise BagError(
                f"frame {frames.sequence}: its {clock} stamp {stamp} ns cannot be recorded: "
                f"stamps count nanoseconds from 0 to {allowed[-1]}"
            )
    if _DEPTH in frames.images:
        raise BagError(f"an image called {_DEPTH!r} cannot be recorded: pass it as FrameSet.depth or rename it")


def _image_messages(frames: FrameSet) -> Iterator[Message]:
    for role, image in frames.images.items():
        stamp = frames.stamp_host_ns
        yield Message(f"/{role}/image_raw", ros.IMAGE, ros.image(image, role, stamp))
        # With every image, not once: ROS pairs an image with the CameraInfo of the same stamp, and a viewer that
        # starts in the middle needs one. It costs 400 bytes.
        yield Message(f"/{role}/camera_info", ros.CAMERA_INFO, ros.camera_info(frames.rig.camera(role), role, stamp))


def _depth_messages(frames: FrameSet) -> Iterator[Message]:
    depth = frames.depth
    if depth is None:
        return
    frame, stamp = _depth_frame(depth.camera, frames.rig), frames.stamp_host_ns
    arrays: tuple[NDArray[Any], ...] = depth.depth, depth.reason, depth.confidence
    for topic, pixels in zip(_DEPTH_TOPICS, arrays, strict=True):
        yield Message(topic, ros.IMAGE, ros.image(pixels, frame, stamp))
    yield Message(f"/{_DEPTH}/camera_info", ros.CAMERA_INFO, ros.camera_info(depth.camera, frame, stamp))


def _depth_frame(camera: CameraModel, rig: Rig) -> str:
    """The frame depth is seen in: that of the rig's camera that matches its own."""
    matching = [role for role, model in rig.cameras.items() if model == camera]
    return _DEPTH if _DEPTH in matching or not matching else matching[0]


def _unpack_depth(record: Mapping[str, Any] | None, images: Mapping[str, bytes]) -> DepthImage | None:
    if record is None:
        return None
    depth, reason, confidence = (ros.read_image(images[topic]) for topic in _DEPTH_TOPICS)
    return DepthImage(depth, reason, confidence, CameraModel.from_dict(record["camera"]), record["stamp_ns"])
