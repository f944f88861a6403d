"""The format of a recording: which messages a frame becomes, and how they become the frame again.

An MCAP file whose every message is a ROS 2 message in CDR, so that ROS 2, Foxglove and others open it as it is. All
but CodecDepth are ROS's own types:

    /<role>/image_raw             Image            mono8, mono16, rgb8 or rgb16
    /<role>/image_raw/compressed  CompressedImage  or this: PNG or JPEG
    /<role>/camera_info           CameraInfo       with each image

    /depth/image_rect                  Image            32FC1: metres, NaN unknown (if the device measures depth)
    /depth/image_rect/compressedDepth  CompressedImage  or this: RVL of millimetres, 0 unknown
    /depth/image_rect/codec            CodecDepth       or this: steps as `depthkit.codec` compresses them
    /depth/reason                      Image            mono16: bits of `Reason`, unless implied
    /depth/confidence                  Image            32FC1, unless implied
    /depth/camera_info                 CameraInfo       with each depth image

    /imu             Imu        what an inertial measurement unit felt since the frame before, a message a sample
    /tf_static       TFMessage  the place of each camera in the rig, once, with the first frame
    /depthkit/frame  String     JSON, one a frame, after its images: all that the others cannot say

Its "packed" says of each picture that is compressed how: what form, its bytes, and of depth the metres a step, and
whether reason and confidence are implied: NO_DATA and 0 where depth is unknown, 0 and 1 where it is known.

Two clocks: log_time and the stamps inside messages are the host's, publish_time is the device's. `sequence` of an
MCAP message is the frame's index in the recording, which is how images and frame find each other.
A frame's images fill one chunk, its JSON the next, so that either is read alone and a frame without its JSON
was never finished. The metadata record "depthkit" holds the format's version and the rig as JSON, the record
"depthkit/ledger" at the end what became of the frames the camera gave, if the recording was told.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from operator import index
from typing import Any, NamedTuple

from depthkit.bag import depth_messages, image_messages, imu_messages, ros
from depthkit.bag.packing import How, Packing
from depthkit.bag.ros import Message
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError
from depthkit.recycling import Recycler
from depthkit.types import DepthImage, FrameSet

VERSION = 2
METADATA = "depthkit"
LEDGER = "depthkit/ledger"
FRAME_TOPIC = "/depthkit/frame"
TRANSFORMS_TOPIC = "/tf_static"

DEPTH = "depth"
_HOST_STAMPS = range(2**31 * 10**9)  # what ROS's int32 seconds hold
_DEVICE_STAMPS = range(2**63)


class Packed(NamedTuple):
    """The messages of a frame's images, and how those are packed that are not raw, by role."""

    messages: list[Message]
    how: dict[str, How]


def check_roles(rig: Rig) -> None:
    """Raise BagError for a camera whose role cannot name a topic and a frame."""
    for role in rig.cameras:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", role) or role in (ros.RIG_FRAME, ros.IMU_FRAME):
            raise BagError(
                f"the camera name {role!r} cannot be recorded: use letters, digits and _, "
                f"and not {ros.RIG_FRAME!r} or {ros.IMU_FRAME!r}"
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
        **imu_messages.describe(frames.imu),
    }


def pack_images(frames: FrameSet, packing: Packing) -> Packed:
    """The messages of a frame's images. Raises BagError for what cannot be kept."""
    _check(frames)
    packed = Packed([], {})
    for role in frames.images:
        _pack_image(frames, role, packing, packed)
    if frames.depth is not None:
        _pack_depth(frames, frames.depth, packing, packed)
    if frames.imu is not None:
        packed.messages.extend(imu_messages.pack(frames, frames.imu))
    return packed


def pack_record(frames: FrameSet, index: int, how: Mapping[str, How]) -> Message:
    """The message that describes a frame and how it is packed. Raises BagError for what cannot be kept."""
    try:
        return Message(FRAME_TOPIC, ros.TEXT, ros.text({"index": index, **describe(frames), "packed": how}))
    except (TypeError, ValueError) as error:
        raise BagError(
            f"frame {frames.sequence}: its meta cannot be kept as JSON ({error}): "
            "use plain numbers, text, lists and tables"
        ) from error


def packed_how(record: Mapping[str, Any], role: str) -> How:
    """How the picture of that role was packed; those of the format's version 1 were all raw."""
    how: How = record.get("packed", {}).get(role, {})
    return how


def unpack(record: Mapping[str, Any], stored: Sequence[tuple[str, memoryview]], rig: Rig, memory: Recycler) -> FrameSet:
    """The frame of a record and of the messages in its other chunk, each with its topic; its depth is in `memory`."""
    messages = dict(stored)
    return FrameSet(
        images={role: image_messages.unpack(role, packed_how(record, role), messages) for role in record["images"]},
        rig=rig,
        **numbers(record),
        depth=None if record["depth"] is None else _unpack_depth(record, messages, memory),
        meta=record["meta"],
        imu=imu_messages.unpack(record, [data for topic, data in stored if topic == imu_messages.TOPIC]),
    )


def numbers(record: Mapping[str, Any]) -> dict[str, int]:
    """Number and stamps of a frame; TypeError or ValueError where they are none."""
    device, host = index(record["stamps_ns"]["device"]), index(record["stamps_ns"]["host"])
    if device not in _DEVICE_STAMPS or host not in _HOST_STAMPS:
        raise ValueError(f"the stamps {device} and {host} ns make no sense")
    return {"sequence": index(record["sequence"]), "stamp_device_ns": device, "stamp_host_ns": host}


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
    if DEPTH in frames.images:
        raise BagError(f"an image called {DEPTH!r} cannot be recorded: pass it as FrameSet.depth or rename it")


def _pack_image(frames: FrameSet, role: str, packing: Packing, packed: Packed) -> None:
    stamp = frames.stamp_host_ns
    how, message = image_messages.pack(frames.images[role], role, stamp, packing)
    # With every image, not once: ROS pairs an image with the CameraInfo of the same stamp, and a viewer that starts
    # in the middle needs one. It costs 400 bytes.
    info = ros.camera_info(frames.rig.camera(role), role, stamp)
    packed.messages.extend([message, Message(f"/{role}/camera_info", ros.CAMERA_INFO, info)])
    if how:
        packed.how[role] = how


def _pack_depth(frames: FrameSet, depth: DepthImage, packing: Packing, packed: Packed) -> None:
    frame, stamp = _depth_frame(depth.camera, frames.rig), frames.stamp_host_ns
    how, messages = depth_messages.pack(depth, frame, stamp, packing)
    info = ros.camera_info(depth.camera, frame, stamp)
    packed.messages.extend([*messages, Message(f"/{DEPTH}/camera_info", ros.CAMERA_INFO, info)])
    if how:
        packed.how[DEPTH] = how


def _depth_frame(camera: CameraModel, rig: Rig) -> str:
    """The frame depth is seen in: that of the rig's camera that matches its own."""
    matching = [role for role, model in rig.cameras.items() if model == camera]
    return DEPTH if DEPTH in matching or not matching else matching[0]


def _unpack_depth(record: Mapping[str, Any], messages: Mapping[str, memoryview], memory: Recycler) -> DepthImage:
    arrays = depth_messages.unpack(packed_how(record, DEPTH), messages, memory)
    camera, stamp = CameraModel.from_dict(record["depth"]["camera"]), index(record["depth"]["stamp_ns"])
    return DepthImage(*arrays, camera, stamp)
