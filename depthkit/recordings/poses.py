"""Camera poses beside recordings, as `T_world_camera` in a frame's meta: TUM's, Redwood's and 7-Scenes' files."""

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.files import read_bytes
from depthkit.recordings.contents import Moment

KEY = "T_world_camera"
_MOST_SECONDS = 2**62 // 10**9


def with_pose(moment: Moment, T: F64 | None) -> Moment:
    """The moment with its pose in its meta; as it is where the pose is unknown or no rigid transform."""
    rigid = None if T is None else _rigid(T)
    return moment if rigid is None else replace(moment, meta={**moment.meta, KEY: rigid.tolist()})


def read_matrix(path: Path) -> F64 | None:
    """A file of one 4×4 matrix; None if it is missing or holds something else ("-1.#IND", as 7-Scenes does)."""
    try:
        return np.array(path.read_text("utf-8").split(), np.float64).reshape(4, 4)
    except (OSError, ValueError):
        return None


def read_log(path: Path) -> dict[int, F64]:
    """Poses by frame number of Redwood's .log: three integers, then a camera-to-world matrix, for each frame."""
    lines = [line for line in read_text(path).splitlines() if line.strip()]
    blocks = [lines[i : i + 5] for i in range(0, len(lines), 5)]
    return {int(head.split()[0]): np.array(" ".join(rows).split(), float).reshape(4, 4) for head, *rows in blocks}


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Poses of a body in the world: (N,) stamps in ns, (N, 3) positions in m, (N, 4) quaternions (w, x, y, z)."""

    stamps_ns: NDArray[np.int64]
    positions: F64
    quaternions: F64

    def nearest(self, stamp_ns: int, tolerance_ns: int) -> F64 | None:
        """`T_world_body` of the nearest stamp; None if it is further away than that, or the body was lost then."""
        apart = np.abs(self.stamps_ns - stamp_ns)
        if apart.min(initial=tolerance_ns + 1) > tolerance_ns:
            return None
        i = int(np.argmin(apart))
        if not np.linalg.norm(self.quaternions[i]) > 0:  # zeros or NaN, as trackers write
            return None
        R = transforms.rotation_from_quaternion(self.quaternions[i])
        return transforms.from_rotation_translation(R, self.positions[i])


def read_trajectory(path: Path) -> Trajectory:
    """TUM's groundtruth.txt: stamp tx ty tz qx qy qz qw."""
    rows = read_stamped(path)
    numbers = np.array([words for _, words in rows], np.float64).reshape(-1, 7)
    return Trajectory(np.array([stamp for stamp, _ in rows], np.int64), numbers[:, :3], numbers[:, [6, 3, 4, 5]])


def read_stamped(path: Path) -> list[tuple[int, list[str]]]:
    """The lines of one of TUM's lists as (stamp in ns, the other words), without its comments."""
    words = [line.split() for line in read_text(path).splitlines() if line.strip() and not line.startswith("#")]
    return [(_nanoseconds(stamp), rest) for stamp, *rest in words]


def _nanoseconds(seconds: str) -> int:
    """Exactly; ValueError for a time that no clock can say, which could be a number of a million digits."""
    time = Decimal(seconds)
    if not abs(time) < _MOST_SECONDS:
        raise ValueError(f"{seconds} s is no time")
    return int(time * 10**9)


def read_text(path: Path) -> str:
    """A text file; InputError if it is missing."""
    return read_bytes(path).decode()


def _rigid(T: F64) -> F64 | None:
    """The nearest rigid transform to one that has gathered rounding errors; None for what never was one.

    Trackers keep poses in float32, and write NaN or zeros where they lost the camera.
    """
    if not np.isfinite(T).all():
        return None
    U, _, Vt = np.linalg.svd(T[:3, :3])
    if np.abs(U @ Vt - T[:3, :3]).max() > 1e-3 or np.linalg.det(U @ Vt) < 0:
        return None
    return transforms.from_rotation_translation(U @ Vt, T[:3, 3])
