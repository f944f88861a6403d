"""Rig files as other programs write them, and what a rig must do to points, for the tests of rig formats."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import Rig

MIDDLEBURY = """\
cam0=[999.421 0 294.182; 0 999.421 252.932; 0 0 1]
cam1=[999.421 0 326.96; 0 999.421 252.932; 0 0 1]
doffs=32.778
baseline=193.001
width=741
height=497
ndisp=70
"""

ZED = """\
[LEFT_CAM_HD]
fx=534.25
fy=534.065
cx=639.57
cy=368.0055
k1=-0.0592102
k2=0.0358082
p1=-0.000315399
p2=-8.94399e-05
k3=-0.0144553

[RIGHT_CAM_HD]
fx=533.52
fy=533.29
cx=630.98
cy=371.8855
k1=-0.0642587
k2=0.0436327
p1=-0.000369278
p2=-0.000588874
k3=-0.0180629

[STEREO]
Baseline=120.14
TY=0.0942712
TZ=-0.234404
CV_HD=-0.00312288
RX_HD=0.00364425
RZ_HD=-0.00102985
"""

ZED_JSON = '{"width": 1920, "height": 1080, "fx": 1068.1, "fy": 1068.1, "cx": 977.0, "cy": 562.4, "baseline": 119.99}'

LEFT = np.array([[535.0, 0, 335.5], [0, 536.0, 240.5], [0, 0, 1]])
RIGHT = np.array([[534.0, 0, 330.5], [0, 533.0, 242.0], [0, 0, 1]])
BENT = [-0.28, 0.05, 1e-3, -2e-3, 0.01]
R = transforms.rotation_from_vector([0.01, -0.02, 0.005])
T_MM = np.array([[-83.0], [0.5], [-0.25]])


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def opencv_file(path: Path, **values: object) -> Path:
    """A file as OpenCV itself writes it."""
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for key, value in values.items():
        storage.write(key, value)  # type: ignore[call-overload]
    storage.release()
    return path


def opencv_values(**changes: object) -> dict[str, object]:
    """Everything an OpenCV file needs, in millimetres, with keys changed or (by None) left out."""
    bent = np.array([BENT])
    values = {
        "image_width": 640,
        "image_height": 480,
        "M1": LEFT,
        "D1": bent,
        "M2": RIGHT,
        "D2": bent,
        "R": R,
        "T": T_MM,
    }
    return {key: value for key, value in {**values, **changes}.items() if value is not None}


def row_errors_and_disparities(rig: Rig, R: ArrayLike, T: ArrayLike) -> tuple[F64, F64]:
    """(200,) each, in pixels: points seen by the rig, then rectified by OpenCV from the file's own numbers R and T."""
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-0.6, 0.6, 200), rng.uniform(-0.4, 0.4, 200), rng.uniform(2, 6, 200)])
    K1, K2, D1, D2 = rig.left.K, rig.right.K, np.array(rig.left.distortion), np.array(rig.right.distortion)
    R1, R2, P1, P2, *_ = cv2.stereoRectify(K1, D1, K2, D2, rig.left.size, np.asarray(R), np.reshape(T, (3, 1)))
    left = cv2.undistortPoints(rig.left.project(points), K1, D1, R=R1, P=P1)[:, 0]
    seen = rig.right.project(transforms.apply(rig.T("right", "left"), points))
    right = cv2.undistortPoints(seen, K2, D2, R=R2, P=P2)[:, 0]
    apart = np.asarray(left - right, np.float64)
    return np.abs(apart[:, 1]), apart[:, 0]
