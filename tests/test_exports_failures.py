"""Conversions that fail say why, and leave nothing; one that lasts needs little memory."""

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from depthkit import images, threads, transforms
from depthkit.bag import BagWriter
from depthkit.bag.ledger import roles
from depthkit.cameras import Rig
from depthkit.errors import BagError, CalibrationError, InputError
from depthkit.exports import Format, convert
from depthkit.recordings import open_recording
from depthkit.types import FrameSet
from tests.rgbd_frames import CAMERA, RIG, Scripted, frame, without

FORMS: list[Format] = ["mcap", "tum", "open3d", "nerfstudio", "folders", "video"]


@pytest.fixture
def nothing_left(tmp_path: Path) -> Iterator[Path]:
    """A name in a folder that holds nothing afterwards, hidden or not."""
    folder = tmp_path / "empty"
    folder.mkdir()
    yield folder / "out"
    assert list(folder.iterdir()) == []


def fails(source: Any, out: Path, form: Format, match: str, error: type[BaseException] = InputError) -> None:
    with pytest.raises(error, match=match):
        convert(source, out, form)


@pytest.mark.parametrize("form", FORMS)
def test_a_source_without_frames(nothing_left: Path, form: Format) -> None:
    fails(Scripted([]), nothing_left, form, "Scripted has no frame to convert")


def test_an_empty_recording(tmp_path: Path, nothing_left: Path) -> None:
    BagWriter(tmp_path / "a.mcap", RIG).close()
    with open_recording(tmp_path / "a.mcap") as bag:
        fails(bag, nothing_left, "tum", r"a\.mcap has no frame")


@pytest.mark.parametrize(
    ("form", "part", "match"),
    [
        ("tum", "depth", "no frame of 3 fits TUM RGB-D folder: 3 have no depth; compute it first"),
        ("open3d", "color", "3 have no color, left or ir picture$"),
        ("nerfstudio", "pose", r"3 have no pose; they come in frames\.meta\['T_world_camera'\]"),
    ],
)
def test_when_no_frame_fits_the_remedy_is_said(nothing_left: Path, form: Format, part: str, match: str) -> None:
    fails(Scripted(without(frame(i), part) for i in range(3)), nothing_left, form, match)


def test_depth_that_is_not_registered(nothing_left: Path, tmp_path: Path) -> None:
    """Depth of another lens or place than colour's would be taken for colour's."""
    moved = Rig(RIG.cameras, {"depth": transforms.from_rotation_translation(np.eye(3), [0.02, 0, 0])})
    other = Rig({**RIG.cameras, "color": replace(CAMERA, fx=50.0)})
    for rig in (moved, other):
        given = replace(without(frame(0), "right"), rig=rig)
        fails(Scripted([given], rig), nothing_left, "tum", "1 have depth of another camera than the picture; folders")
    left = Rig({**other.cameras, "left": CAMERA})  # but it is the left one's
    given = replace(frame(0), rig=left, images={**frame(0).images, "left": np.full((24, 32), 7, np.uint8)})
    assert convert(Scripted([given], left), tmp_path / "out", "tum").streams["left"].written == 1


def test_a_lens_nerfstudio_does_not_know(nothing_left: Path) -> None:
    camera = replace(CAMERA, distortion=(0.1, 0.2, 0, 0, 0.1, 0.3, 0, 0))
    rig = Rig({"color": camera, "depth": camera})
    given = replace(without(frame(0), "right", "depth"), rig=rig)
    fails(Scripted([given], rig), nothing_left, "nerfstudio", "8 coefficients: undistort", CalibrationError)


def test_a_pose_that_is_none(nothing_left: Path) -> None:
    given = replace(frame(0), meta={"T_world_camera": [[1, 2], [3, 4]]})
    fails(Scripted([given]), nothing_left, "tum", r"frame 0: meta\['T_world_camera'\] must be", CalibrationError)


@pytest.mark.parametrize("form", FORMS)
def test_another_rig_in_the_middle(nothing_left: Path, form: Format) -> None:
    other = Rig({**RIG.cameras, "left": CAMERA})
    error = BagError if form == "mcap" else InputError
    fails(Scripted([frame(0), replace(frame(1), rig=other)]), nothing_left, form, "has another rig than", error)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("error", [KeyboardInterrupt("it ends here"), BagError("it ends here")])
def test_a_source_that_breaks_off(nothing_left: Path, form: Format, error: BaseException) -> None:
    def frames() -> Iterator[FrameSet]:
        yield from map(frame, range(5))
        raise error

    fails(Scripted(frames()), nothing_left, form, "it ends here", type(error))
    assert not [each for each in threading.enumerate() if each.name.startswith("depthkit-png")]


@pytest.mark.parametrize("form", FORMS)
def test_targets_that_exist(tmp_path: Path, form: Format) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("folder", "file", "link"):
        fails(Scripted([frame(0)]), tmp_path / name, form, "exists: give another name, or remove it first")
    assert (tmp_path / "file").read_text() == "mine"
    assert len([*tmp_path.iterdir()]) == 3
    fails(Scripted([frame(0)]), tmp_path / "gone" / "a", form, r"the folder .*gone does not exist; make it first")


def test_formats_that_are_none(nothing_left: Path) -> None:
    fails(Scripted([]), nothing_left, cast(Format, "kitti"), "no format is called 'kitti'; there are mcap .*, tum")
    with pytest.raises(InputError, match="does not tell the format"):
        convert(Scripted([]), nothing_left)


@pytest.mark.parametrize("form", ["tum", "open3d", "nerfstudio", "folders"])
def test_a_full_disk(nothing_left: Path, monkeypatch: pytest.MonkeyPatch, form: Format) -> None:
    write, left = Path.write_bytes, iter(range(5))

    def full(path: Path, data: Any) -> int:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    fails(Scripted(map(frame, range(20))), nothing_left, form, r"^cannot write \S*/out: the disk is full")


def test_a_disk_too_full_for_a_recording(nothing_left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    fails(Scripted(map(frame, range(20))), nothing_left, "mcap", "out was not written: .* the disk is full", BagError)


def _cut(write: Callable[..., int]) -> Callable[..., int]:
    return lambda path, data: write(path, data[:-5] if path.name == "000002.png" else data)


def test_pictures_are_counted_again(nothing_left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "write_bytes", _cut(Path.write_bytes))
    fails(Scripted(map(frame, range(4))), nothing_left, "folders", "of 4 color pictures written, 3 are there and whole")


@pytest.mark.parametrize(("form", "name"), [("mcap", "mcap.McapExport"), ("video", "video.VideoExport")])
def test_a_wrong_count_is_an_error(
    nothing_left: Path, monkeypatch: pytest.MonkeyPatch, form: Format, name: str
) -> None:
    monkeypatch.setattr(f"depthkit.exports.{name}.count", lambda _: {"color": 3, "right": 4, "depth": 4})
    fails(Scripted(map(frame, range(4))), nothing_left, form, "of 4 color pictures written, 3 are there")


def test_videos_need_pyav(nothing_left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    fails(Scripted([frame(0)]), nothing_left, "video", r"needs PyAV: run pip install 'depthkit\[video\]'")


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow encoder makes the source wait: only so many pictures are on their way."""
    gate, given, encode = threading.Event(), [0], images.encode_png

    def slow(image: Any) -> bytes:
        gate.wait(30)
        return encode(image)

    def frames() -> Iterator[FrameSet]:
        for i in range(30):
            given[0] += len(roles(frame(i)))
            yield frame(i)

    monkeypatch.setattr(images, "encode_png", slow)
    worker = threading.Thread(target=convert, args=(Scripted(frames()), tmp_path / "out", "folders"))
    worker.start()
    worker.join(0.5)
    assert given[0] <= 2 * threads.count() + 1 + 3
    gate.set()
    worker.join(30)
    assert given[0] == 90
