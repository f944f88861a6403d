"""Frames for a command: from two image files with a rig, from a recording, or from a camera."""

from pathlib import Path

from depthkit import images
from depthkit.capture import open_camera
from depthkit.errors import CameraNotFound, InputError
from depthkit.types import FrameSet
from depthkit_calib import load_rig
from depthkit_tools.outputs import sha256


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


def read_frame(uri: str, index: int) -> tuple[FrameSet, dict[str, str]]:
    """Frame number `index` of a recording or camera, and the hash of the recording."""
    with open_camera(uri) as camera:
        for i, frames in enumerate(camera.frames()):
            if i == index:
                return frames, {uri: sha256(Path(uri))} if Path(uri).is_file() else {uri: "live"}
    raise CameraNotFound(f"{uri} ended before frame {index}: use a smaller --frame")
