"""Video files: written with PyAV without loss, so that every pixel of every frame can be told."""

import itertools
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings import Recording, open_recording, picture_sizes
from tests.test_recordings_ros import foreign, survive
from tests.video_clips import (
    CAMERA,
    COLOR,
    FFV1,
    H264,
    HEIGHT,
    LOSSLESS,
    STEREO,
    WIDTH,
    X264,
    X265,
    av,
    pair,
    picture,
    write_video,
)

COUNT = 40
HOLDS = [(codec, suffix) for codec in LOSSLESS for suffix in ("mkv", "mp4", "avi", "mov")]
HOLDS = [each for each in HOLDS if each not in {("png", "mkv"), ("x265", "avi"), ("open gop", "avi"), ("ffv1", "mov")}]


def is_exact(recording: Recording, i: int) -> bool:
    frames = recording[i]
    assert frames.sequence == i
    return np.array_equal(frames.image("left"), picture(i)) and np.array_equal(frames.image("right"), picture(i + 5))


@pytest.mark.parametrize(("codec", "suffix"), HOLDS)
def test_every_frame_of_a_side_by_side_video(tmp_path: Path, codec: str, suffix: str) -> None:
    """B-pictures, open groups of pictures, each container: in order and in any other."""
    path = write_video(tmp_path / f"walk.{suffix}", map(pair, range(COUNT)), LOSSLESS[codec])
    with foreign(path, rig=STEREO) as recording:
        assert len(recording) == COUNT
        assert [frames.sequence for frames in recording] == [*range(COUNT)]
        assert all(is_exact(recording, i) for i in (*range(COUNT), COUNT - 1, 0, 24, 23, 22, 25, 11, 13, 12, 39))
        assert set(np.diff([frames.stamp_device_ns for frames in recording])) == {40_000_000}
        ledger = recording.ledger()
        assert ledger.pictures == {"left": COUNT, "right": COUNT}
        assert [ledger.unreadable, ledger.left_over, ledger.ignored] == [{}, {}, {}]
        assert recording.digest() == recording.digest()
        assert recording.info().form == "side-by-side video"


def test_opencv_sees_the_same(tmp_path: Path) -> None:
    path = write_video(tmp_path / "walk.mp4", map(pair, range(COUNT)), H264)
    video = cv2.VideoCapture(str(path))
    with foreign(path, rig=STEREO) as recording:
        for frames in recording:
            ours = np.hstack([frames.image("left"), frames.image("right")])
            there, bgr = video.read()
            assert there
            assert np.abs(ours.astype(int) - bgr[..., ::-1]).mean() < 1.5  # the two interpolate chroma each their way
        assert not video.read()[0]


def test_stamps_are_the_files(tmp_path: Path) -> None:
    """At a varying rate, in the order shown."""
    stamps = np.cumsum(np.random.default_rng(1).integers(5, 90, COUNT)).tolist()
    path = write_video(tmp_path / "walk.mkv", map(pair, range(COUNT)), X264, stamps)
    with foreign(path, rig=STEREO) as recording:
        assert [frames.stamp_device_ns for frames in recording] == [stamp * 1_000_000 for stamp in stamps]
        assert all(is_exact(recording, i) for i in range(COUNT))


@pytest.mark.parametrize("form", ["names", "folders"])
def test_two_files_pair_by_their_stamps(tmp_path: Path, form: str) -> None:
    left, right = ("walk_left.mkv", "walk_right.mp4") if form == "names" else ("left/a.mkv", "right/a.mkv")
    for name in (left, right):
        (tmp_path / name).parent.mkdir(exist_ok=True)
    stamps = [40 * i for i in range(20)]
    write_video(tmp_path / left, map(picture, range(20)), X264, stamps)
    kept = [i for i in range(20) if i not in (0, 7)]
    write_video(tmp_path / right, (picture(i + 5) for i in kept), X265, [stamps[i] + 3 for i in kept])
    with foreign(tmp_path, rig=STEREO) as recording:
        assert [frames.sequence for frames in recording] == kept
        for n, i in itertools.chain(enumerate(kept), [(17, 19), (0, 1), (9, 11)]):
            frames = recording[n]
            assert np.array_equal(frames.image("left"), picture(i))
            assert np.array_equal(frames.image("right"), picture(i + 5))
        left_over = recording.ledger().left_over
        assert left_over["left"].keys() == {"left[0]", "left[7]"}
        assert set(left_over["left"].values()) == {
            "no right: before or after the other stream", "no right: nothing within the tolerance"
        }  # fmt: skip
        assert recording.info().form == "pair of videos"


def test_one_camera(tmp_path: Path) -> None:
    color = write_video(tmp_path / "walk.mov", map(picture, range(9)))
    left = write_video(tmp_path / "left.mov", map(picture, range(9)))
    with foreign(color, rig=COLOR) as recording, foreign(left, rig=STEREO) as other:
        for i, (frames, same) in enumerate(zip(recording, other, strict=True)):
            assert np.array_equal(frames.image("color"), picture(i))
            assert np.array_equal(same.image("left"), picture(i))


def test_sixteen_bits_stay(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey = [rng.integers(0, 65536, (HEIGHT, WIDTH), np.uint16) for _ in range(5)]
    with av.open(str(tmp_path / "ir.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "gray16le"
        for each in grey:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(each, "gray16le")))
        container.mux(stream.encode(None))
    with foreign(tmp_path / "ir.mkv", rig=Rig({"ir": CAMERA})) as recording:
        assert all(np.array_equal(frames.image("ir"), each) for frames, each in zip(recording, grey, strict=True))


def test_a_rig_is_asked_for(tmp_path: Path) -> None:
    video = write_video(tmp_path / "walk.mp4", map(pair, range(2)))
    with pytest.raises(CalibrationError, match=r"--rig FILE.* color camera of 96×32 or, if left and right are side"):
        open_recording(video)
    small = CameraModel(40, HEIGHT, 50, 50, 20, 16)
    for rig in (COLOR, Rig({"color": small}), Rig({"left": CAMERA, "right": small}), Rig({"left": CAMERA})):
        with pytest.raises(CalibrationError, match=r"pictures are 96×32, and the rig has (color|left)"):
            open_recording(video, rig=rig)
    odd = write_video(tmp_path / "odd.mkv", [picture(0, 95)], FFV1)
    with pytest.raises(CalibrationError, match="95×32"):
        open_recording(odd, rig=STEREO)
    assert picture_sizes(video) == [(48, 32), (96, 32)]
    (tmp_path / "walk.mp4").rename(tmp_path / "left.mp4")
    write_video(tmp_path / "right.mp4", map(picture, range(2)))
    with pytest.raises(CalibrationError, match="pair of videos"):
        open_recording(tmp_path)
    with pytest.raises(CalibrationError, match="left pictures are 96×32"):
        open_recording(tmp_path, rig=STEREO)


def test_several_pairs_in_a_folder(tmp_path: Path) -> None:
    for name in ("a_left", "a_right", "b_left", "b_right"):
        write_video(tmp_path / f"{name}.mp4", [picture(0)])
    with pytest.raises(BagError, match=r"one left and one right .* a_left.mp4, a_right.mp4, b_left.mp4, b_right.mp4"):
        open_recording(tmp_path, rig=STEREO)


def test_turned_videos_are_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "phone.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.set_display_rotation(90)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0), "rgb24")))
        container.mux(stream.encode(None))
    with pytest.raises(BagError, match=r"turned by 90°.*-display_rotation 0 -i phone.mp4"):
        open_recording(tmp_path / "phone.mp4", rig=COLOR)


def test_bits_that_rot(tmp_path: Path) -> None:
    """Nothing but depthkit's errors, and every picture accounted for."""
    data = bytearray(write_video(tmp_path / "walk.mkv", map(pair, range(COUNT)), H264).read_bytes())
    rng = np.random.default_rng(3)
    for _ in range(15):
        changed = np.frombuffer(data, np.uint8).copy()
        changed[rng.integers(300, len(data), 8)] = rng.integers(0, 256, 8)
        (tmp_path / "rotten.mkv").write_bytes(changed.tobytes())
        survive(tmp_path / "rotten.mkv", rig=STEREO)


@pytest.mark.parametrize("suffix", ["mkv", "avi", "mp4"])
def test_cut_off(tmp_path: Path, suffix: str) -> None:
    """What is there is read, what is missing is said where the file itself knows it."""
    whole = write_video(
        tmp_path / f"whole.{suffix}", map(pair, range(COUNT)), X264, faststart=suffix == "mp4"
    ).read_bytes()
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    with foreign(path, rig=STEREO) as recording:
        read = [frames.sequence for frames in recording]
        assert len(read) >= 12
        assert all(is_exact(recording, i) for i in read)
        ledger = recording.ledger()
        assert len(read) + len(ledger.unreadable) == len(recording) < COUNT
        if suffix != "mkv":
            assert f"announces {COUNT} pictures and holds {len(recording)}" in ledger.ignored[f"cut.{suffix}, the end"]


def test_cut_off_without_an_index(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", map(pair, range(9))).read_bytes()
    for length in (0, 20, len(whole) // 2):
        (tmp_path / "cut.mp4").write_bytes(whole[:length])
        with pytest.raises(BagError, match=r"cut.mp4 cannot be read"):
            open_recording(tmp_path / "cut.mp4", rig=STEREO)


def test_without_pyav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "walk.mp4", [pair(0)])
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BagError, match=r"walk.mp4 needs PyAV: run pip install 'depthkit\[video\]'"):
        open_recording(tmp_path / "walk.mp4", rig=STEREO)
