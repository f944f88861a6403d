"""A first guess for a calibration, in closed form: focal lengths, poses of the board, and where the cameras are.

The principal point is put in the middle and the lens taken to be ideal. A focal length follows from the homographies of
the views (Zhang, "A flexible new technique for camera calibration", 2000), each pose from its homography, the place of
a camera beside another from the views that both have.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit_calib.bundle import State
from depthkit_calib.sightings import Sighting, View

_DEGENERATE = 1e-6
_FOCAL_LENGTHS = np.geomspace(0.15, 1.2, 22)  # of fisheye lenses that are tried, in widths of the picture


def first_guess(
    views: Sequence[View],
    points: F64,
    sizes: Mapping[str, tuple[int, int]],
    lens: str = "pinhole",
    known: Mapping[str, CameraModel] | None = None,
) -> State:
    """A rig of ideal lenses whose common frame is that of the first camera in `sizes`, and where the boards are.

    points: (P, 3) m of the board; sizes: (width, height) px of each camera's pictures, by role; lens: "pinhole", which
    most lenses are near to, or "fisheye"; known: cameras whose intrinsics are known already. Raises CalibrationError
    for cameras that have no view in common.
    """
    guess = _fisheye if lens == "fisheye" else _pinhole
    cameras = {role: (known or {}).get(role) or guess(_seen(views, role), points, size) for role, size in sizes.items()}
    poses = {role: _poses(views, points, role, camera) for role, camera in cameras.items()}
    placed = _placed(list(sizes), poses)
    boards = [_board(v, placed, poses) for v in range(len(views))]
    return State(Rig(cameras, placed), np.stack(boards))


def pose_of_board(sighting: Sighting, points: F64, camera: CameraModel) -> F64:
    """`T_camera_board` from one sighting, by its homography; to be refined."""
    ideal = camera.unproject(sighting.pixels)
    seen = np.isfinite(ideal).all(1)
    H = _homography(points[sighting.ids[seen], :2], ideal[seen])
    H = H * np.sign(H[2] @ np.append(points[sighting.ids, :2].mean(0), 1))  # the board is in front
    H = H / np.sqrt(np.linalg.norm(H[:, 0]) * np.linalg.norm(H[:, 1]))
    U, _, Vt = np.linalg.svd(np.column_stack([H[:, 0], H[:, 1], np.cross(H[:, 0], H[:, 1])]))
    return transforms.from_rotation_translation(U @ np.diag([1, 1, np.linalg.det(U @ Vt)]) @ Vt, H[:, 2])


def _seen(views: Sequence[View], role: str) -> list[Sighting]:
    seen = [view[role] for view in views if role in view]
    if not seen:
        raise CalibrationError(f"the board was found in no picture of the {role} camera")
    return seen


def _pinhole(seen: Sequence[Sighting], points: F64, size: tuple[int, int]) -> CameraModel:
    """The focal length with which the board's axes are square and of equal scale in all views, as nearly as can be."""
    width, height = size
    middle = (width - 1) / 2, (height - 1) / 2
    rows = []
    for sighting in seen:
        H = _homography(points[sighting.ids, :2], (sighting.pixels - middle) / width)
        a, b = H[:, 0], H[:, 1]
        scale = np.linalg.norm(a) * np.linalg.norm(b)
        rows.append((a[:2] @ b[:2] / scale, a[2] * b[2] / scale))
        rows.append(((a[:2] @ a[:2] - b[:2] @ b[:2]) / scale, (a[2] ** 2 - b[2] ** 2) / scale))
    square, constant = np.array(rows).T
    inverse = -float(square @ constant) / float(square @ square)  # of the squared focal length, in widths
    focal = width / np.sqrt(inverse) if 0.01 < inverse < 25 else float(width)
    return CameraModel(width, height, focal, focal, *middle)


def _fisheye(seen: Sequence[Sighting], points: F64, size: tuple[int, int]) -> CameraModel:
    """The focal length with which the board is flattest, once the equidistant lens is taken away."""
    width, height = size
    middle = (width - 1) / 2, (height - 1) / 2
    lenses = [CameraModel(width, height, f * width, f * width, *middle, (0.0,) * 4, "fisheye") for f in _FOCAL_LENGTHS]
    bent = [[_bent(each, points, lens) for each in seen] for lens in lenses]
    return lenses[min(range(len(lenses)), key=lambda n: (np.isinf(bent[n]).sum(), np.median(bent[n])))]


def _bent(sighting: Sighting, points: F64, camera: CameraModel) -> float:
    """Root mean square px by which a flat board fails to explain a sighting."""
    ideal = camera.unproject(sighting.pixels)
    if not np.isfinite(ideal).all():
        return np.inf
    board = points[sighting.ids, :2]
    moved = np.column_stack([board, np.ones(len(board))]) @ _homography(board, ideal).T
    off = camera.project(moved * np.sign(moved[:, 2:])) - sighting.pixels
    return float(np.sqrt((off**2).sum(1).mean()))


def _poses(views: Sequence[View], points: F64, role: str, camera: CameraModel) -> dict[int, F64]:
    return {v: pose_of_board(view[role], points, camera) for v, view in enumerate(views) if role in view}


def _placed(roles: Sequence[str], poses: Mapping[str, Mapping[int, F64]]) -> dict[str, F64]:
    """`T_camera_rig` of each camera, each from the placed one with which it has the most views in common."""
    placed = {roles[0]: np.eye(4)}
    while len(placed) < len(roles):
        common = {
            (have, want): set(poses[have]) & set(poses[want]) for have in placed for want in roles if want not in placed
        }
        (have, want), views = max(common.items(), key=lambda item: len(item[1]))
        if not views:
            lost = ", ".join(role for role in roles if role not in placed)
            raise CalibrationError(
                f"the board was never seen by {lost} and by {', '.join(placed)} at once: it must be in both pictures"
            )
        candidates = [poses[want][v] @ transforms.inverse(poses[have][v]) for v in sorted(views)]
        placed[want] = _middle(candidates) @ placed[have]
    return placed


def _middle(candidates: Sequence[F64]) -> F64:
    """The one that is nearest to all others, so that a few wrong ones do no harm."""
    stack = np.stack(candidates)[:, :3].reshape(len(candidates), -1)
    shift = np.median(np.linalg.norm(stack.reshape(-1, 3, 4)[:, :, 3], axis=1))
    stack[:, 3::4] /= max(shift, 1e-9)  # turns of 1 rad and shifts as long as the usual one weigh the same
    distances = np.abs(stack[:, None] - stack[None]).sum(-1).sum(-1)
    return candidates[int(np.argmin(distances))]


def _board(view: int, placed: Mapping[str, F64], poses: Mapping[str, Mapping[int, F64]]) -> F64:
    """`T_rig_board`, by the first camera that saw it."""
    for role, T_camera_rig in placed.items():
        if view in poses[role]:
            return transforms.inverse(T_camera_rig) @ poses[role][view]
    raise CalibrationError(f"view {view} holds no sighting")


def _homography(board: F64, ideal: F64) -> F64:
    """(3, 3) from (n, 2) points of a board to (n, 2) x/z and y/z: the direct linear transform.

    It asks that rays of length 1 be parallel to the transformed points, so that those far from the axis count no more
    than others.
    """
    middle = board.mean(0)
    size = np.sqrt(((board - middle) ** 2).mean())
    flat = np.column_stack([(board - middle) / size, np.ones(len(board))])
    rays = np.column_stack([ideal, np.ones(len(ideal))])
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    x, y, z = rays.T[:, :, None] * flat  # ray × (H p) = 0
    none = np.zeros_like(flat)
    rows = np.block([[none, -z, y], [z, none, -x], [-y, x, none]])
    _, sizes, Vt = np.linalg.svd(rows, full_matrices=False)
    if len(board) < 4 or sizes[-2] < _DEGENERATE * sizes[0]:
        raise CalibrationError("the points of a view lie on one line: leave that view out")
    scale = np.array([[1 / size, 0, -middle[0] / size], [0, 1 / size, -middle[1] / size], [0, 0, 1]])
    return np.asarray(Vt[-1].reshape(3, 3) @ scale)
