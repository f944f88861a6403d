"""`gige:` with a simulated stereo camera that computes depth: image, disparity and confidence over the wire."""

import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthkit import images, open_camera
from depthkit.arrays import F32, U8, U16
from depthkit.cameras import CameraModel
from depthkit.errors import DeviceLost, FrameIncomplete, FrameTimeout
from depthkit.live import Device, Request
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options
from depthkit.types import DepthImage, Reason
from depthkit_drivers.gige import GigeDriver
from depthkit_drivers.gige_buffers import FrameNumbers
from depthkit_drivers.gige_device import GigeDevice
from depthkit_drivers.gige_rounds import Rounds
from depthkit_tools.main import main
from tests import gige_camera, gige_features, gige_multipart
from tests.gige_camera import DEADLINE, served
from tests.gige_multipart import MultipartCamera, Part

installed = gige_camera.installed
SIZE = (160, 120)
COUNT = 4
CAMERA = CameraModel(*SIZE, 130.0, 130.0, 78.5, 60.25)
BASELINE = 0.24


class Seen:
    """What the camera sees: grey images, disparity in its steps and confidence, (N, 120, 160) each, true depth."""

    def __init__(self) -> None:
        self.sim = SimCamera(Options(size=SIZE, lens="none", noise=False))
        numbers = range(COUNT)
        grey = [images.to_grey(self.sim.frame(number).image("left")) for number in numbers]
        self.left: U8 = np.stack([np.asarray(image, np.uint8) for image in grey])
        self.truth: F32 = np.stack([self.sim.truth(number, CAMERA).depth for number in numbers])
        exact = CAMERA.fx * BASELINE / self.truth / gige_features.SCALE
        self.steps: U16 = np.nan_to_num(exact).round().astype(np.uint16)
        self.steps[:, :10] = 0  # not measured
        rng = np.random.default_rng(3)
        self.confidence: U8 = rng.integers(0, 256, self.left.shape, np.uint8)
        self.parts: tuple[U8 | U16, ...] = (self.steps, self.left, self.confidence)

    def buffers(self) -> U8:
        """(3N, bytes) as the camera sends them: disparity, image, confidence, each in the largest one's bytes."""
        room = np.zeros((3 * COUNT, 2 * SIZE[0] * SIZE[1]), np.uint8)
        for turn, part in enumerate(self.parts):
            data = part.reshape(COUNT, -1).view(np.uint8)
            room[turn::3, : data.shape[1]] = data
        return room


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen()


@contextmanager
def connected(folder: Path, seen: Seen, request: Request, lost: float = 0.0) -> Iterator[Device]:
    """The camera, streaming what is requested, without what makes it live."""
    folder.mkdir(exist_ok=True)
    file = gige_features.write(folder / "stereo.xml", SIZE, CAMERA.fx, (CAMERA.cx, CAMERA.cy), BASELINE)
    shown = served(folder, seen.buffers(), genicam=file, formats=gige_features.FORMATS, size=SIZE, lost=lost)
    with gige_camera.port(), shown, closing(GigeDriver().open(gige_camera.HOST, {})) as device:
        device.configure(request)
        device.start()
        yield device
        device.stop()


def test_components_of_a_time_stamp_are_a_frame(seen: Seen, tmp_path: Path) -> None:
    with connected(tmp_path, seen, Request()) as device:
        assert {each.role for each in device.profiles()} == {"left", "depth"}
        assert device.rig.cameras == {"left": CAMERA, "depth": CAMERA}
        assert not device.numbered
        frames = [device.read(DEADLINE) for _ in range(2 * COUNT)]
    for each in frames:
        (turn,) = [number for number in range(COUNT) if np.array_equal(seen.left[number], each.image("left"))]
        assert each.depth is not None
        check_depth(each.depth, seen, turn)
    stamps = [each.stamp_device_ns for each in frames]
    assert stamps == sorted(set(stamps))


def check_depth(found: DepthImage, seen: Seen, turn: int) -> None:
    """Against the truth, within half a step of disparity."""
    measured = seen.steps[turn] > 0
    np.testing.assert_array_equal(found.measured, measured)
    disparity = CAMERA.fx * BASELINE / found.depth[measured]
    truth = CAMERA.fx * BASELINE / seen.truth[turn][measured]
    np.testing.assert_allclose(disparity, truth, atol=gige_features.SCALE / 2 + 1e-4)
    assert (found.reason[~measured] == Reason.NO_DATA).all()
    known = seen.confidence[turn][measured] / 255
    np.testing.assert_allclose(found.confidence[measured], np.maximum(known, 1 / 65535), atol=1e-6)


def test_one_component_alone(seen: Seen, tmp_path: Path) -> None:
    with connected(tmp_path, seen, Request(("left",))) as device:
        assert device.numbered
        frames = device.read(DEADLINE)
        assert frames.depth is None
        assert any(np.array_equal(frames.image("left"), image) for image in seen.left)


def test_frames_without_one_of_their_components_are_incomplete(seen: Seen, tmp_path: Path) -> None:
    whole = incomplete = 0
    with connected(tmp_path, seen, Request(), lost=0.02) as device:
        while whole < 10 or incomplete < 5:
            try:
                frames = device.read(DEADLINE)
            except FrameIncomplete:
                incomplete += 1
            else:
                assert frames.depth is not None
                (turn,) = [number for number in range(COUNT) if np.array_equal(seen.left[number], frames.image("left"))]
                check_depth(frames.depth, seen, turn)
                whole += 1


def sending(
    folder: Path,
    seen: Seen,
    request: Request,
    dropped: int | None = None,
    chunk: tuple[str, float] = ("ExposureTime", 1234.5),
) -> MultipartCamera:
    """A camera that sends in one buffer all components that are wanted, or one with a chunk."""
    center = CAMERA.cx, CAMERA.cy
    file = gige_features.write(folder / "stereo.xml", SIZE, CAMERA.fx, center, BASELINE, chunk[0])
    parts = zip(gige_features.COMPONENTS, (8, 1, 6), gige_features.FORMATS, seen.parts, strict=True)
    sent = [(number, form, part) for name, number, form, part in parts if not request.streams or name == "Intensity"]
    frames = [[Part(number, form, *SIZE, part[turn].tobytes()) for number, form, part in sent] for turn in range(COUNT)]
    return MultipartCamera(file, frames, dropped, struct.pack(">d", chunk[1]))


@contextmanager
def together(
    folder: Path,
    seen: Seen,
    request: Request,
    dropped: int | None = None,
    chunk: tuple[str, float] = ("ExposureTime", 1234.5),
) -> Iterator[tuple[GigeDevice, MultipartCamera]]:
    """It, and the device that reads it, streaming."""
    camera = sending(folder, seen, request, dropped, chunk)
    with gige_camera.port(), camera, closing(GigeDriver().open(gige_camera.HOST, {})) as device:
        device.configure(request)
        device.start()
        assert isinstance(device, GigeDevice)
        yield device, camera
        device.stop()


@pytest.mark.parametrize("dropped", [None, 0, 7])
def test_components_in_one_buffer_are_a_frame_also_if_packets_are_sent_again(
    seen: Seen, tmp_path: Path, dropped: int | None
) -> None:
    with together(tmp_path, seen, Request(), dropped) as (device, _):
        assert device.numbered
        frames = [device.read(DEADLINE) for _ in range(2 * COUNT)]
        assert (device.counters()["resend_requests"] > 0) == (dropped is not None)
    numbers = [each.sequence for each in frames]
    assert numbers == sorted(set(numbers))
    for each in frames:
        np.testing.assert_array_equal(each.image("left"), seen.left[each.sequence % COUNT])
        assert each.depth is not None
        check_depth(each.depth, seen, each.sequence % COUNT)


def test_frames_whose_packets_are_not_sent_again_are_incomplete(
    seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gige_multipart, "RESENDS", 0)
    with together(tmp_path, seen, Request(), dropped=7) as (device, _):
        for _ in range(3):
            with pytest.raises(FrameIncomplete, match="packets are missing"):
                device.read(DEADLINE)
        assert device.counters()["resend_requests"] == 0


def test_what_was_recorded_is_what_is_replayed(seen: Seen, tmp_path: Path) -> None:
    path = tmp_path / "walk.mcap"
    with gige_camera.port(), sending(tmp_path, seen, Request()):
        assert main(["record", f"gige://{gige_camera.HOST}", str(path), "--frames", "5", "--json"]) == 0
    with open_camera(path) as replay:
        assert replay.rig.cameras == {"left": CAMERA, "depth": CAMERA}
        frames = list(replay.frames())
    assert len(frames) == 5
    for each in frames:
        (turn,) = [number for number in range(COUNT) if np.array_equal(seen.left[number], each.image("left"))]
        assert each.depth is not None
        measured = seen.steps[turn] > 0
        np.testing.assert_array_equal(each.depth.measured, measured)
        truth = CAMERA.fx * BASELINE / (seen.steps[turn][measured] * gige_features.SCALE)
        np.testing.assert_allclose(each.depth.depth[measured], truth, atol=0.0006)


def test_chunks_come_with_their_frame_and_resent_packets_are_counted(seen: Seen, tmp_path: Path) -> None:
    with together(tmp_path, seen, Request(("left",)), dropped=2) as (device, _):
        for _ in range(COUNT):
            frames = device.read(DEADLINE)
            np.testing.assert_array_equal(frames.image("left"), seen.left[frames.sequence % COUNT])
            assert frames.meta["exposure_us"] == 1234.5
        assert device.counters()["resent_packets"] >= COUNT


def test_a_camera_whose_buffers_are_smaller_than_its_parts_harms_nobody(
    seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gige_features, "BYTES", 2)
    small = pytest.raises(FrameIncomplete, match="PayloadSize is wrong")
    with together(tmp_path, seen, Request()) as (device, _), small:
        device.read(DEADLINE)


def test_how_a_camera_sees_may_come_with_its_frames_only(seen: Seen, tmp_path: Path) -> None:
    with together(tmp_path, seen, Request(("left",)), chunk=("Scan3dFocalLength", 222.5)) as (device, _):
        assert device.rig.camera("left").fx == 222.5
        assert "exposure_us" not in device.read(DEADLINE).meta


def test_a_camera_that_another_program_took_over_is_lost(seen: Seen, tmp_path: Path) -> None:
    lost = pytest.raises(DeviceLost, match="another program took it over")
    with lost, together(tmp_path, seen, Request()) as (device, camera):
        device.read(DEADLINE)
        camera.take_control_away()
        for _ in range(int(DEADLINE / 0.1)):
            with suppress(FrameTimeout):
                device.read(0.1)


IMAGE = np.zeros((2, 2), np.uint8)


def test_rounds_end_in_order() -> None:
    rounds = Rounds(["a", "b"])
    assert rounds.add(1, {"a": IMAGE}) is None
    assert rounds.add(2, {"a": IMAGE}) is None
    assert rounds.add(2, {}) is None
    assert set(rounds.add(2, {"b": IMAGE}) or ()) == {"a", "b"}
    with pytest.raises(FrameIncomplete, match="only a came"):
        rounds.close(2)
    rounds.close(2)
    assert set(rounds.add(3, {"a": IMAGE, "b": IMAGE}) or ()) == {"a", "b"}


def test_rounds_that_nothing_completes_are_given_up_the_earliest_first() -> None:
    rounds = Rounds(["a", "b"])
    for stamp in range(8, 0, -1):
        rounds.add(stamp, {"b": IMAGE})
    with pytest.raises(FrameIncomplete):
        rounds.add(9, {"b": IMAGE})
    assert rounds.add(1, {"a": IMAGE}) is None, "the first was given up"
    with pytest.raises(FrameIncomplete):
        rounds.add(10, {"b": IMAGE})
    assert rounds.add(3, {"a": IMAGE}) is not None


@given(st.integers(1, 70_000), st.lists(st.integers(-30_000, 32_000), max_size=50))
def test_numbers_of_16_bits_are_extended_as_they_were(first: int, steps: list[int]) -> None:
    """Block ids go from 1 to 65535, and begin again at 1."""
    true = list(accumulate(steps, initial=first))
    numbers = FrameNumbers()
    found = [numbers.extend((number - 1) % 65535 + 1) for number in true]
    assert [each - found[0] for each in found] == [each - first for each in true]


def test_numbers_of_64_bits_stay_as_they_are() -> None:
    numbers = FrameNumbers()
    true = [65534, 65535, 65536, 65537, 65535, 2**40, 2**40 + 1]
    assert [numbers.extend(number) for number in true] == true
