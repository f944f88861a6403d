"""Sequences in the form of the EuRoC MAV data sets (Burri et al., IJRR 2016), to which TUM VI is exported as well.

mav0/cam0/data.csv lists stamps in ns and the pictures in mav0/cam0/data; sensor.yaml has the lens and, as T_BS, the
place of the camera (sensor) on the body. TUM VI (Schubert et al., IROS 2018) has Kalibr's dso/camchain.yaml instead,
its body is the IMU, and its pictures have 16 bits. Poses are the body's; frames get the left camera's.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from depthkit import images, transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit.recordings import poses
from depthkit.recordings.assembly import assemble
from depthkit.recordings.contents import Contents, Moment, Shot, Wishes, need_rig
from depthkit.recordings.geometry import Calibration
from depthkit.recordings.pairs import reference_role

_FORM = "EuRoC sequence"
_ROLES = {"cam0": "left", "cam1": "right"}
_TRUTHS = ("state_groundtruth_estimate0", "mocap0")
"""EuRoC's and TUM VI's folders of poses; the lines of both begin with a stamp, p_RS_R and q_RS, w first."""

_POSE_TOLERANCE_NS = 5_000_000
"""Half the period of TUM VI's poses, and some; EuRoC has a pose for the very stamp of each picture."""


def matches(path: Path) -> bool:
    """A folder with mav0, or mav0 itself."""
    return (_mav(path) / "cam0" / "data.csv").is_file()


def read(path: Path, wishes: Wishes) -> Contents:
    """Frames of nearest stamps with the pose nearest to them; readings of other sensors are counted as ignored."""
    folders = {file.parent.name: file.parent for file in sorted(_mav(path).glob("*/data.csv"))}
    cameras = {_ROLES.get(name, name): folders.pop(name) for name in [*folders] if name.startswith("cam")}
    described = {role: values for role, folder in cameras.items() if (values := _described(folder))}
    truth = next((name for name in _TRUTHS if name in folders and "left" in described), None)
    others = {name: folder for name, folder in folders.items() if name != truth}

    def find_rig() -> Rig:
        if described.keys() != cameras.keys():
            raise need_rig(path, _FORM, list(cameras))
        return _rig(described)

    contents = assemble(
        _FORM,
        {role: list(_shots(folder)) for role, folder in cameras.items()},
        wishes,
        find_rig,
        read=lambda role, shot: images.read(shot.place),
        ignored={name: f"{len(_rows(folder))} readings that are not pictures" for name, folder in others.items()},
    )
    if truth is None:
        return contents
    return replace(contents, moments=_posed(contents.moments, folders[truth], _T_body_camera(described["left"])))


def _mav(path: Path) -> Path:
    return path / "mav0" if (path / "mav0").is_dir() else path


def _rows(folder: Path) -> list[list[str]]:
    """The words of the lines of a folder's data.csv, without its heading."""
    lines = poses.read_text(folder / "data.csv").splitlines()
    return [[word.strip() for word in line.split(",")] for line in lines if line.strip() and not line.startswith("#")]


def _shots(folder: Path) -> Iterator[Shot]:
    for stamp, name, *_ in _rows(folder):
        yield Shot(int(stamp), f"{folder.name}/data/{name}", folder / "data" / name)


def _posed(moments: Sequence[Moment], folder: Path, T_body_left: F64) -> list[Moment]:
    rows = _rows(folder)
    numbers = np.array([words[1:8] for words in rows], np.float64).reshape(-1, 7)
    trajectory = poses.Trajectory(np.array([int(words[0]) for words in rows]), numbers[:, :3], numbers[:, 3:])
    T_world_body = [trajectory.nearest(moment.stamp_ns, _POSE_TOLERANCE_NS) for moment in moments]
    return [
        poses.with_pose(moment, None if T is None else T @ T_body_left)
        for moment, T in zip(moments, T_world_body, strict=True)
    ]


def _described(folder: Path) -> Mapping[str, Any]:
    """What sensor.yaml or Kalibr's file says of a camera, and under "source" which of them does; else nothing."""
    own, chain = folder / "sensor.yaml", folder.parents[1] / "dso" / "camchain.yaml"
    file = next((file for file in (own, chain) if file.is_file()), None)
    if file is None:
        return {}
    try:
        # OpenCV's first line, which EuRoC's files have, is not quite YAML's.
        values = YAML(typ="safe").load(poses.read_text(file).removeprefix("%YAML:1.0"))
        return {**(values if file == own else values[folder.name]), "source": f"{file.parent.name}/{file.name}"}
    except (YAMLError, KeyError, TypeError) as error:
        raise CalibrationError(
            f"{file} does not describe {folder.name} ({error}): mend it, or give rig= without it"
        ) from error


def _rig(described: Mapping[str, Mapping[str, Any]]) -> Rig:
    """The common frame is the left camera's."""
    T_body_rig = _T_body_camera(described[reference_role(described)])
    T_camera_rig = {role: transforms.inverse(_T_body_camera(each)) @ T_body_rig for role, each in described.items()}
    source = ", ".join(dict.fromkeys(each["source"] for each in described.values()))
    return Rig({role: _camera(each) for role, each in described.items()}, T_camera_rig, {"source": source})


def _T_body_camera(values: Mapping[str, Any]) -> F64:
    with _complete(values):
        if "T_cam_imu" in values:
            return transforms.inverse(transforms.check("T_cam_imu", values["T_cam_imu"]))
        return transforms.check("T_BS", np.reshape(values["T_BS"]["data"], (4, 4)))


def _camera(values: Mapping[str, Any]) -> CameraModel:
    """Kalibr's files have the same keys but one."""
    with _complete(values):
        if values["camera_model"] != "pinhole":
            raise CalibrationError(f"the camera model {values['camera_model']!r} is not known")
        fx, fy, cx, cy = values["intrinsics"]
        K, unset = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]), np.zeros((3, 4))
        lens = values["distortion_coeffs" if "distortion_coeffs" in values else "distortion_coefficients"]
        width, height = values["resolution"]
        return Calibration("", width, height, values["distortion_model"], lens, K, unset[:, :3], unset).camera(False)


@contextlib.contextmanager
def _complete(values: Mapping[str, Any]) -> Iterator[None]:
    """Name the file in which something is missing or wrong."""
    try:
        yield
    except (KeyError, TypeError, ValueError, CalibrationError) as error:
        raise CalibrationError(f"{values['source']} does not describe a known camera ({error}): give rig=") from error
