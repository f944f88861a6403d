"""The simulated camera: what it promises of its pictures, its truth, its noise and its name."""

import itertools
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel
from depthkit.capture import list_cameras, open_camera
from depthkit.errors import InputError
from depthkit.sim import trajectory
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from depthkit.sim.room import BACK, FRONT, HEIGHT, WIDTH, room
from depthkit.types import FrameSet


def open_sim(address: str) -> SimCamera:
    camera = open_camera(f"sim:{address}")
    assert isinstance(camera, SimCamera)
    return camera


def bytes_of(frame: FrameSet) -> list[bytes]:
    depth = [] if frame.depth is None else [frame.depth.depth.tobytes(), frame.depth.reason.tobytes()]
    return [image.tobytes() for _, image in sorted(frame.images.items())] + depth


def bilinear(image: NDArray[Any], uv: F64) -> F64:
    """Values (N, C) of an image (H, W, C) between its pixels; NaN outside."""
    height, width = image.shape[:2]
    inside = np.asarray(((uv >= 0) & (uv < (width - 1, height - 1))).all(-1))
    i, j = np.where(inside[:, None], uv, 0).astype(int).T
    f, g = (np.where(inside[:, None], uv, 0) - np.stack([i, j], -1)).T[..., None]
    rows = [(1 - f) * image[j + k, i] + f * image[j + k, i + 1] for k in (0, 1)]
    return np.where(inside[:, None], (1 - g) * rows[0] + g * rows[1], np.nan)


def test_a_stereo_camera_gives_numbered_stamped_pairs() -> None:
    with open_sim("stereo?size=65x43&frames=3&fps=24") as camera:
        before = time.time_ns()
        frames = list(camera.frames())
    assert [frame.sequence for frame in frames] == [0, 1, 2]
    assert [frame.stamp_device_ns for frame in frames] == [0, round(1e9 / 24), round(2e9 / 24)]
    assert before <= frames[0].stamp_host_ns <= frames[2].stamp_host_ns <= time.time_ns()
    for frame in frames:
        assert sorted(frame.images) == ["left", "right"]
        assert frame.images["left"].shape == frame.images["right"].shape == (43, 65, 3)
        assert frame.images["left"].dtype == np.uint8
        assert frame.meta["exposure_us"] == 10_000
    assert bytes_of(frames[0]) != bytes_of(frames[1])  # it moves, and the noise is new


def test_the_source_in_the_meta_opens_the_same_camera_again() -> None:
    first = next(open_sim("stereo?size=64x48&seed=3&lens=fisheye").frames())
    again = next(open_sim(first.meta["source"].removeprefix("sim:")).frames())
    assert bytes_of(first) == bytes_of(again)
    assert first.rig.digest() == again.rig.digest()


@pytest.mark.parametrize("kind", ["stereo", "rgbd"])
def test_frames_are_the_same_whatever_the_threads(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("DEPTHKIT_THREADS", threads)
        pictures.append(bytes_of(open_sim(f"{kind}?size=160x120&seed=1").frame(7)))
    assert pictures[0] == pictures[1] == pictures[2]


def test_seeds_give_different_rooms_and_noise() -> None:
    frames = [open_sim(f"stereo?size=65x43&seed={seed}").frame(0) for seed in (0, 1)]
    assert frames[0].images["left"].tobytes() != frames[1].images["left"].tobytes()
    depths = [open_sim(f"stereo?size=65x43&seed={seed}").truth(0).depth for seed in (0, 1)]
    assert (depths[0] != depths[1]).mean() > 0.05


def test_frames_end_when_asked_and_not_otherwise() -> None:
    assert list(open_sim("stereo?size=16x12&frames=0").frames()) == []
    endless = open_sim("stereo?size=16x12").frames()
    assert [frame.sequence for frame in itertools.islice(endless, 5)] == [0, 1, 2, 3, 4]


def test_a_still_camera_sees_the_same_scene_with_new_noise() -> None:
    still = open_sim("stereo?size=65x43&motion=0&noise=0")
    assert bytes_of(still.frame(0)) == bytes_of(still.frame(9))
    noisy = open_sim("stereo?size=65x43&motion=0")
    assert bytes_of(noisy.frame(0)) != bytes_of(noisy.frame(9))


def test_realtime_waits_until_each_frame_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr("depthkit.sim.camera.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("depthkit.sim.camera.time.sleep", sleep)
    monkeypatch.setattr("depthkit.sim.camera.time.time_ns", lambda: round(clock[0] * 1e9))
    stamps = []
    for frame in open_sim("stereo?size=16x12&fps=10&frames=4&realtime=1").frames():
        stamps.append(frame.stamp_host_ns / 1e9)
        clock[0] += 0.25 if frame.sequence == 1 else 0.03  # the second is worked on for too long
    np.testing.assert_allclose(waits, [0, 0.07, 0, 0], atol=1e-9)
    np.testing.assert_allclose(stamps, [100, 100.1, 100.35, 100.38])
    waits.clear()
    list(open_sim("stereo?size=16x12&frames=3").frames())
    assert waits == []


def test_the_rig_is_a_realistic_one() -> None:
    rig = open_sim("stereo").rig
    assert rig.left.size == rig.right.size == (640, 480)
    assert rig.baseline == pytest.approx(0.12, abs=1e-3)
    angle = np.linalg.norm(transforms.vector_from_rotation(rig.T("right", "left")[:3, :3]))
    assert 0 < angle < np.radians(0.5)
    assert rig.left.fx != rig.right.fx
    assert rig.left.model == "brown_conrady"
    assert np.isfinite(rig.left.rays()).all()


@pytest.mark.parametrize("size", ["320x240", "1280x720", "65x43"])
def test_other_sizes_see_the_same_width_of_the_scene(size: str) -> None:
    small, usual = open_sim(f"stereo?size={size}&lens=none"), open_sim("stereo?lens=none")
    width, height = map(int, size.split("x"))
    assert small.rig.left.size == (width, height)
    edges, usual_edges = (
        camera.unproject([(-0.5, 0), (camera.width - 0.5, 0)])[:, 0] for camera in (small.rig.left, usual.rig.left)
    )
    np.testing.assert_allclose(edges, usual_edges, atol=1e-12)


def test_the_drivers_cameras_are_listed() -> None:
    assert {"sim:stereo", "sim:rgbd"} <= {info.uri for info in list_cameras()}


@pytest.mark.parametrize("lens", ["brown", "none", "fisheye"])
def test_both_views_show_the_same_points(lens: str) -> None:
    camera = open_sim(f"stereo?size=320x240&lens={lens}&noise=0")
    frame, rig, truth = camera.frame(4), camera.rig, camera.truth(4)
    x, y = rig.left.rays().astype(float)
    points = np.stack([x, y, np.ones_like(x)], -1)[::3, ::3] * truth.depth[::3, ::3, None]
    in_right = transforms.apply(rig.T("right", "left"), points.reshape(-1, 3))
    uv = rig.right.project(in_right)
    seen_there = bilinear(camera.truth(4, rig.right, rig.T("right", "left")).depth[..., None], uv)[:, 0]
    visible = np.abs(seen_there - in_right[:, 2]) < 0.01 * in_right[:, 2]
    assert visible.mean() > 0.75
    assert np.median(np.abs(seen_there - in_right[:, 2])[visible]) < 5e-4
    left = frame.images["left"][::3, ::3].reshape(-1, 3).astype(float)
    difference = np.abs(bilinear(frame.images["right"], uv) - left).max(-1)[visible]
    assert np.median(difference) < 5
    off_by_two = np.abs(bilinear(frame.images["right"], uv + np.array([2, 0])) - left).max(-1)[visible]
    assert np.nanmedian(off_by_two) > 2 * np.median(difference)


def test_truth_is_given_for_any_camera_and_place() -> None:
    camera = open_sim("stereo?size=65x43")
    other = CameraModel(30, 20, 25, 25, 14.5, 9.5)
    turned = transforms.from_rotation_translation(transforms.rotation_from_vector((0, 0.1, 0)), (0.1, 0, 0.2))
    truth = camera.truth(5, other, turned)
    assert truth.camera == other
    assert truth.stamp_ns == camera.frame(5).stamp_device_ns
    assert truth.measured.all()
    # The same point of the world, seen by both: along the axis of one, projected into the other.
    point = transforms.inverse(turned) @ (*(truth.depth[9, 14] * np.append(other.unproject((14, 9)), 1)), 1)
    u, v = camera.rig.left.project(point[:3])
    around = camera.truth(5).depth[int(v) : int(v) + 2, int(u) : int(u) + 2]
    assert np.abs(around - point[2]).min() < 0.02


def test_the_room_has_content_from_near_to_far_and_no_hole() -> None:
    camera = open_sim("stereo?size=160x120")
    depths = [camera.truth(sequence).depth for sequence in range(0, 360, 20)]
    assert np.isfinite(depths).all()
    assert 0.6 < np.min(depths) < 1.2
    assert 4 < np.max(depths) < 6


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 100))
def test_the_camera_stays_in_the_room_upright_and_looking_at_the_table(seconds: float) -> None:
    T = trajectory.pose(seconds)
    transforms.check("pose", T)
    x, y, z = T[:3, 3]
    assert abs(x) < WIDTH / 2 - 0.5
    assert -HEIGHT + 0.5 < y < -0.8
    assert BACK + 0.5 < z < FRONT - 2
    assert T[1, 1] > 0.9  # the camera's down is the world's down
    table = transforms.apply(transforms.inverse(T), (0.15, -0.74, 1.95))
    u, v = CameraModel(640, 480, 520, 520, 319.5, 239.5).project(table)
    assert 80 < u < 560
    assert 120 < v < 470
    np.testing.assert_allclose(T, trajectory.pose(seconds + trajectory.PERIOD), atol=1e-9)


def test_the_camera_moves_as_a_hand_does() -> None:
    poses = [trajectory.pose(k / 30) for k in range(361)]
    steps = [transforms.inverse(a) @ b for a, b in itertools.pairwise(poses)]
    speeds = [np.linalg.norm(step[:3, 3]) * 30 for step in steps]
    turns = [np.linalg.norm(transforms.vector_from_rotation(step[:3, :3])) * 30 for step in steps]
    assert min(speeds) > 0.03
    assert max(speeds) < 0.8
    assert max(turns) < np.radians(40)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mono", "no simulated camera 'mono': use sim:stereo or sim:rgbd"),
        ("stereo?sise=640x480", "no option 'sise'; it has size, seed, fps, frames, lens, noise, motion, realtime"),
        ("stereo?size=640", "size=640 is not possible: size is WIDTHxHEIGHT in pixels"),
        ("stereo?size=0x480", "size=0x480 is not possible"),
        ("stereo?seed=-1", "seed=-1 is not possible: seed is a whole number from 0"),
        ("stereo?fps=0", "fps=0 is not possible: fps is frames a second, more than 0"),
        ("stereo?frames=many", "frames=many is not possible"),
        ("stereo?frames=", "frames= is not possible"),
        ("stereo?lens=zoom", "lens=zoom is not possible: lens is one of brown, none, fisheye"),
        ("rgbd?noise=yes", "noise=yes is not possible: noise is 0 or 1"),
    ],
)
def test_a_wrong_address_says_what_is_right(address: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        open_camera(f"sim:{address}")
    assert message in str(caught.value)


@given(
    st.builds(
        Options,
        kind=st.sampled_from(["stereo", "rgbd"]),
        size=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
        seed=st.integers(0, 10**9 - 1),
        fps=st.sampled_from([7.5, 15.0, 30.0, 59.94]),
        frames=st.none() | st.integers(0, 10**6),
        lens=st.sampled_from(["brown", "none", "fisheye"]),
        noise=st.booleans(),
        motion=st.booleans(),
        realtime=st.booleans(),
    )
)
def test_an_address_says_all_there_is_to_say(options: Options) -> None:
    assert Options.parse(options.uri.removeprefix("sim:")) == options


def test_an_empty_address_is_the_stereo_camera() -> None:
    assert Options.parse("") == Options.parse("stereo") == Options()


def test_a_room_is_made_once() -> None:
    assert room(5) is room(5)
