"""Rig files: our own come back exactly, others mean what their format says, errors are refused by key."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depthkit import transforms
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError, InputError
from depthkit_calib import load_rig, save_rig
from tests.rig_files import MIDDLEBURY, ZED_JSON, opencv_file, opencv_values, write

numbers = st.floats(-1e3, 1e3, allow_subnormal=False)
models = st.sampled_from(
    [("pinhole", 0), ("brown_conrady", 4), ("brown_conrady", 5), ("brown_conrady", 12), ("fisheye", 4)]
)


@st.composite
def rigs(draw: st.DrawFn) -> Rig:
    def camera() -> CameraModel:
        model, count = draw(models)
        fx, fy = draw(st.floats(1, 5000)), draw(st.floats(1, 5000))
        distortion = tuple(draw(st.lists(st.floats(-1, 1), min_size=count, max_size=count)))
        return CameraModel(640, 480, fx, fy, draw(numbers), draw(numbers), distortion, model)

    vector = draw(st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3))
    T = transforms.from_rotation_translation(transforms.rotation_from_vector(vector), (-draw(st.floats(0.1, 1)), 0, 0))
    other = draw(st.text(min_size=1).filter(lambda role: role not in ("left", "right")))
    notes = draw(st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))))
    return Rig(
        {"left": camera(), "right": camera(), other: camera()},
        {"right": T, other: transforms.inverse(T)},
        notes,
        draw(st.sampled_from([None, T])),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(rig=rigs())
def test_own_files_give_back_every_number_exactly(tmp_path: Path, rig: Rig) -> None:
    save_rig(tmp_path / "rig.toml", rig)
    (tmp_path / "rig.json").write_text(json.dumps(rig.to_dict()))  # as conversions write it
    for back in (load_rig(tmp_path / "rig.toml"), load_rig(tmp_path / "rig.json")):
        assert back.cameras == rig.cameras
        assert back.provenance == rig.provenance
        assert back.digest() == rig.digest()
        for role in rig.cameras:
            np.testing.assert_array_equal(back.T_camera_rig[role], rig.T_camera_rig[role])


def test_own_files_read_like_a_table_of_settings(tmp_path: Path) -> None:
    camera = CameraModel(640, 480, 500.5, 501, 319.5, 239.5)
    T = transforms.from_rotation_translation(np.eye(3), (-0.1, 0, 0))
    save_rig(tmp_path / "rig.toml", Rig.stereo(camera, camera, T, {"camera": 'the "good" one'}))
    text = (tmp_path / "rig.toml").read_text("utf-8")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert "Pixels for width" in " ".join(comments)
    assert "metres for" in " ".join(comments)
    assert "[cameras.right]\nwidth = 640\nheight = 480\nfx = 500.5\nfy = 501.0\n" in text
    assert "T_camera_rig = [\n    [1.0, 0.0, 0.0, -0.1],\n    [0.0, 1.0, 0.0, 0.0],\n" in text
    assert '[provenance]\ncamera = "the \\"good\\" one"\n' in text


def test_a_rig_that_cannot_be_saved_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "rig.toml", "old")
    monkeypatch.setattr(Path, "write_text", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(InputError, match="disk is full"):
        save_rig(path, Rig({"left": CameraModel(4, 4, 1, 1, 1, 1)}))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


OWN = """\
[cameras.left]
width = 640
height = 480
fx = 500.0
fy = 500.0
cx = 320.0
cy = 240.0
[cameras.right]
width = 640
height = 480
fx = 500.0
fy = 500.0
cx = 320.0
cy = 240.0
T_camera_rig = [[1, 0, 0, -0.1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
"""


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("fy = 500.0\n", "", r"rig\.toml: cameras\.left: missing fy"),
        ("fx = 500.0", "fx = nan", r"cameras\.left: fx must be a finite number"),
        ("fx = 500.0", 'fx = "500"', r"cameras\.left: fx must be a finite number"),
        ("width = 640", "width = 640.5", r"cameras\.left: width must be a positive whole number"),
        ("cx = 320.0", "cx = 320.0\nc = 1", r"cameras\.left: unknown key c;"),
        ("cx = 320.0", "cx = 320.0\ndistortion = [0.1]", r"cameras\.left: a pinhole camera takes 0 distortion"),
        ("-0.1]", "-100]", "T_camera_rig of left and right .* 100 m apart.*metres"),
        ("-0.1]", "0.1]", "T_camera_rig of left and right .* swap"),
        ("[1, 0, 0, -0.1]", "[2, 0, 0, -0.1]", r"cameras\.right\.T_camera_rig is not a rigid transform"),
        ("[1, 0, 0, -0.1]", "[1, 0, 0]", r"cameras\.right\.T_camera_rig must be a 4×4 matrix"),
        ("[cameras.left]", "[camera.left]", r"rig\.toml: unknown key camera;"),
        ("[cameras.left]", "[cameras.left", r"rig\.toml: not valid TOML"),
    ],
)
def test_own_files_with_an_error_are_refused_by_key(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    path = write(tmp_path, "rig.toml", OWN)
    assert load_rig(path, (640, 480)).baseline == pytest.approx(0.1)
    path = write(tmp_path, "rig.toml", OWN.replace(before, after, 1))
    with pytest.raises(CalibrationError, match=complaint):
        load_rig(path)


def test_a_rig_without_a_pair_is_a_rig(tmp_path: Path) -> None:
    rig = Rig({"color": CameraModel(640, 480, 500, 500, 320, 240)})
    save_rig(tmp_path / "rig.toml", rig)
    assert load_rig(tmp_path / "rig.toml", (640, 480)).cameras == rig.cameras


def test_middlebury_depth_follows_their_formula(tmp_path: Path) -> None:
    rig = load_rig(write(tmp_path, "calib.txt", MIDDLEBURY), (741, 497))
    assert rig.baseline == pytest.approx(0.193001, rel=1e-12)
    point = np.array([0.2, -0.1, 3.0])
    u, v = rig.left.project(point)
    u_right, v_right = rig.right.project(transforms.apply(rig.T("right", "left"), point))
    assert v == pytest.approx(v_right)
    assert 193.001 * 999.421 / (u - u_right + 32.778) == pytest.approx(3000)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("baseline=193.001\n", "", r"calib\.txt: missing key baseline"),
        ("baseline=193.001", "baseline=0.193001", "baseline .* millimetres"),
        ("baseline=193.001", "baseline=-193.001", "baseline .* swap"),
        ("baseline=193.001", "baseline=nan", "baseline must be finite"),
        ("baseline=193.001", "baseline=wide", "baseline must be a number, not 'wide'"),
        ("doffs=32.778", "doffs=32.8", "doffs is 32.8 px but"),
        ("doffs=32.778\n", "", "missing key doffs"),
        ("width=741\n", "", "missing key width"),
        ("height=497", "height=0", "height must be a positive whole number"),
        ("cam1=[999.421", "cam1=[990.0", "cam0 and cam1 .* may differ in cx only"),
        ("cam0=[999.421 0", "cam0=[999.421 7", r"cam0 must be \[fx 0 cx; 0 fy cy; 0 0 1\]"),
        ("cam0=[999.421 0 294.182; ", "cam0=[", "cam0 must be 3×3, not 2×3"),
        ("cam0=[999.421", "cam0=[f", "cam0 must hold numbers"),
        ("cam0=[999.421", "cam0=[inf", "cam0 must hold finite numbers"),
    ],
)
def test_middlebury_files_with_an_error_are_refused_by_key(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    with pytest.raises(CalibrationError, match=complaint):
        load_rig(write(tmp_path, "calib.txt", MIDDLEBURY.replace(before, after, 1)))


def test_rigs_of_another_size_are_refused_naming_both(tmp_path: Path) -> None:
    files = [write(tmp_path, "rig.toml", OWN), write(tmp_path, "calib.txt", MIDDLEBURY),
             write(tmp_path, "p.json", ZED_JSON), opencv_file(tmp_path / "a.yml", **opencv_values())]  # fmt: skip
    for path, own in zip(files, ("640×480", "741×497", "1920×1080", "640×480"), strict=True):
        with pytest.raises(CalibrationError, match=f"calibrated for {own} images, not 320×200"):
            load_rig(path, (320, 200), unit=0.001)


@pytest.mark.parametrize(
    ("text", "complaint"), [('{"cameras": ', "not valid JSON"), ('{"cameras": [1]}', "cameras must be a table")]
)
def test_damaged_json_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(CalibrationError, match=rf"rig\.json: {complaint}"):
        load_rig(write(tmp_path, "rig.json", text))


def test_unknown_files_get_the_list_of_known_formats(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"notes\.txt is no known rig file; known are .*TOML.*Middlebury.*ZED.*OpenCV"):
        load_rig(write(tmp_path, "notes.txt", "P0: 1 2 3"))
    with pytest.raises(InputError, match="no such file"):
        load_rig(tmp_path / "nothing.toml")


def test_where_a_rig_came_from_is_kept(tmp_path: Path) -> None:
    rig = load_rig(write(tmp_path, "calib.txt", MIDDLEBURY))
    assert rig.provenance == {"format": "Middlebury calib.txt", "file": "calib.txt"}


def test_real_middlebury_and_eth3d_files(shared_data: Path) -> None:
    motorcycle = load_rig(shared_data / "stereo/middlebury2014/motorcycle_Q/calib.txt", (741, 497))
    assert motorcycle.left.fx == 999.421
    assert motorcycle.baseline == pytest.approx(0.193001)
    playground = load_rig(shared_data / "stereo/eth3d/playground/calib.txt", (941, 490))
    assert playground.left.fx == 542.019
    assert playground.baseline == pytest.approx(0.0595549)
