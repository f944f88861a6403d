"""Recording and replay: what goes in comes out, once, in order, bit for bit."""

import io
import json
import tempfile
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit.bag import Bag, BagWriter, FrameDigest, RoleInfo
from depthkit.cameras import CameraModel, Rig
from depthkit.capture import Camera, open_camera
from depthkit.errors import BagError
from depthkit.types import FrameSet
from tests.bag_frames import HOST0, LEFT, PERIOD, RIG, frame_set, frame_sets, record, rigs, same


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_what_is_written_is_read(data: st.DataObject) -> None:
    rig = data.draw(rigs())
    frames = data.draw(st.lists(frame_sets(rig), max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        with BagWriter(Path(folder) / "any.mcap", rig) as writer:
            for each in frames:
                writer.write(each)
        with Bag(Path(folder) / "any.mcap") as bag:
            assert bag.rig.to_dict() == rig.to_dict()
            assert len(bag) == len(frames)
            for replay in (list(bag.frames()), [bag[i] for i in range(len(frames))]):
                assert len(replay) == len(frames)
                assert all(same(read, written) for read, written in zip(replay, frames, strict=True))
            assert bag.digest() == bag.digest() == digest_of(frames)


def test_a_recording_is_a_camera(tmp_path: Path) -> None:
    frames = record(tmp_path / "walk.mcap", 3)
    with open_camera(tmp_path / "walk.mcap") as camera:
        assert isinstance(camera, Bag)
        as_camera: Camera = camera
        assert [each.sequence for each in as_camera.frames()] == [0, 1, 2]
        assert as_camera.rig.to_dict() == RIG.to_dict()
        assert all(each.rig is as_camera.rig for each in as_camera.frames())
        assert same(next(as_camera.frames()), frames[0])


@pytest.mark.parametrize("source", ["sim:stereo?size=64x48&frames=3", "sim:stereo?size=64x48&frames=3&lens=fisheye"])
def test_a_camera_and_its_recording_have_one_digest(tmp_path: Path, source: str) -> None:
    live = FrameDigest()
    with open_camera(source) as camera, BagWriter(tmp_path / "sim.mcap", camera.rig) as writer:
        for each in camera.frames():
            writer.write(each)
            live.update(each)
    with Bag(tmp_path / "sim.mcap") as bag:
        assert len(bag) == 3
        assert bag.digest() == bag.digest() == live.hexdigest()


def test_frames_by_number(tmp_path: Path) -> None:
    frames = record(tmp_path / "walk.mcap", 5)
    with Bag(tmp_path / "walk.mcap") as bag:
        for i in (4, 0, -1, -5, 2):
            assert same(bag[i], frames[i])
        for i in (5, -6):
            with pytest.raises(IndexError):
                bag[i]


def test_recorded_order_counts_whatever_the_stamps_say(tmp_path: Path) -> None:
    order = [3, 1, 2, 2, 0]
    with BagWriter(tmp_path / "back.mcap", RIG) as writer:
        for i in order:
            writer.write(frame_set(i))
    with Bag(tmp_path / "back.mcap") as bag:
        assert [each.sequence for each in bag.frames()] == order
        assert all(same(each, frame_set(i)) for each, i in zip(bag.frames(), order, strict=True))


def test_no_frames(tmp_path: Path) -> None:
    record(tmp_path / "none.mcap", 0)
    with Bag(tmp_path / "none.mcap") as bag:
        assert len(bag) == 0
        assert list(bag.frames()) == []
        assert bag.rig.to_dict() == RIG.to_dict()
        info = bag.info()
    assert (info.frames, info.roles, info.duration_s, info.fps, info.gaps) == (0, (), 0.0, None, ())
    assert info.stamps_host_ns is None


def test_one_frame(tmp_path: Path) -> None:
    (frames,) = record(tmp_path / "one.mcap", 1)
    with Bag(tmp_path / "one.mcap") as bag:
        assert same(bag[0], frames)
        assert same(bag[-1], frames)
        assert bag.info().fps is None


def test_info(tmp_path: Path) -> None:
    path = tmp_path / "walk.mcap"
    with BagWriter(path, RIG) as writer:
        for i in (0, 1, 4, 5, 3, 7):
            frames = frame_set(i)
            left_only = {"left": frames.images["left"]}
            writer.write(replace(frames, images=left_only, depth=None) if i > 4 else frames)
    with Bag(path) as bag:
        info = bag.info()
    assert info.path == path
    assert info.version == 2
    assert info.size_bytes == path.stat().st_size
    assert info.frames == 6
    assert info.roles == (
        RoleInfo("left", 16, 12, "mono8", 6, "raw", 1.0),
        RoleInfo("right", 16, 12, "mono16", 4, "raw", 1.0),
        RoleInfo("color", 10, 8, "rgb8", 4, "raw", 1.0),
        RoleInfo("depth", 6, 4, "32FC1", 4, "raw", 1.0),
    )
    assert info.gaps == ((1, 2), (3, 3))
    assert info.stamps_host_ns == (HOST0, HOST0 + 7 * PERIOD)
    assert info.stamps_device_ns == (5_000, 5_000 + 7 * PERIOD)
    assert info.duration_s == pytest.approx(7 * PERIOD / 1e9)
    assert info.fps == pytest.approx(5e9 / (7 * PERIOD))
    assert json.loads(json.dumps(asdict(info), default=str))["frames"] == 6


def test_info_compares_the_clocks(tmp_path: Path) -> None:
    """A device's clock that is 100 ppm slow, and one frame of ten that reached the host 4 ms late."""
    with BagWriter(tmp_path / "drift.mcap", RIG) as writer:
        for i in range(100):
            device = 5_000 + i * PERIOD
            host = HOST0 + i * PERIOD + i * PERIOD // 10_000 + (4_000_000 if i % 10 == 3 else 0)
            writer.write(replace(frame_set(i), stamp_device_ns=device, stamp_host_ns=host))
    with Bag(tmp_path / "drift.mcap") as bag:
        clocks = bag.info().clocks
    assert clocks is not None
    assert clocks.rate_ppm == pytest.approx(100, abs=0.01)
    assert clocks.offset_ns == pytest.approx(HOST0 - 5_000, abs=1000)
    assert (clocks.lags[0], clocks.lags[-1], sum(clocks.lags)) == (90, 10, 100)
    assert (clocks.edges_ms[0], clocks.edges_ms[-1]) == pytest.approx((0, 4), abs=0.001)


def test_compression_ratio(tmp_path: Path) -> None:
    camera = CameraModel(640, 480, 500.0, 500.0, 319.5, 239.5)
    rng = np.random.default_rng(0)
    ratios = []
    for name, image in (
        ("flat", np.zeros((480, 640), np.uint8)),
        ("noise", rng.integers(0, 256, (480, 640), np.uint8)),
    ):
        with BagWriter(tmp_path / name, Rig({"left": camera})) as writer:
            writer.write(FrameSet({"left": image}, writer.rig))
        with Bag(tmp_path / name) as bag:
            ratios.append(bag.info().compression_ratio)
            assert np.array_equal(bag[0].image("left"), image)
    assert ratios[0] > 40
    assert ratios[1] == pytest.approx(1, abs=0.03)  # types of messages, once


CHANGES: list[dict[str, Any]] = [
    {"sequence": 1},
    {"stamp_device_ns": 1},
    {"stamp_host_ns": 1},
    {"meta": {"gain": 2}},
    {"depth": None},
    {"images": {"left": np.zeros((12, 16), np.uint8)}},
    {"rig": Rig({**RIG.cameras, "left": replace(LEFT, fx=20.6)}, RIG.T_camera_rig)},
]


@pytest.mark.parametrize("change", CHANGES, ids=[next(iter(each)) for each in CHANGES])
def test_digest_sees_every_field(change: dict[str, Any]) -> None:
    assert digest_of([frame_set(0)]) == digest_of([frame_set(0)])
    assert digest_of([replace(frame_set(0), **change)]) != digest_of([frame_set(0)])


@pytest.mark.parametrize("role", ["left", "right", "color"])
def test_digest_sees_every_bit(role: str) -> None:
    frames = frame_set(0)
    changed = frames.images[role].copy()
    changed.flat[-1] ^= 1
    assert digest_of([replace(frames, images={**frames.images, role: changed})]) != digest_of([frames])


def test_digest_sees_order_and_roles() -> None:
    a, b = frame_set(0), frame_set(1)
    assert digest_of([a, b]) != digest_of([b, a]) != digest_of([b])
    image = a.images["left"]
    swapped = [FrameSet({role: image}, RIG) for role in ("left", "right")]
    assert digest_of(swapped[:1]) != digest_of(swapped[1:])


def test_closed_recording(tmp_path: Path) -> None:
    record(tmp_path / "walk.mcap", 2)
    bag = Bag(tmp_path / "walk.mcap")
    bag.close()
    bag.close()
    for read in (lambda: bag[0], bag.info, bag.digest):
        with pytest.raises(BagError, match="open it again"):
            read()


def test_reading_a_frame_reads_little_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = _record_noise(tmp_path / "long.mcap", frames=60)
    counter = Counting(str(tmp_path / "long.mcap"))
    monkeypatch.setattr(Path, "open", lambda *_: io.BufferedReader(counter))
    with Bag(tmp_path / "long.mcap") as bag:
        assert counter.count < size / 10
        bag[30]
        assert counter.count < size / 8
        bag.info()
        assert counter.count < size / 2


def test_a_pass_keeps_one_frame_in_memory(tmp_path: Path) -> None:
    size = _record_noise(tmp_path / "long.mcap", frames=60)
    with Bag(tmp_path / "long.mcap") as bag:
        tracemalloc.start()
        for _ in bag.frames():
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < size / 6


class Counting(io.FileIO):
    """A file that counts the bytes read from it."""

    count = 0

    def readinto(self, buffer: Any) -> int:
        read = super().readinto(buffer)
        self.count += read or 0
        return read or 0


def _record_noise(path: Path, frames: int) -> int:
    camera = CameraModel(320, 240, 300.0, 300.0, 159.5, 119.5)
    rng = np.random.default_rng(1)
    with BagWriter(path, Rig({"left": camera})) as writer:
        for i in range(frames):
            writer.write(FrameSet({"left": rng.integers(0, 256, (240, 320), np.uint8)}, writer.rig, i))
    return path.stat().st_size


def digest_of(frames: list[FrameSet]) -> str:
    digest = FrameDigest()
    for each in frames:
        digest.update(each)
    return digest.hexdigest()
