"""Make the sample data again: `python sample_data/make.py FOLDER`, FOLDER being examples/data of Debian's opencv-doc.

Renders are reproducible to the byte for one version of depthkit; the two real pairs are copied, and the rig of the
office pair is calibrated from all thirteen views of its chessboard.
"""

import hashlib
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np

from depthkit import CameraModel, Rig, images, open_camera, transforms
from depthkit.arrays import F32, F64
from depthkit.bag import BagWriter, Packing
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from depthkit_calib import save_rig

HERE = Path(__file__).parent
BOARD = (9, 6)  # inner corners
SQUARE = 0.025  # m: not published; the value often given for this board. Depths scale with it.
VIEWS = [n for n in range(1, 15) if n != 10]


def main(source: Path) -> None:
    """Write all folders and the checksums."""
    make_room()
    make_recording()
    make_aloe(source)
    make_office(source)
    files = sorted(path for path in HERE.rglob("*") if path.is_file() and path.suffix not in (".py", ".md", ".txt"))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(HERE).as_posix()}" for path in files]
    (HERE / "SHA256SUMS.txt").write_text("\n".join(lines) + "\n")


def make_room() -> None:
    """A rendered pair with lens distortion, and the exact depth of its left image."""
    camera = SimCamera(Options.parse("stereo?seed=3&frames=21"))
    frames = camera.frame(20)
    for role in ("left", "right"):
        images.write_png(folder("room") / f"{role}.png", frames.image(role))
    images.write_png(folder("room") / "depth.png", images.quantize(camera.truth(20).depth, 0.001))
    save_rig(folder("room") / "rig.toml", camera.rig)


def make_recording() -> None:
    """A short recording of the simulated stereo camera."""
    with (
        open_camera("sim:stereo?size=320x240&seed=5&frames=12&fps=30") as camera,
        BagWriter(HERE / "room.mcap", camera.rig, packing=Packing(images="png")) as writer,
    ):
        for frames in camera.frames():
            writer.write(frames)


def make_aloe(source: Path) -> None:
    """The aloe pair of Middlebury 2006 with its truth, whose disparity offset is not known."""
    for name, target in (("aloeL.jpg", "left.jpg"), ("aloeR.jpg", "right.jpg"), ("aloeGT.png", "disparity.png")):
        shutil.copy(source / name, folder("aloe") / target)
    offset = 270.0
    left = CameraModel(1282, 1110, 3740.0, 3740.0, 640.5, 554.5)
    right = CameraModel(1282, 1110, 3740.0, 3740.0, 640.5 + offset, 554.5)
    provenance = {
        "source": "Middlebury 2006: focal length and baseline as the data set gives them, principal point assumed",
        "caution": "the disparity offset of this crop is assumed (270 px): shapes look right, depths are not measured",
    }
    save_rig(folder("aloe") / "rig.toml", Rig.stereo(left, right, translation(-0.16), provenance))


def make_office(source: Path) -> None:
    """One chessboard pair, with a rig calibrated from all of them."""
    for name in ("left", "right"):
        shutil.copy(source / f"{name}07.jpg", folder("office") / f"{name}.jpg")
    save_rig(folder("office") / "rig.toml", calibrate(source))


def calibrate(source: Path) -> Rig:
    """Joint calibration of both cameras (OpenCV, five coefficients each) from the corners of thirteen pairs."""
    corners = {side: [find_corners(source / f"{side}{n:02d}.jpg") for n in VIEWS] for side in ("left", "right")}
    board = np.zeros((BOARD[0] * BOARD[1], 3), np.float32)
    board[:, :2] = np.mgrid[: BOARD[0], : BOARD[1]].T.reshape(-1, 2) * SQUARE
    boards, size = [board] * len(VIEWS), (640, 480)
    guess = [cv2.calibrateCamera(boards, corners[side], size, None, None)[1:3] for side in ("left", "right")]
    (K_left, D_left), (K_right, D_right) = guess
    rms, K_left, D_left, K_right, D_right, R, t = cv2.stereoCalibrate(
        boards, corners["left"], corners["right"], K_left, D_left, K_right, D_right, size,
        flags=cv2.CALIB_USE_INTRINSIC_GUESS,
    )[:7]  # fmt: skip
    provenance = {
        "source": "calibrated by sample_data/make.py from the 13 chessboard pairs of Debian's opencv-doc",
        "reprojection_rms_px": f"{rms:.3f}",
        "caution": "the size of the board's squares is not published: 25 mm is assumed, and all depths scale with it",
    }
    T_right_left = transforms.from_rotation_translation(R, t)
    return Rig.stereo(model(K_left, D_left), model(K_right, D_right), T_right_left, provenance)


def find_corners(path: Path) -> F32:
    """(54, 1, 2) corners of the chessboard, refined in windows of 11×11 px."""
    grey = images.to_grey(images.read(path))
    found, corners = cv2.findChessboardCorners(grey, BOARD)
    if not found:
        raise SystemExit(f"no chessboard in {path}")
    until = cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 50, 1e-4
    return cv2.cornerSubPix(grey, corners, (5, 5), (-1, -1), until)


def model(K: F64, D: F64) -> CameraModel:
    """A 640×480 camera from OpenCV's matrices."""
    return CameraModel(640, 480, K[0, 0], K[1, 1], K[0, 2], K[1, 2], tuple(D.ravel()[:5].tolist()), "brown_conrady")


def translation(x: float) -> F64:
    """A shift along x, as a transform."""
    return transforms.from_rotation_translation(np.eye(3), (x, 0, 0))


def folder(name: str) -> Path:
    """A folder of the sample data, made if missing."""
    path = HERE / name
    path.mkdir(exist_ok=True)
    return path


if __name__ == "__main__":
    main(Path(sys.argv[1]))
