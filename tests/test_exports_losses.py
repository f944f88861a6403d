"""Conversions that lose something: every frame and picture is accounted for."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from depthkit.cameras import CameraModel
from depthkit.errors import InputError
from depthkit.exports import ConversionLedger, Format, convert
from depthkit.exports.depth_steps import quantized
from depthkit.recordings import open_recording
from depthkit.types import Reason
from tests.rgbd_frames import Scripted, depth_image, frame, without
from tests.ros_recordings import KINDS
from tests.test_recordings_folders import RGBD, tum_folder
from tests.test_recordings_ros import stereo


def adds_up(ledger: ConversionLedger) -> bool:
    counts = [ledger.frames, *ledger.streams.values()]
    return all(each.received == each.written + each.dropped.total() for each in counts)


@pytest.mark.parametrize("form", ["tum", "open3d"])
def test_frames_and_roles_without_a_place_are_counted(tmp_path: Path, form: Format) -> None:
    given = [frame(0), without(frame(1), "depth"), without(frame(2), "color"), without(frame(3), "right", "pose")]
    ledger = convert(Scripted(given), tmp_path / "out", form)
    assert adds_up(ledger)
    assert (ledger.frames.received, ledger.frames.written) == (4, 2)
    assert ledger.frames.dropped == {"no depth": 1, "no color, left or ir picture": 1}
    assert ledger.streams["right"].written == 0
    assert ledger.streams["right"].dropped["no place for it"] == 1
    assert ledger.streams["color"].dropped == {"no depth": 1}


def test_nerfstudio_wants_poses_and_depth_with_all_or_none(tmp_path: Path) -> None:
    given = [frame(0), without(frame(1), "pose"), without(frame(2), "depth"), frame(3)]
    ledger = convert(Scripted(given), tmp_path / "with", "nerfstudio")
    assert adds_up(ledger)
    assert ledger.frames.dropped == {"no pose": 1, "no depth, unlike the first frame": 1}
    ledger = convert(Scripted([without(frame(0), "depth"), frame(1)]), tmp_path / "none", "nerfstudio")
    assert ledger.streams["depth"].dropped == {"no place for it": 1}
    assert not (tmp_path / "none" / "depth").exists()


def test_depth_of_a_camera_that_changes(tmp_path: Path) -> None:
    """One rig.json cannot speak for two: frames of the second are left out, whether or not the rig knew the first."""
    wide = depth_image(np.full((12, 16), 2.0), CameraModel(16, 12, 9, 9, 8, 6))
    given = [without(frame(0), "depth"), replace(frame(1), depth=wide), frame(2), replace(frame(3), depth=wide)]
    ledger = convert(Scripted(given), tmp_path / "out", "folders")
    assert ledger.frames.dropped == {"depth of another camera than the frames before": 1}
    with open_recording(tmp_path / "out") as back:
        assert back.rig.camera("depth").size == (16, 12)


def test_numbers_missing_from_the_camera(tmp_path: Path) -> None:
    numbers = [0, 1, 2, 3, 6, 7, 8, 9, 10]  # 4 and 5 are
    ledger = convert(Scripted(map(frame, numbers)), tmp_path / "a", "folders")
    assert ledger.missing == 2
    ledger = convert(Scripted(map(frame, numbers)), tmp_path / "b", "folders", every=2)  # 0, 2, 6, 8, 10
    assert (ledger.frames.written, ledger.missing) == (5, 2)


def test_unreadable_frames_and_lonely_pictures_of_the_source(tmp_path: Path) -> None:
    stamps = [f"{i}.0" for i in range(6)]
    folder = tum_folder(tmp_path / "tum", stamps, [*stamps, "9.0"])
    (folder / "rgb" / "3.0.png").unlink()
    with open_recording(folder, rig=RGBD) as recording:
        ledger = convert(recording, tmp_path / "out", "open3d")
    assert adds_up(ledger)
    assert (ledger.frames.received, ledger.frames.written, ledger.missing) == (6, 5, 0)
    assert ledger.frames.dropped == {"unreadable": 1}
    assert "no such file" in ledger.unreadable[3]
    assert ledger.left_over == {"depth": 1}


@given(
    hnp.arrays(np.float32, (3, 4), elements=st.floats(-1, 100, width=32) | st.just(np.nan) | st.just(np.inf)),
    st.sampled_from([0.001, 1 / 5000, 0.01]),
)
def test_depth_loss_is_told_pixel_by_pixel(values: Any, scale: float) -> None:
    given = depth_image(values, CameraModel(4, 3, 1, 1, 0, 0))
    reason = np.array(given.reason)
    reason[0, 0] |= Reason.INTERPOLATED
    steps, loss = quantized(replace(given, reason=reason), scale)
    known, near, far, worst = 0, 0, 0, 0.0
    for value, step in zip(values.ravel().tolist(), steps.ravel().tolist(), strict=True):
        if np.isnan(value):
            assert step == 0
            continue
        known += 1
        if step:
            worst = max(worst, abs(step * scale - value))
        else:
            near, far = near + (value < scale), far + (value > scale)
            assert value < scale * 0.51 or value > scale * 65535.4
    assert (loss.known, loss.too_near, loss.too_far) == (known, near, far)
    assert loss.rounded_m == pytest.approx(worst, abs=2e-5 * scale + 1e-5)
    assert worst <= scale / 2 + 1e-5
    assert loss.unmarked == (steps[0, 0] > 0)


def test_depth_beyond_what_16_bits_hold_is_counted(tmp_path: Path) -> None:
    ledger = convert(Scripted(map(frame, range(3))), tmp_path / "out", "tum")
    assert ledger.depth is not None
    assert ledger.depth.too_far == 3 * 2  # of each frame, 65.535 m and 13.108 m
    assert ledger.depth.known == 3 * (24 * 32 - 1)
    assert ledger.depth.rounded_m < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_recording_becomes_our_own(tmp_path: Path, kind: Any) -> None:
    with open_recording(stereo(tmp_path, kind, 5)) as foreign:
        ledger = convert(foreign, tmp_path / "own.mcap")
        assert ledger.left_over == {"left": 1}
        with open_recording(tmp_path / "own.mcap") as own:
            assert own.digest() == foreign.digest()


def test_parts(tmp_path: Path) -> None:
    convert(Scripted(map(frame, count())), tmp_path / "walk.mcap", start=2, frames=4, every=3)
    with open_recording(tmp_path / "walk.mcap") as own:
        assert [each.sequence for each in own] == [2, 5, 8, 11]
        assert convert(own, tmp_path / "b.mcap", start=1, frames=9, every=2).frames.written == 2
    for wrong in ({"start": -1}, {"every": 0}, {"frames": 0}):
        with pytest.raises(InputError, match="1 or more"):
            convert(Scripted([]), tmp_path / "c.mcap", **cast(Any, wrong))
