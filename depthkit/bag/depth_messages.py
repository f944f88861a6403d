"""Depth as messages: compressed where whole steps hold it bit for bit, else as it is.

A device counts steps of a fixed length, so that the count is all there is to keep. What it says of a pixel is whether
there is a depth: then `reason` and `confidence` follow.
"""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthkit import codec, kernels
from depthkit.arrays import F32, U16
from depthkit.bag import ros
from depthkit.bag.packing import How, Packing
from depthkit.bag.ros import Message
from depthkit.codec import container, rvl
from depthkit.errors import CodecError
from depthkit.recycling import Recycler
from depthkit.types import DepthImage, Reason

_LENGTHS = (1 / 1000, 1 / 2000, 1 / 4000, 1 / 5000, 1 / 8000, 1 / 10_000, 1 / 100_000)
STEPS = tuple(step for length in _LENGTHS for step in (float(np.float32(length)), length))
"""Metres a step of depth cameras and data sets, as float32 and float64 have them: products differ in their last bits.

The first that fits is taken: fewer steps compress better.
"""
MILLIMETRES = STEPS[:2]

RAW = "/depth/image_rect"
REASON, CONFIDENCE = "/depth/reason", "/depth/confidence"
ROS_RVL = f"{RAW}/compressedDepth"
CODED = f"{RAW}/codec"

_RVL_FORMAT = "16UC1; compressedDepth rvl"
_RVL_HEADER = struct.Struct("<iffii")  # a kind and two parameters that 16UC1 does not use, width, height
_NO_DATA = np.uint16(Reason.NO_DATA)


def pack(depth: DepthImage, frame: str, stamp_ns: int, packing: Packing) -> tuple[How, list[Message]]:
    """The messages of a depth image, and how they are packed."""
    found = None if packing.depth == "raw" else in_steps(depth.depth)
    if found is None:
        return {}, [_raw(RAW, depth.depth, frame, stamp_ns), *_rest(depth, frame, stamp_ns)]
    step, steps = found
    implied = _is_implied(steps, depth)
    message = _coded(steps, step, frame, stamp_ns, packing)
    how: dict[str, Any] = {"as": packing.depth, "step": step, "implied": implied, "bytes": message.size}
    if packing.max_error:
        how |= {"max_error": packing.max_error, "error_law": packing.error_law}
    return how, [message] if implied else [message, *_rest(depth, frame, stamp_ns)]


def unpack(how: How, messages: Mapping[str, memoryview], memory: Recycler) -> tuple[F32, U16, F32]:
    """Depth, reason and confidence, of the messages by topic; CodecError for damaged ones."""
    if not how:
        depth, reason, confidence = (ros.read_image(messages[topic]) for topic in (RAW, REASON, CONFIDENCE))
        return depth, reason, confidence
    steps, step = _decoded(how, messages), how["step"]
    depth, reason, confidence = (memory.empty(steps.shape, kind) for kind in (np.float32, np.uint16, np.float32))
    flat = (each.reshape(-1) for each in (depth, reason, confidence))
    kernels.steps.to_metres(steps.reshape(-1), step, _NO_DATA, *flat)
    if not how["implied"]:
        reason, confidence = ros.read_image(messages[REASON]), ros.read_image(messages[CONFIDENCE])
    return depth, reason, confidence


def in_steps(depth: F32) -> tuple[float, U16] | None:
    """The first of STEPS whose multiples are these depths (H, W) bit for bit, and their counts; None if none is."""
    if not 0 < depth.size <= container.MAX_PIXELS or max(depth.shape) > 65535:
        return None
    steps, flat = np.empty(depth.shape, np.uint16), depth.reshape(-1)
    for step in STEPS:
        if kernels.steps.from_metres(flat, flat.view(np.uint32), step, steps.reshape(-1)):
            return step, steps
    return None


def _raw(topic: str, pixels: NDArray[Any], frame: str, stamp_ns: int) -> Message:
    return Message(topic, ros.IMAGE, ros.image(pixels, frame, stamp_ns))


def _rest(depth: DepthImage, frame: str, stamp_ns: int) -> list[Message]:
    """What is told of each pixel besides its depth."""
    pictures: tuple[tuple[str, NDArray[Any]], ...] = (REASON, depth.reason), (CONFIDENCE, depth.confidence)
    return [_raw(topic, pixels, frame, stamp_ns) for topic, pixels in pictures]


def _is_implied(steps: U16, depth: DepthImage) -> bool:
    confidence = depth.confidence.reshape(-1).view(np.uint32)
    return bool(kernels.steps.is_implied(steps.reshape(-1), _NO_DATA, depth.reason.reshape(-1), confidence))


def _is_ros(form: str, step: float) -> bool:
    """Whether the message is ROS's own, which takes steps for millimetres."""
    return form == "rvl" and step in MILLIMETRES


def _coded(steps: U16, step: float, frame: str, stamp_ns: int, packing: Packing) -> Message:
    form: Any = packing.depth
    data = codec.encode(steps, form, max_error=packing.bound(step))
    if not _is_ros(form, step):
        return Message(CODED, ros.CODED_DEPTH, ros.coded_depth(data, step, form, frame, stamp_ns))
    height, width = steps.shape
    data = _RVL_HEADER.pack(0, 0.0, 0.0, width, height) + data[container.HEADER_BYTES :]
    return Message(ROS_RVL, ros.COMPRESSED_IMAGE, ros.compressed_image(data, _RVL_FORMAT, frame, stamp_ns))


def _decoded(how: How, messages: Mapping[str, memoryview]) -> U16:
    if not _is_ros(how["as"], how["step"]):
        return codec.decode(ros.payload(messages[CODED], ros.CODED_DEPTH))
    data = ros.payload(messages[ROS_RVL], ros.COMPRESSED_IMAGE)
    *_, width, height = _RVL_HEADER.unpack_from(data)
    if not (width > 0 and 0 < width * height <= container.MAX_PIXELS):
        raise CodecError(f"depth compressed as RVL claims to be {width}×{height} px: it is damaged")
    return rvl.decode(data[_RVL_HEADER.size :], (height, width))
