"""The commands on other people's recordings."""

import contextlib
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from depthkit import images, open_camera, transforms
from depthkit.bag import Bag, BagWriter, FrameDigest
from depthkit.cameras import CameraModel, Rig
from depthkit.recordings import Recording, open_recording
from depthkit.types import FrameSet
from depthkit_calib import save_rig
from depthkit_tools import replay
from depthkit_tools.main import main
from tests.test_recordings_folders import RGBD, STEREO, grey, tum_folder
from tests.test_recordings_ros import stereo


def result(capsys: pytest.CaptureFixture[str], *args: object) -> dict[str, object]:
    assert main([*map(str, args), "--json"]) == 0
    values: dict[str, object] = json.loads(capsys.readouterr().out)
    return values


def test_info_and_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bag = stereo(tmp_path, "ros1", 5)
    info = result(capsys, "info", bag)
    assert info["form"] == "ROS 1 bag"
    assert info["ledger"] == {
        "pictures": {"left": 5, "right": 4},
        "frames": 4,
        "left_over": {"left": {"/stereo/left/image_raw[2]": "no right: nothing within the tolerance"}},
        "unreadable": {},
        "ignored": {},
    }
    first, second = result(capsys, "replay", bag, "--fast"), result(capsys, "replay", bag, "--speed", 50)
    assert first == second
    assert (first["frames"], first["missing"]) == (4, 1)


def test_lags_and_clocks_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(stereo(tmp_path, "sqlite", 5))]) == 0
    words = capsys.readouterr().out
    assert re.search(r"right lag +of 0.00 ms", words)  # 1 µs
    bars = r"lags from -?\d+.\d\d ms \|[ ▁-█]{16}\| to "
    assert re.search(r"clocks +host − device \d+.\d{6} s, drift -\d+.\d ppm, " + bars, words)
    assert "1 left, no right: nothing within the tolerance: /stereo/left/image_raw[2]" in words


def test_the_calibration_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    camera = CameraModel(64, 48, 50.25, 51.0, 31.5, 23.5, (0.1, -0.02, 1e-3, -1e-3), "brown_conrady")
    T = transforms.from_rotation_translation(np.eye(3), (-0.12, 0, 0))
    with BagWriter(tmp_path / "walk.mcap", Rig.stereo(camera, camera, T, {"by": "a test"})):
        pass
    assert main(["info", str(tmp_path / "walk.mcap")]) == 0
    words = capsys.readouterr().out
    assert re.search(r"rig +sha256 [0-9a-f]{16}…, a test\n", words)
    lens = r"64×48 brown_conrady, 4 coefficients, f 50\.2 51\.0, c 31\.5 23\.5"
    assert re.search(rf"rig left +{lens}\n", words)
    assert re.search(rf"rig right +{lens}, 120\.0 mm from left\n", words)


def test_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stamps = [f"{i}.0" for i in range(6)]
    folder = tum_folder(tmp_path / "tum", stamps, [*stamps, "7.0", "8.0", "9.0", "10.0"])
    (folder / "rgb" / "3.0.png").unlink()
    save_rig(tmp_path / "rig.toml", RGBD)
    assert main(["info", str(folder)]) == 1
    assert "--rig FILE" in capsys.readouterr().err
    assert main(["replay", str(folder), "--fast", "--rig", str(tmp_path / "rig.toml")]) == 1  # one is damaged
    words = capsys.readouterr().err
    assert "5 of 6 frames, 0 missing" in words
    assert "10 depth, 6 color in 6 frames" in words
    assert (
        "4 depth, no color: before or after the other stream: depth/7.0.png, depth/8.0.png, depth/9.0.png, …" in words
    )
    assert "1 frames, the first one:" in words


@pytest.mark.parametrize(("start", "first"), [("0", 0), ("2", 2), ("0.05s", 2), ("0s", 0)])
def test_replay_from_a_place(tmp_path: Path, capsys: pytest.CaptureFixture[str], start: str, first: int) -> None:
    bag = stereo(tmp_path, "ros1", 6)  # whose third left picture has no partner
    played = result(capsys, "replay", bag, "--fast", "--start", start)
    assert (played["frames"], played["start"], played["recorded"]) == (5 - first, first, 5)
    with open_recording(bag) as recording:
        digest = FrameDigest()
        for frames in recording.frames(first):
            digest.update(frames)
    assert played["sha256"] == digest.hexdigest()


@pytest.mark.parametrize(("start", "says"), [("5", "outside"), ("-1", "outside"), ("9s", "outside"), ("soon", "takes")])
def test_replay_from_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str], start: str, says: str) -> None:
    assert main(["replay", str(stereo(tmp_path, "ros1", 6)), f"--start={start}"]) == 1
    assert f"--start {says}" in capsys.readouterr().err.replace(f" {start} is", "")


def test_replay_in_a_loop(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Until Ctrl-C, which comes at the eighth frame."""

    @contextlib.contextmanager
    def until_interrupted(frames: Iterator[FrameSet]) -> Iterator[Iterator[FrameSet]]:
        yield itertools.islice(frames, 8)

    monkeypatch.setattr(replay, "until_interrupted", until_interrupted)
    bag = stereo(tmp_path, "ros1", 6)
    played = result(capsys, "replay", bag, "--fast", "--loop", "--start", "3")
    assert (played["frames"], played["unreadable"]) == (8, 0)
    assert result(capsys, "replay", bag, "--fast", "--start", "3")["frames"] == 2


def test_converting_a_foreign_bag_makes_our_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bag = stereo(tmp_path, "sqlite", 5)
    said = result(capsys, "convert", bag, tmp_path / "own.mcap")
    with Bag(tmp_path / "own.mcap") as own, open_camera(bag) as foreign:
        assert isinstance(foreign, Recording)
        assert own.digest() == foreign.digest()
        assert said["ledger"] == own.info().ledger


def test_convert_says_what_became_of_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stamps = [f"{i}.0" for i in range(6)]
    folder = tum_folder(tmp_path / "tum", stamps, [*stamps, "7.0"])
    (folder / "rgb" / "3.0.png").unlink()
    save_rig(tmp_path / "rig.toml", RGBD)
    command = ["convert", str(folder), str(tmp_path / "out"), "--to", "open3d"]
    assert main(command) == 1
    assert "--rig FILE" in capsys.readouterr().err
    assert main([*command, "--rig", str(tmp_path / "rig.toml"), "--start", "1", "--frames", "4"]) == 0
    words = capsys.readouterr().err
    assert "Open3D folder, 3 frames, 1 dropped (1 unreadable), 0 missing" in words
    assert "3 written and counted again" in words
    assert "steps of 1 mm: off by " in words
    assert "1 depth pictures of the source are in no frame" in words
    assert "frame 3" in words
    assert "reasons and confidence" in words
    assert main([*command, "--rig", str(tmp_path / "rig.toml")]) == 1
    assert capsys.readouterr().err.endswith("exists: give another name, or remove it first\n")


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on file size plays the full disk, and Windows has none")
@pytest.mark.parametrize("form", ["mcap", "folders", "video"])
def test_a_disk_that_refuses_leaves_nothing(tmp_path: Path, sample_data: Path, form: str) -> None:
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from depthkit_tools.main import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = ["convert", str(sample_data / "room.mcap"), str(tmp_path / "out"), "--to", form]
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "File too large" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_stereo_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i, role in enumerate(("left", "right")):
        images.write_png(tmp_path / f"{role}_1.png", np.roll(grey(7), i))
    save_rig(tmp_path / "rig.toml", STEREO)
    report = result(capsys, "stereo", tmp_path, "--rig", tmp_path / "rig.toml", "--out", tmp_path / "out")
    assert report["inputs"] == {str(tmp_path): "folder"}
    assert main(["stereo", "sim:stereo", "--rig", str(tmp_path / "rig.toml")]) == 1
    assert "a camera has its own" in capsys.readouterr().err


def test_stereo_of_a_damaged_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what is wrong with that frame, and takes the others by their number."""
    folder = tum_folder(tmp_path / "tum", ["1.0", "2.0"], ["1.0", "2.0"])
    (folder / "depth" / "1.0.png").write_bytes(b"")
    save_rig(tmp_path / "rig.toml", RGBD)
    flags = "--rig", tmp_path / "rig.toml", "--out", tmp_path / "out"
    assert main(["stereo", str(folder), *map(str, flags)]) == 1
    assert "at frame 0: " in capsys.readouterr().err
    report = result(capsys, "stereo", folder, *flags, "--frame", 1)
    assert report["files"]["cloud.ply"]["points"] > 0  # type: ignore[index]
    assert main(["stereo", str(folder), *map(str, flags), "--frame", "2"]) == 1
    assert "ended before frame 2" in capsys.readouterr().err
