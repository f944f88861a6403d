"""What is fuzzed: a small file of each format, made by the programs that write it, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depthkit import codec, transforms
from depthkit.bag import Bag, Player, repair
from depthkit.bag.packing import Packing
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError, CalibrationError, CodecError, InputError
from depthkit.recordings import open_recording
from depthkit_calib import load_rig, save_rig
from tests import codec_images, fuzz_seeds, rig_files
from tests.bag_frames import RIG
from tests.fuzz_damage import Damage
from tests.fuzz_mcap import mcap_own_texts
from tests.test_recordings_folders import CAMERA, RGBD, STEREO
from tests.test_recordings_ros import POSE


@dataclass(frozen=True)
class Format:
    """make: writes it into a folder and returns what to open; check: reads it, and raises what must not be raised."""

    make: Callable[[Path], Path]
    check: Callable[[Path], None]
    damages: tuple[Damage, ...] = ()


# --- checks ----------------------------------------------------------------------------------------------------------


def check_recording(path: Path, rig: Rig | None = None) -> None:
    """Everything a user may do: each frame comes out or is counted, and only the documented errors do."""
    try:
        recording = open_recording(path, rig=rig)
    except (BagError, CalibrationError):
        return
    with recording:
        if isinstance(recording, Bag):
            _check_bag(recording)
            return
        recording.info(), recording.seek(0.05), recording.digest()
        read = [frames.sequence for frames in recording.frames()]
        ledger = recording.ledger()
        assert len(read) + len(ledger.unreadable) == len(recording) == ledger.frames
        assert len(list(Player(recording).frames())) == len(read)
        for i in {0, len(recording) // 2, len(recording) - 1}:
            assert _readable(recording, i) == (i not in ledger.unreadable)


def check_own(path: Path) -> None:
    """A recording of depthkit's, and its repair, whatever can be read of it."""
    check_recording(path)
    try:
        with Bag(path, salvage=True) as bag:
            whole = sum(_readable(bag, i) for i in range(len(bag)))
            report = repair(path, path.with_name("repaired.mcap"))
    except BagError:
        return
    assert report.frames_out == whole <= report.frames_in
    with Bag(report.path) as repaired:
        assert repaired.finished
        assert len(list(repaired.frames())) == report.frames_out


def _check_bag(bag: Bag) -> None:
    readable = [i for i in range(len(bag)) if _readable(bag, i)]
    try:
        bag.info(), bag.seek(0.05), bag.digest()
        played = len(list(Player(bag).frames()))
    except BagError:
        return
    assert played == len(readable) == len(bag)


def _readable(recording: Any, i: int) -> bool:
    try:
        recording[i]
    except BagError:
        return False
    return True


def check_rig(path: Path) -> None:
    """A rig file, read as the commands do."""
    try:
        load_rig(path, unit=0.001)
        load_rig(path, (1280, 720))
    except (CalibrationError, InputError):
        return


def check_codec(path: Path) -> None:
    """Compressed depth, of the frame before or not."""
    before = codec_images.room(1, (12, 16))
    try:
        codec.decode(path.read_bytes(), before)
    except (CodecError, InputError):
        return


# --- the list ---------------------------------------------------------------------------------------------------------


def _rig(name: str, text: str | None = None) -> Format:
    def make(folder: Path) -> Path:
        path = folder / name
        if text is not None:
            path.write_text(text)
        elif path.suffix == ".toml":
            save_rig(path, RIG)
        else:
            rig_files.opencv_file(path, **rig_files.opencv_values())
        return path

    return Format(make, check_rig)


def _codec(mode: codec.Mode, predicted: bool = False) -> Format:
    def make(folder: Path) -> Path:
        before = codec_images.room(1, (12, 16)) if predicted else None
        (folder / "depth.dkdc").write_bytes(codec.encode(codec_images.room(2, (12, 16)), mode, previous=before))
        return folder / "depth.dkdc"

    return Format(make, check_codec)


def _with(rig: Rig) -> Callable[[Path], None]:
    return lambda path: check_recording(path, rig)


_LENS = CameraModel(48, 32, 50.0, 50.0, 23.5, 15.5)
_VIDEOS = Rig.stereo(_LENS, _LENS, transforms.from_rotation_translation(np.eye(3), [-0.1, 0, 0]))
_KINECT = Rig({"color": CAMERA, "depth": CAMERA}, {"color": transforms.inverse(POSE)})

FORMATS: dict[str, Format] = {
    "depthkit": Format(fuzz_seeds.own(Packing("raw")), check_own, (mcap_own_texts,)),
    "depthkit, PNG": Format(fuzz_seeds.own(Packing("fast", "png")), check_own, (mcap_own_texts,)),
    "depthkit, JPEG": Format(fuzz_seeds.own(Packing("cm", "jpeg", max_error=0.01)), check_own, (mcap_own_texts,)),
    "ROS 1": Format(fuzz_seeds.ros("ros1"), check_recording),
    "ROS 1, lz4": Format(fuzz_seeds.ros("ros1-lz4"), check_recording),
    "ROS 1, compressed pictures": Format(fuzz_seeds.compressed("ros1"), check_recording),
    "ROS 2, SQLite": Format(fuzz_seeds.ros("sqlite"), check_recording),
    "ROS 2, packed messages": Format(fuzz_seeds.ros("sqlite-zstd"), check_recording),
    "ROS 2, MCAP": Format(fuzz_seeds.ros("mcap"), check_recording),
    "ROS 2, bare MCAP": Format(fuzz_seeds.bare, check_recording),
    "ROS 2, compressed pictures": Format(fuzz_seeds.compressed("mcap"), check_recording),
    "librealsense .bag": Format(fuzz_seeds.realsense_bag, check_recording),
    "librealsense .db3": Format(fuzz_seeds.realsense_db3, check_recording),
    "Foxglove, Protocol Buffers": Format(fuzz_seeds.foxglove, check_recording),
    "Foxglove, JSON": Format(fuzz_seeds.foxglove_json, check_recording),
    "Azure Kinect": Format(fuzz_seeds.mkv, _with(_KINECT)),
    "Azure Kinect, calibrated": Format(fuzz_seeds.mkv_color, check_recording),
    "ZED SVO2": Format(fuzz_seeds.svo2, _with(_VIDEOS)),
    "video, MP4": Format(fuzz_seeds.video("mp4"), _with(_VIDEOS)),
    "video, AVI": Format(fuzz_seeds.video("avi"), _with(_VIDEOS)),
    "video, Matroska": Format(fuzz_seeds.video("mkv"), _with(_VIDEOS)),
    "pair of videos": Format(fuzz_seeds.videos, _with(_VIDEOS)),
    "TUM": Format(fuzz_seeds.tum, _with(RGBD)),
    "7-Scenes": Format(fuzz_seeds.seven_scenes, check_recording),
    "Open3D": Format(fuzz_seeds.open3d, check_recording),
    "pairs": Format(fuzz_seeds.pairs, _with(STEREO)),
    "compressed depth, rvl": _codec("rvl"),
    "compressed depth, fast": _codec("fast"),
    "compressed depth, cm": _codec("cm"),
    "compressed depth, predicted": _codec("cm", predicted=True),
    "rig TOML": _rig("rig.toml"),
    "rig Middlebury": _rig("calib.txt", rig_files.MIDDLEBURY),
    "rig ZED": _rig("SN1.conf", rig_files.ZED),
    "rig ZED JSON": _rig("camera_param.json", rig_files.ZED_JSON),
    "rig OpenCV YAML": _rig("stereo.yml"),
    "rig OpenCV XML": _rig("stereo.xml"),
}
"""One line a format."""
