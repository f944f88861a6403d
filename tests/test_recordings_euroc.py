"""Sequences in EuRoC's form: the real cameras and pictures, TUM VI's form of the calibration, geometry by OpenCV."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit import images, transforms
from depthkit.arrays import F64, Image
from depthkit.errors import BagError, CalibrationError
from depthkit.rectify import Rectifier
from tests.test_recordings_folders import foreign

START, PERIOD = 1_403_715_273_262_142_976, 50_000_000
SIZE = (752, 480)

# Of the VI-Sensor that took EuRoC's sequences, as its sensor.yaml files give them.
INTRINSICS = {"cam0": (458.654, 457.296, 367.215, 248.375), "cam1": (457.587, 456.134, 379.999, 255.238)}
LENSES = {
    "cam0": (-0.28340811, 0.07395907, 0.00019359, 1.76187114e-05),
    "cam1": (-0.28368365, 0.07451284, -0.00010473, -3.55590700e-05),
}
T_BS = {
    "cam0": np.array([
        [0.0148655429818, -0.999880929698, 0.00414029679422, -0.0216401454975],
        [0.999557249008, 0.0149672133247, 0.025715529948, -0.064676986768],
        [-0.0257744366974, 0.00375618835797, 0.999660727178, 0.00981073058949],
        [0, 0, 0, 1],
    ]),
    "cam1": np.array([
        [0.0125552670891, -0.999755099723, 0.0182237714554, -0.0198435579556],
        [0.999598781151, 0.0130119051815, 0.0251588363115, 0.0453689425024],
        [-0.0253898008918, 0.0179005838253, 0.999517347078, 0.00786212447038],
        [0, 0, 0, 1],
    ]),
}  # fmt: skip
FISHEYE = (0.00348238940225, 0.00071503484522, -0.00205323614187, 0.00020293673592)
POSE_HEADING = "#timestamp, p_RS_R_x [m], p_RS_R_y [m], p_RS_R_z [m], q_RS_w [], q_RS_x [], q_RS_y [], q_RS_z []"


def numbers(values: object) -> str:
    return ", ".join(repr(float(each)) for each in np.ravel(np.asarray(values)))


def sensor_yaml(name: str) -> str:
    """As EuRoC has it: OpenCV's first line, comments, a matrix over four lines."""
    rows = ",\n         ".join(numbers(row) for row in T_BS[name])
    return (
        f"%YAML:1.0\n# General sensor definitions.\nsensor_type: camera\ncomment: VI-Sensor {name} (MT9M034)\n\n"
        f"# Sensor extrinsics wrt. the body-frame.\nT_BS:\n  cols: 4\n  rows: 4\n  data: [{rows}]\n\n"
        f"rate_hz: 20\nresolution: [{SIZE[0]}, {SIZE[1]}]\ncamera_model: pinhole\n"
        f"intrinsics: [{numbers(INTRINSICS[name])}] #fu, fv, cu, cv\n"
        f"distortion_model: radial-tangential\ndistortion_coefficients: [{numbers(LENSES[name])}]\n"
    )


def camchain_yaml() -> str:
    """As Kalibr writes it and TUM VI keeps it."""
    text = ""
    for name in ("cam0", "cam1"):
        rows = "\n".join(f"  - [{numbers(row)}]" for row in np.linalg.inv(T_BS[name]))
        text += (
            f"{name}:\n  T_cam_imu:\n{rows}\n  cam_overlaps: [1]\n  camera_model: pinhole\n"
            f"  distortion_coeffs: [{numbers(FISHEYE)}]\n  distortion_model: equidistant\n"
            f"  intrinsics: [{numbers(INTRINSICS[name])}]\n  resolution: [{SIZE[0]}, {SIZE[1]}]\n"
            f"  rostopic: /{name}/image_raw\n"
        )
    return text


def picture(camera: int, i: int, dtype: type) -> Image:
    image: Image = np.full(SIZE[::-1], 1 + 100 * camera + i, dtype)
    return image


def sequence(folder: Path, count: int = 4, *, tum: bool = False, missing: int = 2) -> Path:
    """A tree as the data sets ship it; the right picture number `missing` is not in its list."""
    for camera in (0, 1):
        mav = folder / "mav0" / f"cam{camera}"
        (mav / "data").mkdir(parents=True)
        lines = ["#timestamp [ns],filename"]
        for i in range(count):
            stamp = START + i * PERIOD
            images.write_png(mav / "data" / f"{stamp}.png", picture(camera, i, np.uint16 if tum else np.uint8))
            if (camera, i) != (1, missing):
                lines.append(f"{stamp},{stamp}.png")
        (mav / "data.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode())
        if not tum:
            (mav / "sensor.yaml").write_text(sensor_yaml(mav.name))
    imu = folder / "mav0" / "imu0"
    imu.mkdir()
    rows = "".join(f"{START + i * 5_000_000},0.1,0.2,0.3,9.8,0.1,0.2\n" for i in range(7))
    (imu / "data.csv").write_text(f"#timestamp [ns],w_RS_S_x [rad s^-1],...\n{rows}")
    if tum:
        (folder / "dso").mkdir()
        (folder / "dso" / "camchain.yaml").write_text(camchain_yaml())
    return folder


def poses(folder: Path, name: str, rows: list[tuple[int, F64]], more: str = "") -> None:
    lines = [POSE_HEADING]
    for stamp, T in rows:
        q = transforms.quaternion_from_rotation(T[:3, :3])
        lines.append(f"{stamp},{numbers(T[:3, 3])},{numbers(q)}{more}".replace(" ", ""))
    (folder / "mav0" / name).mkdir()
    (folder / "mav0" / name / "data.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("inside", [False, True])
def test_frames_and_ledger(tmp_path: Path, inside: bool) -> None:
    folder = sequence(tmp_path)
    with foreign(folder / "mav0" if inside else folder) as recording:
        assert [frames.stamp_device_ns for frames in recording] == [START + i * PERIOD for i in (0, 1, 3)]
        for frames in recording:
            assert {role: int(image[5, 5]) for role, image in frames.images.items()} == {
                "left": 1 + frames.sequence,
                "right": 101 + frames.sequence,
            }
        ledger = recording.ledger()
        assert ledger.pictures == {"left": 4, "right": 3}
        assert list(ledger.left_over["left"]) == [f"cam0/data/{START + 2 * PERIOD}.png"]
        assert ledger.ignored == {"imu0": "7 readings that are not pictures"}
        assert recording.info().form == "EuRoC sequence"
        assert recording.rig.provenance == {"source": "cam0/sensor.yaml, cam1/sensor.yaml"}


def test_the_pair_is_rectified_as_opencv_does(tmp_path: Path) -> None:
    """Points on the body, seen through OpenCV's lens, must lie on one row and have their depth by disparity."""
    with foreign(sequence(tmp_path)) as recording:
        rig = recording.rig
    D = {name: np.array(lens) for name, lens in LENSES.items()}
    K = {name: np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]) for name, (fx, fy, cx, cy) in INTRINSICS.items()}
    T_right_left = np.linalg.inv(T_BS["cam1"]) @ T_BS["cam0"]
    R1, R2, _, P2, *_ = cv2.stereoRectify(
        K["cam0"], D["cam0"], K["cam1"], D["cam1"], SIZE, T_right_left[:3, :3], T_right_left[:3, 3:]
    )
    rectifier = Rectifier(rig)
    np.testing.assert_allclose(rectifier.T_rectified_left[:3, :3], R1, atol=1e-9)
    assert rig.baseline == pytest.approx(-P2[0, 3] / P2[0, 0])
    left = np.random.default_rng(1).uniform([-1, -1, 2], [1, 1, 6], (200, 3))
    on_body = transforms.apply(T_BS["cam0"], left)
    pixels = {}
    for name, R, camera in (("cam0", R1, rectifier.rig.left), ("cam1", R2, rectifier.rig.right)):
        T = np.linalg.inv(T_BS[name])
        seen, _ = cv2.projectPoints(on_body, cv2.Rodrigues(T[:3, :3])[0], T[:3, 3], K[name], D[name])
        criteria = (cv2.TERM_CRITERIA_COUNT, 100, 0)
        pixels[name] = cv2.undistortPoints(seen, K[name], D[name], R=R, P=camera.K, criteria=criteria)[:, 0]
    np.testing.assert_allclose(pixels["cam0"][:, 1], pixels["cam1"][:, 1], atol=1e-3)
    z = (left @ R1.T)[:, 2]
    disparity = rectifier.rig.left.fx * rig.baseline / z
    np.testing.assert_allclose(pixels["cam0"][:, 0] - pixels["cam1"][:, 0], disparity, atol=1e-3)


def test_tum_vi(tmp_path: Path) -> None:
    """Deep pictures, fisheye lenses, places by T_cam_imu, poses of the IMU in mocap0."""
    folder = sequence(tmp_path, tum=True)
    T = transforms.from_rotation_translation(transforms.rotation_from_vector([0.3, -0.2, 0.1]), [1, 2, 3])
    poses(folder, "mocap0", [(START + 4_000_000, T), (START + PERIOD - 6_000_000, T)])
    with foreign(folder) as recording:
        assert recording.rig.provenance == {"source": "dso/camchain.yaml"}
        assert [recording.rig.camera(role).model for role in ("left", "right")] == ["fisheye", "fisheye"]
        assert recording.rig.left.distortion == FISHEYE
        expected = np.linalg.inv(T_BS["cam1"]) @ T_BS["cam0"]
        np.testing.assert_allclose(recording.rig.T("right", "left"), expected, atol=1e-9)
        frames = list(recording)
        assert frames[0].image("left").dtype == np.uint16
        np.testing.assert_allclose(frames[0].meta["T_world_camera"], T @ T_BS["cam0"], atol=1e-9)
        assert "T_world_camera" not in frames[1].meta  # 6 ms are too long
        assert recording.ledger().ignored.keys() == {"imu0"}


def test_ground_truth_is_of_the_left_camera(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    Ts = [transforms.from_rotation_translation(transforms.rotation_from_vector([0, 0, i]), [i, 0, 0]) for i in range(4)]
    velocity_and_biases = ",0" * 9
    stamped = [(START + i * PERIOD, T) for i, T in enumerate(Ts)]
    poses(folder, "state_groundtruth_estimate0", stamped, velocity_and_biases)
    file = folder / "mav0" / "state_groundtruth_estimate0" / "data.csv"
    lines = file.read_text().splitlines()
    lines[2] = f"{START + PERIOD},0,0,0,0,0,0,0"
    file.write_text("\n".join(lines))
    with foreign(folder) as recording:
        found = {frames.sequence: frames.meta for frames in recording}
        assert "T_world_camera" not in found[1]
        for i in (0, 3):
            np.testing.assert_allclose(found[i]["T_world_camera"], Ts[i] @ T_BS["cam0"], atol=1e-9)


def test_real_cameras(shared_data: Path, tmp_path: Path) -> None:
    """The real files beside real pictures: matches of ORB lie on one row when rectified, and not before."""
    for name in ("cam0", "cam1"):
        source, folder = shared_data / "calib" / "euroc_raw_stereo" / name, tmp_path / "mav0" / name
        folder.mkdir(parents=True)
        (folder / "data").symlink_to(source)
        (folder / "sensor.yaml").symlink_to(source / "sensor.yaml")
        names = sorted(file.name for file in source.glob("*.png"))
        (folder / "data.csv").write_text("".join(f"{each.removesuffix('.png')},{each}\n" for each in names))
    with foreign(tmp_path) as recording:
        assert len(recording) == 8
        frames, rectifier = recording[0], Rectifier(recording.rig)
    raw = frames.image("left"), frames.image("right")
    rectified = rectifier.left(raw[0]), rectifier.right(raw[1])
    assert row_error(*rectified) < 0.6 < 5 < row_error(*raw)


def row_error(left: Image, right: Image) -> float:
    """Median distance in rows of matching features."""
    orb = cv2.ORB.create(1500)
    (points_left, a), (points_right, b) = (orb.detectAndCompute(image, None) for image in (left, right))
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(a, b)
    rows = [points_left[m.queryIdx].pt[1] - points_right[m.trainIdx].pt[1] for m in matches if m.distance < 40]
    return float(np.median(np.abs(rows)))


def test_cameras_that_are_not_described(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    file = folder / "mav0" / "cam1" / "sensor.yaml"
    with foreign(folder) as recording:
        rig = recording.rig
    file.write_text(file.read_text().replace("pinhole", "omni"))
    with pytest.raises(CalibrationError, match=r"cam1/sensor.yaml does not describe .* 'omni' is not known"):
        foreign(folder)
    with foreign(folder, rig) as recording:
        assert recording.rig is rig
    file.write_text("T_BS: [")
    with pytest.raises(CalibrationError, match="does not describe cam1"):
        foreign(folder)
    file.unlink()
    with pytest.raises(CalibrationError, match=r"EuRoC sequence does not say what its cameras are.*left, right"):
        foreign(folder)
    (folder / "mav0" / "cam0" / "data.csv").write_text("#timestamp [ns],filename\none,1.png\n")
    with pytest.raises(BagError, match="cannot be read"):
        foreign(folder, rig)
