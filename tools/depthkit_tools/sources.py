"""Frames for a command: from two image files with a rig, from a recording, or from a camera."""

from pathlib import Path

from depthkit import images
from depthkit.bag import Bag
from depthkit.capture import Camera, open_camera
from depthkit.errors import CameraNotFound, InputError
from depthkit.recordings import Recording
from depthkit.types import FrameSet
from depthkit_calib import load_rig
from depthkit_tools.outputs import sha256
from depthkit_tools.recordings import open_with_rig


def read_pair(left: Path, right: Path, rig: Path | None, unit: float) -> tuple[FrameSet, dict[str, str]]:
    """One FrameSet from two image files and a rig file, and the hashes of the three."""
    if rig is None:
        raise InputError(
            "two images need --rig FILE: depthkit's own TOML, a Middlebury calib.txt, OpenCV YAML/XML or a ZED .conf"
        )
    pair = {"left": images.read(left), "right": images.read(right)}
    height, width = pair["left"].shape[:2]
    if pair["right"].shape[:2] != (height, width):
        raise InputError(
            f"{left.name} is {width}×{height} but {right.name} {pair['right'].shape[1]}×{pair['right'].shape[0]}: "
            "the two images of a pair must have one size"
        )
    frames = FrameSet(pair, load_rig(rig, (width, height), unit=unit))
    # A rig may be a folder of two OpenCV files; its numbers are hashed in the report all the same.
    files = [path for path in (left, right, rig) if path.is_file()]
    return frames, {str(path): sha256(path) for path in files}


def read_frame(uri: str, index: int, rig: Path | None = None, unit: float = 1.0) -> tuple[FrameSet, dict[str, str]]:
    """Frame number `index` of a recording or camera, and the hash of the recording.

    rig: its calibration, for a recording that holds none, or to be used instead of its own.
    """
    with open_source(uri, rig, unit) as camera:
        if isinstance(camera, Bag | Recording) and index < len(camera):
            return camera[index], {uri: _fingerprint(Path(uri))}
        for i, frames in enumerate(camera.frames()):
            if i == index:
                return frames, {uri: _fingerprint(Path(uri))}
    raise CameraNotFound(f"{uri} ended before frame {index}: use a smaller --frame")


def open_source(uri: str, rig: Path | None, unit: float = 1.0) -> Camera:
    """Open a camera, or a recording; `rig` is a calibration file for one that holds none, in `unit` metres."""
    if Path(uri).exists():
        return open_with_rig(uri, rig, unit)
    if rig is not None:
        raise InputError(f"--rig is for image files and recordings, and {uri} is neither: a camera has its own")
    return open_camera(uri)


def _fingerprint(path: Path) -> str:
    if path.is_file():
        return sha256(path)
    return "folder" if path.is_dir() else "live"
