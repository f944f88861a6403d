"""Rig files of ZED cameras."""

import configparser
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel
from depthkit.errors import CalibrationError
from depthkit_calib import load_rig
from tests.rig_files import ZED, ZED_JSON, row_errors_and_disparities, write


def read_by_stereolabs(path: Path, resolution: str) -> tuple[F64, F64]:
    """R and T as Stereolabs' open-source reader gives them to cv2.stereoRectify (where the sign of T is free)."""
    parser = configparser.ConfigParser()
    parser.read(path)
    stereo = {key: float(value) for key, value in parser["STEREO"].items()}
    vector = np.array([stereo[f"{key}_{resolution}"] for key in ("rx", "cv", "rz")])
    return np.asarray(cv2.Rodrigues(vector)[0], np.float64), np.array([stereo["baseline"], stereo["ty"], stereo["tz"]])


def test_zed_factory_rotation_takes_left_to_right(tmp_path: Path) -> None:
    path = write(tmp_path, "SN1.conf", ZED)
    rig = load_rig(path, (1280, 720))
    R, T = read_by_stereolabs(path, "hd")
    rows, disparities = row_errors_and_disparities(rig, R, T)
    assert rows.max() < 4e-5
    assert disparities.min() > 0
    rows, _ = row_errors_and_disparities(rig, R.T, T)  # with R read the other way round, rows would not meet
    assert rows.max() > 3


def test_zed_factory_pose_is_rotation_and_millimetres(tmp_path: Path) -> None:
    T = load_rig(write(tmp_path, "SN1.conf", ZED), (1280, 720)).T("right", "left")
    np.testing.assert_allclose(
        T[:3, :3], cv2.Rodrigues(np.array([0.00364425, -0.00312288, -0.00102985]))[0], atol=1e-12
    )
    np.testing.assert_allclose(T[:3, 3], [-0.12014, -0.0942712e-3, 0.234404e-3], atol=1e-15)


def test_zed_factory_key_variants(tmp_path: Path) -> None:
    plain = load_rig(write(tmp_path, "a.conf", ZED), (1280, 720))
    lower = load_rig(write(tmp_path, "b.conf", ZED.lower()), (1280, 720))
    a_resolution = ZED.replace("TY=", "TY_HD=").replace("TZ=", "TZ_HD=")
    older = load_rig(write(tmp_path, "c.conf", a_resolution), (1280, 720))
    assert plain.digest() == lower.digest() == older.digest()


def test_zed_factory_lens_shared_by_all_resolutions(tmp_path: Path) -> None:
    lens = "k1=1.5\nk2=0.3\np1=0.001\np2=0.002\nk3=0.01\nk4=1.9\nk5=0.8\nk6=0.05\n"
    eyes = "".join(
        f"[{eye}_CAM_SVGA]\nfx=367\nfy=367\ncx=482\ncy=301\n[{eye}_DISTO]\n{lens}" for eye in ("LEFT", "RIGHT")
    )
    stereo = "[STEREO]\nBaseline=50\nTY=0\nTZ=0\nCV_SVGA=0\nRX_SVGA=0\nRZ_SVGA=0\n"
    rig = load_rig(write(tmp_path, "SN1.conf", eyes + stereo), (960, 600))
    assert rig.right.distortion == (1.5, 0.3, 0.001, 0.002, 0.01, 1.9, 0.8, 0.05)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("Baseline=120.14\n", "", r"\[STEREO\]: missing key Baseline"),
        ("Baseline=120.14", "Baseline=0.12014", r"Baseline in \[STEREO\] .* millimetres"),
        ("Baseline=120.14", "Baseline=120140", r"Baseline in \[STEREO\] .* millimetres"),
        ("RX_HD=0.00364425\n", "", r"\[STEREO\]: missing key RX_HD"),
        ("TY=0.0942712\n", "", r"\[STEREO\]: missing key TY_HD \(also read as TY\)"),
        ("k2=0.0358082\n", "", r"\[LEFT_CAM_HD\]: missing key k2"),
        ("fx=533.52", "fx=abc", r"\[RIGHT_CAM_HD\]: fx must be a number"),
        ("fx=533.52", "fx=-533.52", r"\[RIGHT_CAM_HD\]: focal lengths are .* positive"),
        ("[RIGHT_CAM_HD]", "[RIGHT_CAM_VGA]", r"missing section \[RIGHT_CAM_HD\]"),
        ("[STEREO]", "[STEREOS]", r"missing section \[STEREO\]"),
        ("fx=534.25", "534.25", "not a readable INI file"),
    ],
)
def test_zed_files_with_an_error_are_refused_by_key(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    with pytest.raises(CalibrationError, match=complaint):
        load_rig(write(tmp_path, "SN1.conf", ZED.replace(before, after, 1)), (1280, 720))


def test_zed_factory_file_lists_its_resolutions(tmp_path: Path) -> None:
    path = write(tmp_path, "SN1.conf", ZED)
    with pytest.raises(CalibrationError, match="1280×720 images; say which"):
        load_rig(path)
    with pytest.raises(CalibrationError, match="1280×720 images; not 640×480"):
        load_rig(path, (640, 480))


def test_zed_rectified_pair(tmp_path: Path) -> None:
    rig = load_rig(write(tmp_path, "camera_param.json", ZED_JSON))
    assert rig.left == rig.right == CameraModel(1920, 1080, 1068.1, 1068.1, 977.0, 562.4)
    np.testing.assert_allclose(
        rig.T("right", "left"), transforms.from_rotation_translation(np.eye(3), (-0.11999, 0, 0))
    )


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('"fx": 1068.1, ', "", "missing key fx"),
        ("119.99", "0.11999", "baseline .* millimetres"),
        ("119.99", "null", "baseline must be a number"),
        ("119.99", "NaN", "baseline must be finite"),
        ("}", "", "not valid JSON"),
        (ZED_JSON, "[1]", "one JSON object"),
    ],
)
def test_zed_json_with_an_error_is_refused_by_key(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    with pytest.raises(CalibrationError, match=complaint):
        load_rig(write(tmp_path, "camera_param.json", ZED_JSON.replace(before, after, 1)))


@pytest.mark.parametrize(
    ("size", "name"), [((2208, 1242), "2k"), ((1920, 1080), "fhd"), ((1280, 720), "hd"), ((672, 376), "vga")]
)
def test_real_zed_factory_file(shared_data: Path, size: tuple[int, int], name: str) -> None:
    path = shared_data / "zed/zed-cam-sn-1010.conf"
    rig = load_rig(path, size)
    assert rig.left.size == rig.right.size == size
    assert rig.baseline == pytest.approx(0.12)
    rows, disparities = row_errors_and_disparities(rig, *read_by_stereolabs(path, name))
    assert rows.max() < 4e-5
    assert disparities.min() > 0


def test_real_zed_rectified_pair_meets_in_its_rows(shared_data: Path) -> None:
    rig = load_rig(shared_data / "stereo_nogt/zed/camera_param.json", (1920, 1080))
    assert rig.baseline == pytest.approx(0.119987, abs=1e-6)
