"""Compressed recordings: every bit comes back unless loss was asked for, and others' readers open them."""

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from depthkit import codec, images
from depthkit.arrays import U16
from depthkit.bag import Bag, FrameDigest, Packing, layout, ros
from depthkit.bag.depth_messages import MILLIMETRES, STEPS
from depthkit.bag.packing import DepthForm
from depthkit.errors import InputError
from depthkit.recordings import pixels
from depthkit.types import DepthImage, FrameSet
from depthkit_tools.main import main
from tests import codec_images, oracle_codec
from tests.bag_frames import HOST0, Cdr, device_depth, device_frames, frame_set, same, write
from tests.test_bag import digest_of
from tests.test_bag_readers import rosbags_messages

FORMS = get_args(DepthForm)
CODED = [form for form in FORMS if form != "raw"]


def read(path: Path) -> list[FrameSet]:
    with Bag(path) as bag:
        return list(bag)


def depth_of(frames: FrameSet) -> DepthImage:
    assert frames.depth is not None
    return frames.depth


def topics(path: Path) -> dict[str, int]:
    """Messages by topic."""
    with path.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    counts = summary.statistics.channel_message_counts
    return {channel.topic: counts[channel.id] for channel in summary.channels.values()}


def packed(path: Path, role: str = "depth") -> list[dict[str, Any]]:
    """What the records say of a role."""
    with path.open("rb") as file:
        messages = make_reader(file).iter_messages(topics="/depthkit/frame")
        return [json.loads(Cdr(message.data).string())["packed"].get(role) for _, _, message in messages]


# --- depth -----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(codec_images.drawn(), st.sampled_from(FORMS), st.sampled_from(STEPS), st.booleans())
def test_depth_in_steps_comes_back(
    tmp_path_factory: pytest.TempPathFactory, steps: U16, form: DepthForm, step: float, implied: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "steps.mcap"
    frames = replace(frame_set(0), depth=device_depth(steps, step))
    if not implied:
        confidence = depth_of(frames).confidence * np.float32(0.5)
        frames = replace(frames, depth=replace(depth_of(frames), confidence=confidence))
    write(path, [frames], Packing(depth=form))
    (found,) = read(path)
    assert same(found, frames)
    assert digest_of([found]) == digest_of([frames])
    (how,) = packed(path)
    assert (how is None) == (form == "raw")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("form", CODED)
def test_the_step_is_found(tmp_path: Path, step: float, form: DepthForm) -> None:
    write(tmp_path / "walk.mcap", [device_frames(0, step)], Packing(depth=form))
    (how,) = packed(tmp_path / "walk.mcap")
    assert (how["as"], how["step"], how["implied"]) == (form, step, True)
    assert same(read(tmp_path / "walk.mcap")[0], device_frames(0, step))


def test_what_a_device_always_says_costs_nothing(tmp_path: Path) -> None:
    write(tmp_path / "walk.mcap", [device_frames(i) for i in range(3)])
    found = topics(tmp_path / "walk.mcap")
    assert {topic for topic in found if topic.startswith("/depth/")} == {
        "/depth/image_rect/codec",
        "/depth/camera_info",
    }


@pytest.mark.parametrize("field", ["reason", "confidence"])
def test_what_it_says_otherwise_is_kept(tmp_path: Path, field: str) -> None:
    frames = device_frames(0)
    values = getattr(depth_of(frames), field).copy()
    values[2, 3] += 4
    frames = replace(frames, depth=replace(depth_of(frames), **{field: values}))
    write(tmp_path / "walk.mcap", [frames])
    assert same(read(tmp_path / "walk.mcap")[0], frames)
    assert {"/depth/image_rect/codec", "/depth/reason", "/depth/confidence"} <= set(topics(tmp_path / "walk.mcap"))


def test_depth_that_is_not_in_steps_stays_raw_frame_by_frame(tmp_path: Path) -> None:
    frames = [device_frames(0), frame_set(1), device_frames(2), frame_set(3)]
    write(tmp_path / "walk.mcap", frames)
    assert all(map(same, read(tmp_path / "walk.mcap"), frames))
    assert [how is None for how in packed(tmp_path / "walk.mcap")] == [False, True, False, True]
    found = topics(tmp_path / "walk.mcap")
    assert (found["/depth/image_rect"], found["/depth/image_rect/codec"]) == (2, 2)


@pytest.mark.parametrize("form", CODED)
def test_a_bounded_error(tmp_path: Path, form: DepthForm) -> None:
    for law in ("depth", "disparity"):
        frames = [device_frames(i) for i in range(3)]
        write(tmp_path / "loss.mcap", frames, Packing(depth=form, max_error=0.004, error_law=law))
        for found, true in zip(map(depth_of, read(tmp_path / "loss.mcap")), map(depth_of, frames), strict=True):
            error = np.abs(found.depth.astype(np.float64) - true.depth)
            allowed = 0.004 * (true.depth.astype(np.float64) ** 2 if law == "disparity" else 1)
            assert np.nanmax(error - allowed) < 1e-6
            assert np.nanmax(error) > 0
            assert np.array_equal(np.isnan(found.depth), np.isnan(true.depth))
            assert np.array_equal(found.reason, true.reason)
        assert all((how["max_error"], how["error_law"]) == (0.004, law) for how in packed(tmp_path / "loss.mcap"))
        write(tmp_path / "whole.mcap", frames, Packing(depth=form))
        assert packed(tmp_path / "loss.mcap")[0]["bytes"] < packed(tmp_path / "whole.mcap")[0]["bytes"]


def test_real_depth(tmp_path: Path, shared_data: Path) -> None:
    """A Kinect's frames, as they are opened from their folder: five times smaller than in 16 bits, bit for bit."""
    frames = [replace(device_frames(0), depth=device_depth(each, 0.001)) for each in codec_images.real(shared_data)]
    write(tmp_path / "kinect.mcap", frames)
    with Bag(tmp_path / "kinect.mcap") as bag:
        assert all(map(same, bag, frames))
        (role,) = [role for role in bag.info().roles if role.role == "depth"]
    assert (role.encoding, role.compression) == ("16UC1", "fast")
    assert role.ratio > 5


# --- depth, through other readers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", MILLIMETRES)
def test_millimetres_as_rvl_are_a_message_of_ros(tmp_path: Path, step: float) -> None:
    """The message is that of compressed_depth_image_transport: its header, width, height, and Wilson's words."""
    write(tmp_path / "walk.mcap", [device_frames(i, step) for i in range(3)], Packing(depth="rvl"))
    found = list(rosbags_messages(tmp_path / "walk.mcap", "/depth/image_rect/compressedDepth"))
    assert len(found) == 3
    for i, message in enumerate(found):
        steps, data = codec_images.room(i), message.data.tobytes()
        assert message.format == "16UC1; compressedDepth rvl"
        assert struct.unpack_from("<iffii", data) == (0, 0, 0, 64, 48)
        assert data[20:] == oracle_codec.rvl(steps)
        np.testing.assert_array_equal(pixels.compressed(message.format, data), steps)


@pytest.mark.parametrize(("form", "step"), [("fast", 0.001), ("cm", 0.001), ("rvl", 0.0002)])
def test_our_own_messages_explain_themselves(tmp_path: Path, form: DepthForm, step: float) -> None:
    """With the schema text of the file alone, mcap and rosbags take the message apart; ROS never reads false depths."""
    write(tmp_path / "walk.mcap", [device_frames(i, step) for i in range(3)], Packing(depth=form))
    store = get_typestore(Stores.EMPTY)
    with (tmp_path / "walk.mcap").open("rb") as file:
        found = list(make_reader(file).iter_messages(topics="/depth/image_rect/codec"))
    assert len(found) == 3
    for i, (schema, _, message) in enumerate(found):
        assert schema is not None
        assert (schema.name, schema.encoding) == ("depthkit_msgs/msg/CodecDepth", "ros2msg")
        store.register(get_types_from_msg(schema.data.decode(), schema.name))
        parts: Any = store.deserialize_cdr(message.data, schema.name)
        assert (parts.mode, parts.step, parts.header.frame_id) == (form, step, "depth")
        np.testing.assert_array_equal(codec.decode(parts.data.tobytes()), codec_images.room(i))


def test_our_own_message_read_by_hand(tmp_path: Path) -> None:
    write(tmp_path / "walk.mcap", [device_frames(0)])
    with (tmp_path / "walk.mcap").open("rb") as file:
        ((_, _, message),) = make_reader(file).iter_messages(topics="/depth/image_rect/codec")
    cdr = Cdr(message.data)
    assert cdr.number("i") * 10**9 + cdr.number("I") == HOST0
    assert (cdr.string(), cdr.number("d"), cdr.string()) == ("depth", 0.001, "fast")
    np.testing.assert_array_equal(codec.decode(cdr.bytes()), codec_images.room())


# --- images ----------------------------------------------------------------------------------------------------------

FORMATS = {"left": "mono8; png compressed ", "right": "mono16; png compressed ", "color": "rgb8; png compressed bgr8"}


def test_png(tmp_path: Path) -> None:
    """Every bit comes back; the messages are those of compressed_image_transport, whose files are OpenCV's."""
    frames = [frame_set(i) for i in range(3)]
    write(tmp_path / "walk.mcap", frames, Packing(images="png"))
    assert all(map(same, read(tmp_path / "walk.mcap"), frames))
    for role, form in FORMATS.items():
        messages = list(rosbags_messages(tmp_path / "walk.mcap", f"/{role}/image_raw/compressed"))
        assert [each.format for each in messages] == [form] * 3
        for each, frame in zip(messages, frames, strict=True):
            bgr = cv2.imdecode(each.data, cv2.IMREAD_UNCHANGED)
            assert bgr is not None
            np.testing.assert_array_equal(bgr[..., ::-1] if bgr.ndim == 3 else bgr, frame.image(role))
            np.testing.assert_array_equal(pixels.compressed(each.format, each.data.tobytes()), frame.image(role))


def smooth(i: int) -> FrameSet:
    """A frame whose images JPEG is good at."""
    frames = frame_set(i)
    blurred: dict[str, Any] = {role: cv2.blur(image, (9, 9)) for role, image in frames.images.items()}
    return replace(frames, images=blurred)


def test_jpeg(tmp_path: Path) -> None:
    """As good as OpenCV's own at that quality; images of 16 bits come back bit for bit."""
    write(tmp_path / "walk.mcap", [smooth(0)], Packing(images="jpeg", jpeg_quality=95))
    (found,) = read(tmp_path / "walk.mcap")
    assert np.array_equal(found.image("right"), smooth(0).image("right"))
    for role, form in {"left": "mono8; jpeg compressed ", "color": "rgb8; jpeg compressed bgr8"}.items():
        (message,) = rosbags_messages(tmp_path / "walk.mcap", f"/{role}/image_raw/compressed")
        assert message.format == form
        assert message.data[:2].tobytes() == b"\xff\xd8"
        np.testing.assert_array_equal(images.decode(message.data.tobytes(), ""), found.image(role))
        assert 0 < np.abs(found.image(role).astype(int) - smooth(0).image(role)).mean() < 4
        (how,) = packed(tmp_path / "walk.mcap", role)
        assert (how["as"], how["quality"]) == ("jpeg", 95)
        assert len(message.data) < how["bytes"] < len(message.data) + 100


# --- what is said ----------------------------------------------------------------------------------------------------


def test_info_names_the_compression(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "walk.mcap"
    write(path, [device_frames(i) for i in range(3)], Packing(images="jpeg", max_error=0.01))
    with Bag(path) as bag:
        roles = {role.role: role for role in bag.info().roles}
    assert {name: role.compression for name, role in roles.items()} == {
        "left": "jpeg 90, lossy", "right": "png", "color": "jpeg 90, lossy", "depth": "fast, lossy: within 0.01 m",
    }  # fmt: skip
    sizes = [how["bytes"] for how in packed(path)]
    assert roles["depth"].ratio == pytest.approx(3 * 2 * 48 * 64 / sum(sizes))
    assert main(["info", str(path)]) == 0
    said = capsys.readouterr().out
    assert f"64×48 16UC1, 3 frames, fast, lossy: within 0.01 m, packed {roles['depth'].ratio:.2f} times" in said


def test_the_command_chooses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "walk.mcap", [device_frames(i) for i in range(3)], Packing(depth="raw"))
    command = ["record", str(tmp_path / "walk.mcap"), str(tmp_path / "small.mcap"), "--depth", "cm", "--images", "png"]
    assert main(command) == 0
    assert packed(tmp_path / "small.mcap")[0]["as"] == "cm"
    assert packed(tmp_path / "small.mcap", "left")[0]["as"] == "png"
    with Bag(tmp_path / "walk.mcap") as raw, Bag(tmp_path / "small.mcap") as small:
        assert raw.digest() == small.digest()
    assert main([*command, "--max-error", "2"]) == 1
    assert "0 to 1 m, not 2.0" in capsys.readouterr().err


WRONG: list[dict[str, Any]] = [
    {"depth": "zip"}, {"images": "gif"}, {"jpeg_quality": 0}, {"jpeg_quality": 101}, {"max_error": -0.1},
    {"max_error": float("nan")}, {"max_error": 0.1, "error_law": "linear"}, {"max_error": 0.1, "depth": "raw"},
]  # fmt: skip


@pytest.mark.parametrize("values", WRONG, ids=str)
def test_values_that_make_no_sense(values: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Packing(**values)


def test_recordings_of_version_1_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their frames said nothing of packing, since every picture was raw."""
    text = ros.text
    monkeypatch.setattr(layout, "VERSION", 1)
    monkeypatch.setattr(ros, "text", lambda values: text({key: values[key] for key in values if key != "packed"}))
    frames = [device_frames(i) for i in range(3)]
    write(tmp_path / "old.mcap", frames, Packing(depth="raw"))
    monkeypatch.undo()
    with Bag(tmp_path / "old.mcap") as bag:
        assert (bag.info().version, len(bag)) == (1, 3)
        assert all(map(same, bag, frames))


def test_live_and_recorded_have_one_digest(tmp_path: Path) -> None:
    live = FrameDigest()
    frames = [device_frames(i) for i in range(3)]
    for each in frames:
        live.update(each)
    for form in FORMS:
        write(tmp_path / "walk.mcap", frames, Packing(depth=form, images="png"))
        with Bag(tmp_path / "walk.mcap") as bag:
            assert bag.digest() == live.hexdigest()
