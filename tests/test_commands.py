"""The commands on real input: what they write, what they say, and how they fail."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depthkit import images, ply
from depthkit.bag import Bag
from depthkit_tools.main import main

Run = Callable[..., Any]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder with --json and returns its result."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> Any:
        assert main([*map(str, args), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def fail(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command that must fail with exit 1 and one line, leave nothing in the folder, and returns the line."""
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))

    def call(*args: object) -> str:
        assert main([*map(str, args)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        line = explanation(captured.err)
        assert set(tmp_path.rglob("*")) - before <= {tmp_path / "given"} | set((tmp_path / "given").glob("*"))
        return line

    return call


def explanation(words: str) -> str:
    """The one line that a failed command says, besides that it compiled kernels."""
    (line,) = [line for line in words.splitlines() if not line.startswith("compiling kernels")]
    return line


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A folder for input that a test makes."""
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


def pair(folder: Path) -> tuple[object, ...]:
    suffix = ".jpg" if (folder / "left.jpg").exists() else ".png"
    return "stereo", folder / f"left{suffix}", folder / f"right{suffix}", "--rig", folder / "rig.toml"


def test_stereo_writes_a_consistent_folder(run: Run, sample_data: Path, tmp_path: Path) -> None:
    report = run(*pair(sample_data / "room"), "--out", "result")
    out = tmp_path / "result"
    assert json.loads((out / "report.json").read_text()) == report
    assert {path.name for path in out.iterdir()} == {*report["files"], "report.json"}

    disparity = images.read_pfm(out / "disparity.pfm")
    steps = images.read(out / "disparity.png")
    scale = report["files"]["disparity.png"]["scale"]
    known = np.isfinite(disparity) & (disparity > scale)
    assert np.abs(steps[known] * scale - disparity[known]).max() <= scale / 2
    assert np.all(steps[np.isnan(disparity)] == 0)

    left, right = (report["rectified_rig"][role] for role in ("left", "right"))
    baseline = -right["T_camera_rig"][0][3]
    depth = images.read(out / "depth.png") * report["files"]["depth.png"]["scale"]
    expected = left["fx"] * baseline / (disparity[known].astype(np.float64) + right["cx"] - left["cx"])
    inside = expected < 60
    assert np.abs(depth[known][inside] - expected[inside]).max() <= 0.00051

    points, colors = ply.read(out / "cloud.ply")
    assert len(points) == report["files"]["cloud.ply"]["points"] > 150_000
    assert colors is not None
    assert colors.std() > 10
    assert images.read(out / "preview.png").std() > 10
    assert images.read(out / "cloud.png").std() > 10
    assert 0.7 < report["quality"]["density"] < 1
    assert len(report["inputs"]) == 3
    assert report["config"]["sgm"]["num_disparities"] == 128


def test_depth_of_the_sample_room_agrees_with_its_truth(run: Run, sample_data: Path, tmp_path: Path) -> None:
    run(*pair(sample_data / "room"), "--out", "result")
    points, _ = ply.read(tmp_path / "result" / "cloud.ply")
    truth = images.dequantize(images.read(sample_data / "room" / "depth.png").astype(np.uint16), 0.001)
    from depthkit_calib import load_rig

    u, v = np.rint(load_rig(sample_data / "room" / "rig.toml").left.project(points)).T
    inside = (u >= 0) & (u < 640) & (v >= 0) & (v < 480)
    error = points[inside, 2] / truth[v[inside].astype(int), u[inside].astype(int)] - 1
    assert np.nanmedian(np.abs(error)) < 0.01


@pytest.mark.parametrize(("name", "density"), [("aloe", 0.8), ("office", 0.4)])
def test_stereo_on_the_real_sample_pairs(name: str, density: float, run: Run, sample_data: Path) -> None:
    assert run(*pair(sample_data / name), "--num-disparities", 256)["quality"]["density"] > density


@pytest.mark.parametrize(
    ("scene", "truth_file", "bad_2"),
    [("middlebury2014/motorcycle_Q", "disp_left.pfm", 8.0), ("eth3d/playground", "disp_left.pfm", 3.0)],
)
def test_stereo_on_scenes_with_truth(
    scene: str, truth_file: str, bad_2: float, run: Run, shared_data: Path, tmp_path: Path
) -> None:
    from depthkit.evaluate import evaluate

    folder = shared_data / "stereo" / scene
    run("stereo", folder / "left.png", folder / "right.png", "--rig", folder / "calib.txt", "--out", "result")
    errors = evaluate(images.read_pfm(tmp_path / "result" / "disparity.pfm"), images.read_pfm(folder / truth_file))
    assert errors.bad[2.0] < bad_2
    assert errors.density > 85


def test_stereo_on_a_zed_pair(run: Run, shared_data: Path) -> None:
    folder = shared_data / "stereo_nogt" / "zed"
    rig = folder / "camera_param.json"
    report = run("stereo", folder / "left.png", folder / "right.png", "--rig", rig, "--num-disparities", 192)
    assert 0.4 < report["quality"]["depth_m"]["p50"] < 5


def test_record_info_replay_and_reconstruct(run: Run, tmp_path: Path) -> None:
    recorded = run("record", "sim:stereo?size=320x240&frames=5", "walk.mcap")
    assert (recorded["frames"], recorded["missing"]) == (5, 0)
    info = run("info", "walk.mcap")
    assert info["frames"] == 5
    assert info["gaps"] == []
    first, second = run("replay", "walk.mcap", "--fast"), run("replay", "walk.mcap", "--speed", 4)
    assert first == second
    assert first["frames"] == first["recorded"] == 5
    with Bag(tmp_path / "walk.mcap") as bag:
        assert bag.digest() == first["sha256"]
    report = run("stereo", "walk.mcap", "--frame", 3, "--out", "third")
    assert report["quality"]["density"] > 0.6


def test_a_limit_on_frames_is_kept(run: Run) -> None:
    assert run("record", "sim:stereo?size=64x48", "few.mcap", "--frames", 3)["frames"] == 3


def test_stream_counts_and_measures(run: Run) -> None:
    seen = run("stream", "sim:stereo?size=320x240&frames=8", "--cloud")
    assert seen["frames"] + seen["dropped"] == 8
    assert seen["lost"] == 0
    assert seen["points"] > 10_000
    assert 0.5 < seen["valid"] <= 1
    near, far = seen["depth_m"]
    assert 0.5 < near < far < 8


def test_a_recording_has_no_latency(run: Run, sample_data: Path) -> None:
    assert run("stream", sample_data / "room.mcap")["latency_ms"] is None
    assert run("stream", "sim:stereo?size=64x48&frames=3")["latency_ms"] < 5000


def test_depth_measured_by_a_camera_becomes_a_cloud_too(run: Run, tmp_path: Path) -> None:
    report = run("stereo", "sim:rgbd?size=160x120&frames=1", "--out", "result")
    assert "disparity.pfm" not in report["files"]
    assert report["files"]["cloud.ply"]["frame"] == "depth"
    assert images.read(tmp_path / "result" / "cloud.png").std() > 10


def test_stream_of_a_depth_camera_needs_no_matching(run: Run) -> None:
    seen = run("stream", "sim:rgbd?size=160x120&frames=3")
    assert seen["valid"] > 0.5
    assert seen["points"] is None


def test_cameras_and_doctor(run: Run) -> None:
    assert "sim:stereo" in [entry["uri"] for entry in run("cameras")]
    checks = {(check["group"], check["name"]): check for check in run("doctor")}
    assert checks["package", "numpy"]["ok"]
    assert checks["driver", "sim"]["ok"]
    assert Path(checks["machine", "kernel cache"]["detail"]).is_dir()
    assert all(check["ok"] or "run '" in check["detail"] for check in run("doctor") if check["group"] == "driver")


def test_doctor_tells_the_other_pyzed_apart(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyzed").mkdir()
    (tmp_path / "pyzed" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        zed = next(check for check in run("doctor") if check["name"] == "zed")
    finally:
        sys.modules.pop("pyzed", None)
    assert not zed["ok"]
    assert "another product" in zed["detail"]


def test_ctrl_c_ends_a_recording_and_keeps_its_frames(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "depthkit_tools.main", "record", "sim:stereo?size=64x48&realtime=1", "run.mcap"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    for _ in range(600):  # until frames are being written
        time.sleep(0.1)
        parts = list(tmp_path.glob(".run.mcap*"))
        if parts and parts[0].stat().st_size > 200_000:
            break
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=30)
    assert process.returncode == 0, words
    with Bag(tmp_path / "run.mcap") as bag:
        assert [frames.sequence for frames in bag.frames()] == list(range(len(bag)))
        assert len(bag) > 3
    assert [path.name for path in tmp_path.iterdir()] == ["run.mcap"]


def test_ctrl_c_during_a_reconstruction_is_one_line(
    fail: Callable[..., str], sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("depthkit_tools.stereo.timed_reconstruction", interrupted)
    assert "interrupted" in fail(*pair(sample_data / "room"))


def test_two_images_need_a_rig(fail: Callable[..., str], sample_data: Path) -> None:
    assert "--rig" in fail(*pair(sample_data / "room")[:3])


def test_a_missing_image(fail: Callable[..., str], sample_data: Path) -> None:
    verb, left, _, *rig = pair(sample_data / "room")
    assert "no/such.png" in fail(verb, left, "no/such.png", *rig)


def test_an_image_that_is_none(fail: Callable[..., str], sample_data: Path, given: Path) -> None:
    (given / "left.png").write_text("not a picture")
    verb, _, right, *rig = pair(sample_data / "room")
    assert "left.png" in fail(verb, given / "left.png", right, *rig)


def test_images_of_two_sizes(fail: Callable[..., str], sample_data: Path, given: Path) -> None:
    verb, left, _, *rig = pair(sample_data / "room")
    images.write_png(given / "small.png", np.zeros((48, 64), np.uint8))
    line = fail(verb, left, given / "small.png", *rig)
    assert "640×480" in line
    assert "64×48" in line


def test_a_rig_of_another_size(fail: Callable[..., str], sample_data: Path) -> None:
    verb, left, right, option, _ = pair(sample_data / "room")
    line = fail(verb, left, right, option, sample_data / "aloe" / "rig.toml")
    assert "1282" in line
    assert "640" in line


def test_a_rig_without_a_key_names_it(fail: Callable[..., str], sample_data: Path, given: Path) -> None:
    text = (sample_data / "room" / "rig.toml").read_text()
    (given / "rig.toml").write_text("\n".join(line for line in text.splitlines() if not line.startswith("fy")))
    verb, left, right, option, _ = pair(sample_data / "room")
    assert "fy" in fail(verb, left, right, option, given / "rig.toml")


def test_a_setting_out_of_range(fail: Callable[..., str], sample_data: Path) -> None:
    assert "num_disparities" in fail(*pair(sample_data / "room"), "--num-disparities", 0)


def test_a_frame_beyond_the_end(fail: Callable[..., str]) -> None:
    assert "--frame" in fail("stereo", "sim:stereo?size=64x48&frames=2", "--frame", 2)


def test_sixteen_bit_grey_is_taken_as_it_is_meant(run: Run, sample_data: Path, given: Path) -> None:
    verb, left, right, *rig = pair(sample_data / "room")
    wide = [given / "left.png", given / "right.png"]
    for source, target in zip((left, right), wide, strict=True):
        grey = images.to_grey(images.read(Path(str(source)))).astype(np.uint16) * 257
        images.write_png(target, grey)
    assert run(verb, *wide, *rig)["quality"]["density"] > 0.7


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on file size plays the full disk, and Windows has none")
def test_a_full_disk_leaves_nothing(sample_data: Path, tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "from depthkit_tools.main import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, *map(str, pair(sample_data / "room")), "--out", str(tmp_path / "result")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot write" in explanation(done.stderr)
    assert not list((tmp_path / "result").glob(".*"))
    assert not (tmp_path / "result" / "report.json").exists()


def test_demo_leaves_pictures_and_a_report(run: Run, tmp_path: Path) -> None:
    figures = run("demo", "--out", "demo")
    assert figures["replay"]["missing"] == 0
    assert figures["simulated"]["median_error"] < 0.01
    assert figures["simulated"]["density"] > 0.75
    assert figures["aloe"]["bad_2_px"] < 5
    page = (tmp_path / "demo" / "README.md").read_text()
    named = [part.split(")")[0] for part in page.split("](")[1:]]
    assert len(named) == 8
    assert all(images.read(tmp_path / "demo" / name).std() > 10 for name in named)
    shutil.rmtree(tmp_path / "demo")
