"""Rig files of OpenCV, written by OpenCV itself."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit import transforms
from depthkit.cameras import CameraModel
from depthkit.errors import CalibrationError
from depthkit_calib import load_rig
from tests.rig_files import BENT, LEFT, RIGHT, T_MM, R, opencv_file, opencv_values, row_errors_and_disparities, write


@pytest.mark.parametrize("suffix", [".yml", ".yaml", ".xml"])
def test_opencv_file_in_millimetres(tmp_path: Path, suffix: str) -> None:
    rig = load_rig(opencv_file(tmp_path / f"stereo{suffix}", **opencv_values()), unit=0.001)
    assert rig.left == CameraModel(640, 480, 535, 536, 335.5, 240.5, tuple(BENT), "brown_conrady")
    assert rig.right == CameraModel(640, 480, 534, 533, 330.5, 242, tuple(BENT), "brown_conrady")
    np.testing.assert_allclose(rig.T("right", "left"), transforms.from_rotation_translation(R, T_MM / 1000), atol=1e-12)
    rows, disparities = row_errors_and_disparities(rig, R, T_MM)
    assert rows.max() < 1e-4
    assert disparities.min() > 0


def test_opencv_pair_of_files_by_folder_or_either_half(tmp_path: Path) -> None:
    values = opencv_values(image_width=None, image_height=None)
    inside = opencv_file(tmp_path / "intrinsics.yml", **{k: v for k, v in values.items() if k[0] in "MD"})
    outside = opencv_file(tmp_path / "extrinsics.yml", **{k: v for k, v in values.items() if k in "RT"})
    digests = {load_rig(path, (640, 480), unit=0.001).digest() for path in (tmp_path, inside, outside)}
    assert len(digests) == 1
    outside.unlink()
    for path in (tmp_path, inside):
        with pytest.raises(CalibrationError, match=r"there is no extrinsics\.yml\): missing key R"):
            load_rig(path, (640, 480))
    inside.unlink()
    with pytest.raises(CalibrationError, match=r"there is no intrinsics\.yml and extrinsics\.yml"):
        load_rig(tmp_path, (640, 480))


def test_opencv_other_names_and_forms(tmp_path: Path) -> None:
    reference = load_rig(opencv_file(tmp_path / "a.yml", **opencv_values()), unit=0.001)
    bent = np.array([BENT])
    renamed = opencv_file(
        tmp_path / "b.yml", imageSize=np.array([640, 480]), cameraMatrix1=LEFT, distCoeffs1=bent, cameraMatrix2=RIGHT,
        distCoeffs2=bent.T, R=cv2.Rodrigues(R)[0], T=T_MM.T,
    )  # fmt: skip
    by_side = write(
        tmp_path,
        "c.yml",
        f"%YAML:1.0\n---\nSize: [640, 480]\nK_LEFT: {LEFT.tolist()}\nD_LEFT: {BENT}\nK_RIGHT: {RIGHT.tolist()}\n"
        f"D_RIGHT: {BENT}\nR: {cv2.Rodrigues(R)[0].ravel().tolist()}\nT: {T_MM.ravel().tolist()}\n",
    )
    for path in (renamed, by_side):
        rig = load_rig(path, unit=0.001)
        assert rig.cameras == reference.cameras
        np.testing.assert_allclose(rig.T("right", "left"), reference.T("right", "left"), atol=1e-12)


@pytest.mark.parametrize(
    ("flag", "model"),
    [
        ({}, "brown_conrady"),
        ({"fisheye": 0}, "brown_conrady"),
        ({"fisheye": 1}, "fisheye"),
        ({"distortion_model": "fisheye"}, "fisheye"),
    ],
)
def test_opencv_fisheye_only_when_the_file_says_so(tmp_path: Path, flag: dict[str, object], model: str) -> None:
    four = np.zeros((1, 4)) + 0.01
    rig = load_rig(opencv_file(tmp_path / "a.yml", **opencv_values(D1=four, D2=four, **flag)), unit=0.001)
    assert (rig.left.model, rig.right.model) == (model, model)


@pytest.mark.parametrize("count", [4, 5, 8, 12, 14])
def test_opencv_distortion_of_any_length(tmp_path: Path, count: int) -> None:
    D = np.zeros((1, 14))
    D[0, :12] = np.linspace(0.001, 0.002, 12)
    rig = load_rig(opencv_file(tmp_path / "a.yml", **opencv_values(D1=D[:, :count])), unit=0.001)
    assert rig.left.distortion == tuple(D[0, : min(count, 12)])


TILTED = np.zeros((1, 14)) + 0.01


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"T": None}, "missing key T"),
        ({"M1": None}, r"missing key M1 \(also read as K1, cameraMatrix1"),
        ({"D2": None}, r"missing key D2 \(also read as distCoeffs2"),
        ({"T": np.ones((2, 1))}, "T must have 3 entries, not 2"),
        ({"T": np.array([[np.nan], [0], [0]])}, "T must hold finite numbers"),
        ({"T": -T_MM}, "T puts the right camera to the left"),
        ({"R": 2 * np.eye(3)}, "T is not a rigid transform"),
        ({"R": np.eye(4)}, "R must be 3×3, not 4×4"),
        ({"M1": np.eye(2)}, "M1 must be 3×3, not 2×2"),
        ({"M1": "none"}, "M1 must hold numbers"),
        ({"M1": LEFT + np.eye(3, k=1)}, r"M1 must be \[fx 0 cx"),
        ({"D1": TILTED}, "D1 tilts the sensor"),
        ({"D1": np.zeros((1, 6))}, "takes 4 or 5 or 8 or 12 distortion coefficients, not 6"),
        ({"image_width": "wide"}, "image_width must be a number"),
    ],
)
def test_opencv_files_with_an_error_are_refused_by_key(
    tmp_path: Path, changes: dict[str, object], complaint: str
) -> None:
    with pytest.raises(CalibrationError, match=complaint):
        load_rig(opencv_file(tmp_path / "a.yml", **opencv_values(**changes)), unit=0.001)


def test_opencv_unit_has_to_be_said(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match=r"T puts the cameras 83\.\d+ m apart.*unit=0\.001 for millimetres"):
        load_rig(opencv_file(tmp_path / "a.yml", **opencv_values()))
    with pytest.raises(CalibrationError, match=r"T puts the cameras 8\.3\d+e-05 m apart"):
        load_rig(opencv_file(tmp_path / "a.yml", **opencv_values(T=T_MM / 1000)), unit=0.001)
    assert load_rig(opencv_file(tmp_path / "a.yml", **opencv_values(T=T_MM / 1000))).baseline == pytest.approx(
        0.083, 1e-3
    )


def test_opencv_size_has_to_be_known(tmp_path: Path) -> None:
    path = opencv_file(tmp_path / "a.yml", **opencv_values(image_width=None, image_height=None))
    with pytest.raises(CalibrationError, match="states no image_size"):
        load_rig(path, unit=0.001)
    assert load_rig(path, (640, 480), unit=0.001).left.size == (640, 480)


@pytest.mark.parametrize("text", ["%YAML:1.0\n---\nM1: !!opencv-matrix\n  rows: 3\n  cols: 3\n  dt: d\n  data: [1]\n",
                                  "%YAML:1.0\n : [", "<?xml version='1.0'?><opencv_storage><a>", ""])  # fmt: skip
def test_opencv_broken_files(tmp_path: Path, text: str) -> None:
    with pytest.raises(CalibrationError, match="not a readable OpenCV file"):
        load_rig(write(tmp_path, "a.yml", text))


def test_real_opencv_intrinsics_lack_their_other_half(shared_data: Path) -> None:
    with pytest.raises(CalibrationError, match=r"there is no extrinsics\.yml"):
        load_rig(shared_data / "calib/opencv_chessboard/intrinsics.yml", (640, 480))
