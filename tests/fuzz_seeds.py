"""Small recordings of each format to be damaged, written by the programs that write it or as they do."""

import base64
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mcap.writer import Writer

from depthkit import images
from depthkit.bag import BagWriter, Ledger
from depthkit.bag.packing import Packing
from depthkit.codec import rvl
from depthkit.types import FrameSet
from tests.bag_frames import RIG, frame_set
from tests.ros_recordings import Kind, RosWriter
from tests.test_recordings_folders import CAMERA, grey, tum_folder
from tests.test_recordings_folders import depth as folder_depth
from tests.test_recordings_mcap import write_robot
from tests.test_recordings_ros import PERIOD, PINHOLE, POSE, START, noise, steps, stereo


def own(packing: Packing) -> Callable[[Path], Path]:
    """With a ledger; depth in whole millimetres, which can be packed."""

    def make(folder: Path) -> Path:
        ledger = Ledger()
        with BagWriter(folder / "walk.mcap", RIG, ledger, packing) as writer:
            for each in map(_in_steps, range(3)):
                ledger.receive(each)
                writer.write(each)
            ledger.end("the source ended")
        return folder / "walk.mcap"

    return make


def _in_steps(i: int) -> FrameSet:
    frames = frame_set(i)
    assert frames.depth is not None
    known = frames.depth.reason == 0
    metres = images.dequantize(images.quantize(frames.depth.depth, 0.001), 0.001)
    return replace(frames, depth=replace(frames.depth, depth=metres, confidence=known.astype(np.float32)))


def ros(kind: Kind) -> Callable[[Path], Path]:
    return lambda folder: stereo(folder, kind, 4)


def bare(folder: Path) -> Path:
    (file,) = stereo(folder / "bag", "mcap", 4).glob("*.mcap")
    return file.replace(folder / "bare.mcap")


def compressed(kind: Kind) -> Callable[[Path], Path]:
    """Depth as RVL and PNG, colour as JPEG and PNG, placed by transforms."""

    def make(folder: Path) -> Path:
        with RosWriter(folder, kind) as writer:
            writer.transform("/tf_static", "depth", "color", POSE)
            writer.info("/a/depth/camera_info", "depth", PINHOLE, "plumb_bob")
            writer.info("/a/rgb/camera_info", "color", PINHOLE, "plumb_bob")
            for i in range(3):
                stamp, size = START + i * PERIOD, struct.pack("<ii", 8, 6)
                name, coded = ("png", _encoded(".png", steps(i))) if i else ("rvl", size + rvl.encode(steps(i)))
                form = f"16UC1; compressedDepth {name}"
                writer.compressed("/a/depth/image_raw/compressedDepth", "depth", stamp, form, bytes(12) + coded)
                picture = _encoded(".jpg" if i else ".png", noise(i, channels=3))
                writer.compressed("/a/rgb/image_raw/compressed", "color", stamp, "bgr8; jpeg compressed bgr8", picture)
        return writer.path

    return make


def _encoded(suffix: str, image: Any) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def realsense_bag(folder: Path) -> Path:
    with RosWriter(folder, "ros1", surplus=4) as writer:
        stream = "/device_0/sensor_0/Depth_0"
        writer.write("/device_0/sensor_0/option/Depth_Units/value", "std_msgs/msg/Float32", data=0.0005)
        pose = writer.pose(POSE)
        writer.write(
            f"{stream}/tf/0", "geometry_msgs/msg/Transform", translation=pose.translation, rotation=pose.rotation
        )
        writer.info(f"{stream}/info/camera_info", "0", PINHOLE, "Brown Conrady")
        for i in range(3):
            writer.image(f"{stream}/image/data", "0", START + i * PERIOD, steps(i), "mono16")
    return writer.path


def realsense_db3(folder: Path) -> Path:
    return _copy(Path(__file__).parent / "data" / "librealsense_2.59.db3", folder)


def _copy(file: Path, folder: Path) -> Path:
    (folder / file.name).write_bytes(file.read_bytes())
    return folder / file.name


def foxglove(folder: Path) -> Path:
    return write_robot(folder / "robot.mcap", 3)


def foxglove_json(folder: Path) -> Path:
    """One camera: its calibration and raw pictures, every message JSON."""
    calibration = {"width": 8, "height": 6, "K": PINHOLE.K.ravel().tolist(), "D": [], "distortion_model": "plumb_bob"}
    with (folder / "json.mcap").open("wb") as file:
        writer = Writer(file)
        writer.start("")
        channels = {}
        for topic, kind in (("/camera/calibration", "CameraCalibration"), ("/camera/image", "RawImage")):
            schema = writer.register_schema(f"foxglove.{kind}", "jsonschema", b"{}")
            channels[kind] = writer.register_channel(topic, "json", schema)
        for i in range(3):
            stamp = {"timestamp": {"sec": 1, "nsec": i * PERIOD}, "frame_id": "f"}
            picture = {"width": 8, "height": 6, "step": 8, "encoding": "mono8"}
            picture["data"] = base64.b64encode(noise(i).tobytes()).decode()
            for kind, values in (("CameraCalibration", calibration), ("RawImage", picture)):
                data = json.dumps({**stamp, **values}).encode()
                writer.add_message(channels[kind], START + i * PERIOD, data, START + i * PERIOD)
        writer.finish()  # type: ignore[no-untyped-call]
    return folder / "json.mcap"


def mkv(folder: Path) -> Path:
    from tests.test_recordings_mkv import write_recording  # it skips without PyAV

    return write_recording(folder / "kinect.mkv", 4)


def svo2(folder: Path) -> Path:
    from tests.video_clips import X265, message, packets, pair, stamp_ns, write_svo2

    coded = packets(map(pair, range(15)), X265)
    return write_svo2(folder / "zed.svo2", [message(each, stamp_ns(i)) for i, each in enumerate(coded)])


def video(suffix: str) -> Callable[[Path], Path]:
    """Side by side, with B-pictures."""

    def make(folder: Path) -> Path:
        from tests.video_clips import pair, write_video

        return write_video(folder / f"walk.{suffix}", map(pair, range(15)))

    return make


def videos(folder: Path) -> Path:
    from tests.video_clips import X265, picture, write_video

    for role in ("left", "right"):
        write_video(folder / f"{role}.mov", map(picture, range(15)), X265)
    return folder


def mkv_color(folder: Path) -> Path:
    """Of colour alone, with a calibration attached, for which the index is given up."""
    from tests.test_recordings_mkv import COLOR, write_recording

    file = write_recording(folder / "color.mkv", 4)
    data = file.read_bytes().replace(b"DEPTH", b"OTHER")
    camera = {
        "Purpose": "CALIBRATION_CameraPurposePhotoVideo",
        "Intrinsics": {"ModelParameters": COLOR},
        "Rt": {"Rotation": np.eye(3).ravel().tolist(), "Translation": [0, 0, 0]},
    }
    text = json.dumps({"CalibrationInformation": {"Cameras": [camera]}}).encode()
    parts = ("466e", b"calibration.json"), ("4660", b"application/octet-stream"), ("46ae", b"\1"), ("465c", text)
    attached = _element("1941a469", _element("61a7", b"".join(_element(*part) for part in parts)))
    at = data.index(bytes.fromhex("1f43b675"))
    segment = data.index(bytes.fromhex("18538067")) + 4
    data = data[:segment] + b"\x01" + b"\xff" * 7 + data[segment + 8 : at] + attached + data[at:]
    for name in ("114d9b74", "1c53bb6b"):  # what says where things are, which is no longer true
        start = data.index(bytes.fromhex(name))
        data = data[:start] + bytes.fromhex("1654ae6c") + data[start + 4 :]
    file.write_bytes(data)
    return file


def _element(name: str, content: bytes) -> bytes:
    return bytes.fromhex(name) + (len(content) | 1 << 56).to_bytes(8, "big") + content


def tum(folder: Path) -> Path:
    tum = tum_folder(folder / "tum", ["1.01", "2.01", "3.0"], ["1.0", "2.0", "3.0"])
    (tum / "groundtruth.txt").write_text("# stamp t q\n1.0 1 2 3 0 0 0 1\n2.0 1 2 3 0 0.6 0 0.8\n")
    return tum


def seven_scenes(folder: Path) -> Path:
    for i in range(2):
        images.write_png(folder / f"frame-00000{i}.color.png", noise(i, channels=3))
        images.write_png(folder / f"frame-00000{i}.depth.png", folder_depth(i))
        (folder / f"frame-00000{i}.pose.txt").write_text("\n".join(" ".join(map(str, row)) for row in POSE))
    (folder / "camera-intrinsics.txt").write_text("9 0 3.5\n0 9 2.5\n0 0 1\n")
    return folder


def open3d(folder: Path) -> Path:
    for role in ("color", "depth"):
        (folder / role).mkdir()
    for i in range(2):
        cv2.imwrite(str(folder / "color" / f"{i}.jpg"), noise(i, channels=3))
        images.write_png(folder / "depth" / f"{i}.png", folder_depth(i))
    values = {"width": 8, "height": 6, "intrinsic_matrix": CAMERA.K.T.ravel().tolist(), "depth_scale": 1000}
    (folder / "intrinsics.json").write_text(json.dumps(values))
    rows = "\n".join(" ".join(map(str, row)) for row in POSE)
    (folder / "trajectory.log").write_text("".join(f"{i} {i} {i + 1}\n{rows}\n" for i in range(2)))
    return folder


def pairs(folder: Path) -> Path:
    """A pair in each of the other formats of pictures."""
    for i, suffix in enumerate((".pgm", ".tiff", ".bmp", ".webp", ".jpeg")):
        for role in ("left", "right"):
            cv2.imwrite(str(folder / f"{role}_{i}{suffix}"), grey(i))
    return folder
