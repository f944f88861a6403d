"""GenICam 3D cameras as their makers document them: what is enabled on them, and what their frames come to."""

from typing import Any

import numpy as np
import pytest

from depthkit.cameras import CameraModel
from depthkit.errors import CalibrationError, FrameIncomplete, UnsupportedMode
from depthkit.live import Request
from depthkit_drivers.genicam_setup import Setup, configure
from tests.genicam_fakes import FakeNodes, blaze, helios, rc_visard, visionary


def set_up(nodes: FakeNodes, **options: str) -> Setup:
    request, rest = Request.parse(options)
    assert not rest
    return configure(nodes, request, None, nodes.chunk_names)


def enabled(nodes: FakeNodes) -> set[str]:
    return {key[16:-1] for key, value in nodes.values.items() if key.startswith("ComponentEnable[") and value}


def raw(value: float, size: tuple[int, int], dtype: Any = np.uint16, channels: int = 1) -> Any:
    return np.full((size[1], size[0], channels)[: 2 + (channels > 1)], value, dtype)


def test_a_stereo_camera_gives_its_left_image_and_depth_of_disparities() -> None:
    nodes = rc_visard()
    found = set_up(nodes)
    assert [str(each) for each in found.streams] == ["left 1280×960 Mono8 25 fps", "depth 640×480 Coord3D_C16 25 fps"]
    assert enabled(nodes) == {"Intensity", "Disparity", "Confidence"}, "and not its error image, which was on"
    assert nodes.get("AcquisitionMultiPartMode") == "SynchronizedComponents"
    assert found.rig.camera("left") == CameraModel(1280, 960, 1081.5, 1081.5, 640, 480)
    assert found.rig.camera("depth") == CameraModel(640, 480, 540.75, 540.75, 320, 240)
    disparity, trust = raw(16 * 20, (640, 480)), raw(51, (640, 480), np.uint8)
    disparity[0, 0] = 0
    pictures = {"Intensity": raw(7, (1280, 960), np.uint8), "Disparity": disparity, "Confidence": trust}
    frames = found.frames(pictures, nodes, 4, 99)
    assert (frames.sequence, frames.stamp_device_ns, set(frames.images)) == (4, 99, {"left"})
    assert frames.depth is not None
    assert (frames.depth.stamp_ns, frames.depth.camera) == (99, found.rig.camera("depth"))
    np.testing.assert_allclose(frames.depth.depth[0, :2], [np.nan, 540.75 * 0.16 / 20], rtol=1e-6)
    np.testing.assert_allclose(frames.depth.confidence[0, :2], [0, 0.2])


def test_its_pair_of_images_comes_as_one_and_is_cut() -> None:
    nodes = rc_visard()
    found = set_up(nodes, streams="left,right")
    assert enabled(nodes) == {"IntensityCombined"}
    assert found.rig.left.size == (1280, 960)
    assert found.rig.baseline == pytest.approx(0.16)
    pair = np.concatenate([raw(1, (1280, 960), np.uint8), raw(2, (1280, 960), np.uint8)])
    frames = found.frames({"IntensityCombined": pair}, nodes, 1, 0)
    assert (frames.image("left").max(), frames.image("right").min()) == (1, 2)
    assert frames.depth is None


def test_a_frame_without_one_of_its_components_is_incomplete() -> None:
    nodes = rc_visard()
    found = set_up(nodes)
    with pytest.raises(FrameIncomplete, match="no depth; it has Intensity"):
        found.frames({"Intensity": raw(7, (1280, 960), np.uint8)}, nodes, 1, 0)


def test_a_stereo_camera_without_a_baseline_is_refused_at_once() -> None:
    nodes = rc_visard()
    del nodes.values["Scan3dBaseline"]
    with pytest.raises(CalibrationError, match="Scan3dBaseline"):
        set_up(nodes)


@pytest.mark.parametrize("form", ["Coord3D_ABCY16", "Coord3D_ABC16", "Coord3D_C16"])
def test_a_camera_of_one_component_gives_depth_through_its_lens(form: str) -> None:
    nodes = helios()
    found = set_up(nodes, format=form)
    assert [str(each) for each in found.streams] == [f"depth 640×480 {form} 30 fps"]
    camera = found.rig.camera("depth")
    assert (camera.fx, camera.cx, camera.distortion[:2]) == (525, 318, (0, 0.05))
    channels = form.count("A") + form.count("B") + form[6:].count("C") + form.count("Y")
    points = raw(40000, (640, 480), channels=channels)
    z = points if channels == 1 else points[..., 2]
    z[:, :320], z[0, 0] = 4000, 0
    frames = found.frames({"Range": points}, nodes, 1, 0)
    assert frames.depth is not None
    np.testing.assert_allclose(frames.depth.depth[0, [0, 1, 320]], [np.nan, 1.0, 10.0])


def test_depth_that_is_called_mono_is_asked_for_by_the_name_of_depth() -> None:
    nodes = blaze()
    found = set_up(nodes)
    assert [str(each) for each in found.streams] == ["ir 640×480 Mono16 30 fps", "depth 640×480 Coord3D_C16 30 fps"]
    assert found.formats == {"Intensity": "Mono16", "Range": "Coord3D_C16", "Confidence": "Confidence16"}
    assert found.rig.camera("depth") == found.rig.camera("ir") == CameraModel(640, 480, 510, 510, 321, 238)
    pictures = {"Intensity": raw(900, (640, 480)), "Range": raw(6554, (640, 480))}
    frames = found.frames(pictures, nodes, 1, 0)
    assert frames.depth is not None
    np.testing.assert_allclose(frames.depth.depth, 1.000062, rtol=1e-5)
    assert frames.image("ir").dtype == np.uint16


def test_streams_are_chosen_and_rates_set() -> None:
    nodes = blaze()
    found = set_up(nodes, streams="depth", fps="12.5", format="Coord3D_ABC32f")
    assert enabled(nodes) == {"Range", "Confidence"}
    assert nodes.get("AcquisitionFrameRate") == 12.5
    assert found.streams[0].fps == 12.5
    points = raw(1500, (640, 480), np.float32, 3)
    depth = found.frames({"Range": points}, nodes, 1, 0).depth
    assert depth is not None
    np.testing.assert_allclose(depth.depth, 1500 * 0.152588e-3, rtol=1e-5)
    with pytest.raises(UnsupportedMode, match="640×480 Coord3D_C16 at 30 fps"):
        set_up(blaze(), **{"depth.fps": "31"})


def test_what_comes_with_frames_only_is_read_from_them() -> None:
    nodes = visionary()
    found = set_up(nodes)
    assert found.is_told_by_frames
    assert nodes.values["ChunkModeActive"]
    assert (nodes.values["ChunkEnable[ExposureTime]"], nodes.values["ChunkEnable[OffsetX]"]) == (True, False)
    assert found.rig.provenance["source"] == "not calibrated"
    told = found.told(nodes)
    assert not told.is_told_by_frames
    assert told.rig.camera("depth") == told.rig.camera("color") == CameraModel(640, 512, 366, 366, 318.5, 250.5)
    pictures = {"Range": raw(2000, (640, 512)), "Intensity": raw(3, (640, 512), np.uint8, 3)}
    frames = told.frames(pictures, nodes, 8, 0)
    assert frames.depth is not None
    assert frames.depth.depth[0, 0] == 1.0
    assert frames.meta == {"exposure_us": 25000.0, "gain": 2.0}
    assert frames.stamp_device_ns == frames.depth.stamp_ns == 1234567890


def test_steps_that_change_while_streaming_are_those_of_the_frame() -> None:
    nodes = visionary()
    told = set_up(nodes).told(nodes)
    nodes.values["ChunkScan3dCoordinateScale[CoordinateC]"] = 0.25
    depth = told.frames(
        {"Range": raw(2000, (640, 512)), "Intensity": raw(3, (640, 512), np.uint8, 3)}, nodes, 8, 0
    ).depth
    assert depth is not None
    assert depth.depth[0, 0] == 0.5


def test_a_camera_without_depth_gives_its_picture_and_a_size_that_it_allows() -> None:
    limits = {"Width": 2448, "Height": 2048}
    nodes = FakeNodes({"PixelFormat": ["Mono8", "Mono16"], "Width": 1224, "Height": 1024}, limits=limits)
    assert [str(each) for each in set_up(nodes).streams] == ["mono 1224×1024 Mono8 1 fps"]
    found = set_up(nodes, size="640x480")
    assert (nodes.get("Width"), nodes.get("Height")) == (640, 480)
    assert found.rig.camera("mono").size == (640, 480)
    with pytest.raises(UnsupportedMode, match="2448×2048"):
        set_up(nodes, size="4000x3000")


def test_a_camera_that_can_send_colour_has_that_role_when_it_is_set_to_grey() -> None:
    nodes = FakeNodes(
        {
            "PixelFormat": ["Mono8", "BayerRG8"],
            "Width": 64,
            "Height": 48,
            "AcquisitionMode": ["SingleFrame", "Continuous"],
        }
    )
    assert [str(each) for each in set_up(nodes).streams] == ["color 64×48 Mono8 1 fps"]
    assert nodes.get("AcquisitionMode") == "Continuous"


def test_formats_that_cannot_be_read_are_no_modes() -> None:
    nodes = FakeNodes({"PixelFormat": ["YCbCr411_8_CbYYCrYY", "Mono8"], "Width": 64, "Height": 48})
    assert [str(each) for each in set_up(nodes).streams] == ["color 64×48 Mono8 1 fps"]
    assert nodes.get("PixelFormat") == "Mono8"
    with pytest.raises(UnsupportedMode, match="formats can be read: YCbCr411_8_CbYYCrYY"):
        set_up(FakeNodes({"PixelFormat": ["YCbCr411_8_CbYYCrYY"], "Width": 64, "Height": 48}))
