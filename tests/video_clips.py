"""Videos with a known truth in every pixel, written with PyAV, and ZED's SVO2 with mcap's writer."""

import base64
import json
import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.writer import CompressionType, Writer

from depthkit import transforms
from depthkit.arrays import U8
from depthkit.cameras import CameraModel, Rig

av: Any = pytest.importorskip("av", reason="PyAV is not installed: pip install 'depthkit[video]'")

WIDTH, HEIGHT = 48, 32
CAMERA = CameraModel(WIDTH, HEIGHT, 50.0, 50.0, 23.5, 15.5)
STEREO = Rig.stereo(CAMERA, CAMERA, transforms.from_rotation_translation(np.eye(3), [-0.1, 0, 0]))
COLOR = Rig({"color": CAMERA})
SERIAL, START_NS, PERIOD_NS = 12345678, 1_700_000_000_123_456_789, 33_333_333

Codec = tuple[str, str, dict[str, str]]

X264 = ("libx264rgb", "rgb24", {"qp": "0", "g": "12", "bf": "3", "b-adapt": "0"})
X265 = ("libx265", "gbrp", {"x265-params": "lossless=1:keyint=12:min-keyint=12:bframes=3:b-adapt=0:log-level=none"})
OPEN_GOP = ("libx265", "gbrp", {"x265-params": "lossless=1:open-gop=1:keyint=12:bframes=3:b-adapt=0:log-level=none"})
FFV1: Codec = ("ffv1", "bgr0", {})
PNG: Codec = ("png", "rgb24", {})
H264: Codec = ("libx264", "yuv420p", {"bf": "3", "g": "12"})
LOSSLESS = {"x264": X264, "x265": X265, "open gop": OPEN_GOP, "ffv1": FFV1, "png": PNG}


def picture(i: int, width: int = WIDTH) -> U8:
    """(32, width, 3): a texture that moves, so that pictures are predicted from each other; each its own."""
    texture = np.random.default_rng(7).integers(0, 256, (HEIGHT // 4, 100, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    moved = texture[:, 2 * i : 2 * i + width].copy()
    moved[:4, :4] = (i % 256, 255 - i % 256, 7 * i % 256)
    return moved


def pair(i: int) -> U8:
    """Both pictures of frame i side by side."""
    return np.hstack([picture(i), picture(i + 5)])


def write_video(
    path: Path,
    pictures: Iterable[U8],
    codec: Codec = X264,
    stamps_ms: Sequence[int] | None = None,
    faststart: bool = False,
) -> Path:
    """A video, 25 pictures a second without stamps; `faststart` puts the index of an .mp4 before the pictures."""
    options = {"movflags": "faststart"} if faststart else {}
    name, pixel_format, settings = codec
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(name, rate=25, options=settings)
        base = Fraction(1, 1000 if stamps_ms else 25)
        for i, each in enumerate(pictures):
            if i == 0:
                stream.height, stream.width, stream.pix_fmt = *each.shape[:2], pixel_format
                stream.codec_context.time_base = base
            frame = av.VideoFrame.from_ndarray(each, "rgb24")
            frame.pts, frame.time_base = stamps_ms[i] if stamps_ms else i, base
            container.mux(stream.encode(frame.reformat(format=pixel_format)))
        container.mux(stream.encode(None))
    return path


def packets(pictures: Iterable[U8], codec: Codec) -> list[bytes]:
    """The coded pictures of an elementary stream, in Annex B form, without B-pictures."""
    name, pixel_format, settings = codec
    context = av.CodecContext.create(name, "w")
    if "x265-params" in settings:
        settings = {"x265-params": settings["x265-params"].replace("bframes=3", "bframes=0") + ":repeat-headers=1"}
    else:
        settings = {**settings, "bf": "0"}
    context.options, coded = settings, []
    for i, each in enumerate(pictures):
        if i == 0:
            context.height, context.width, context.pix_fmt = *each.shape[:2], pixel_format
            context.time_base, context.framerate = Fraction(1, 30), Fraction(30, 1)
        frame = av.VideoFrame.from_ndarray(each, "rgb24").reformat(format=pixel_format)
        frame.pts = i
        coded += [bytes(packet) for packet in context.encode(frame)]
    return coded + [bytes(packet) for packet in context.encode(None)]


def stamp_ns(i: int) -> int:
    return START_NS + i * PERIOD_NS


def message(coded: bytes, stamp: int) -> bytes:
    """A message of the topic side_by_side: sizes, coded picture, 56 bytes of what else is known."""
    tail = struct.pack("<IIIiiiQIiiIi", 2 * WIDTH, HEIGHT, 0x5C002C00, 1, 2, -1, stamp, len(coded), 0, 0, 0, 0) + bytes(
        4
    )
    return struct.pack("<II", 4 + len(coded) + len(tail), len(coded)) + coded + tail


def write_svo2(
    path: Path,
    messages: Sequence[bytes],
    listed: int | None = None,
    compression: CompressionType = CompressionType.NONE,
    chunk_size: int = 5000,
) -> Path:
    """An SVO2 file in the layout that open-svo2 describes; its footer lists so many pictures, by default all."""
    topic = f"Camera_SN{SERIAL}/side_by_side"
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=chunk_size, compression=compression)
        writer.start(library="libmcap stereolabs")
        json_schema = writer.register_schema("sl_type", "jsonschema", b"{}")
        video = writer.register_schema(topic, "zed_sdk_encoded", b"")
        channels = {
            name: writer.register_channel(name, "zed_sdk_encoded" if name == topic else "json", schema)
            for name, schema in (
                ("svo_header", json_schema), (topic, video), (f"Camera_SN{SERIAL}/sensors", json_schema),
                ("svo_footer", json_schema),
            )
        }  # fmt: skip
        header = struct.pack("<4I", WIDTH, HEIGHT, SERIAL, 30).ljust(128, b"\0")
        values = {"header": base64.b64encode(header).decode(), "ZED_SDK_version": "5.0.0"}
        writer.add_message(channels["svo_header"], 5, json.dumps(values).encode(), 5)
        for i, data in enumerate(messages):
            time = stamp_ns(i) + 777  # the stamp is the one in the message
            writer.add_message(channels[topic], time, data, time)
            for step in range(3):
                sensors = channels[f"Camera_SN{SERIAL}/sensors"]
                writer.add_message(sensors, time + step, b'{"data": "AAAA"}', time + step)
        count = len(messages) if listed is None else listed
        footer = {topic: [stamp_ns(i) for i in range(count)]}
        writer.add_message(channels["svo_footer"], 9, json.dumps(footer).encode(), 9)
        writer.finish()  # type: ignore[no-untyped-call]
    return path
