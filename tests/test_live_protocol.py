"""What a driver and a user say to each other: names of cameras, modes, settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthkit.errors import AccessDenied, CameraNotFound, InputError, UnsupportedMode
from depthkit.live import LiveCamera, Mode, Option, Profile, Request, Value, choose
from depthkit.uris import CameraUri
from tests.live_devices import ScriptedDevice, Socket


@pytest.mark.parametrize(
    ("text", "scheme", "address", "options"),
    [
        ("realsense:0123?size=640x480&fps=30", "realsense", "0123", {"size": "640x480", "fps": "30"}),
        ("zed", "zed", "", {}),
        ("gige://192.168.0.7", "gige", "192.168.0.7", {}),
        ("gige:192.168.0.7", "gige", "192.168.0.7", {}),
        ("gentl:/opt/a%3Fb.cti#1", "gentl", "/opt/a?b.cti#1", {}),
        ("uvc:0?exposure=", "uvc", "0", {"exposure": ""}),
    ],
)
def test_names_in_parts(text: str, scheme: str, address: str, options: dict[str, str]) -> None:
    assert CameraUri.parse(text) == CameraUri(scheme, address, options)


@given(st.text(), st.dictionaries(st.text(min_size=1), st.text(), max_size=3))
def test_a_name_says_all_there_is_to_say(address: str, options: dict[str, str]) -> None:
    uri = CameraUri("gentl", address.lstrip("/"), options)
    assert CameraUri.parse(str(uri)) == uri


def test_an_option_is_given_once() -> None:
    with pytest.raises(InputError, match="fps is given twice"):
        CameraUri.parse("uvc:0?fps=30&fps=60")


COLOR, SMALL, FAST = (
    Profile("color", 1280, 720, 30, "rgb8"),
    Profile("color", 640, 480, 30, "rgb8"),
    Profile("color", 640, 480, 60, "rgb8"),
)
DEPTH, FAST_DEPTH = Profile("depth", 640, 480, 60, "16UC1"), Profile("depth", 640, 480, 30, "16UC1")
INFRARED = Profile("ir", 640, 480, 29.97, "mono8", optional=True)
PROFILES = [COLOR, SMALL, FAST, DEPTH, FAST_DEPTH, INFRARED]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("", [COLOR, FAST_DEPTH]),  # depth at the rate of colour
        ("fps=60", [FAST, DEPTH]),
        ("size=640x480", [SMALL, FAST_DEPTH]),
        ("color.size=640x480&depth.fps=60", [SMALL, DEPTH]),
        ("streams=depth", [DEPTH]),
        ("streams=ir,depth&fps=30", [INFRARED, FAST_DEPTH]),
        ("color.format=rgb8", [COLOR, FAST_DEPTH]),
    ],
)
def test_modes_are_chosen_as_asked_for(words: str, wanted: list[Profile]) -> None:
    request, rest = Request.parse(CameraUri.parse(f"x:?{words}").options)
    assert choose(PROFILES, request) == wanted
    assert rest == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("fps=90", "the color stream has no mode 90 fps; it has 1280×720 rgb8 at 30 fps; 640×480 rgb8 at 30, 60 fps"),
        ("depth.size=800x600", "the depth stream has no mode 800×600; it has 640×480 16UC1 at 60, 30 fps"),
        ("streams=left", "this camera has no stream left; it has color, depth, ir"),
        ("left.fps=3", "no stream left"),
    ],
)
def test_what_cannot_be_is_answered_with_what_can(words: str, message: str) -> None:
    with pytest.raises(UnsupportedMode) as caught:
        choose(PROFILES, Request.parse(CameraUri.parse(f"x:?{words}").options)[0])
    assert message in str(caught.value)


@pytest.mark.parametrize("words", ["size=640", "size=0x3", "fps=0", "fps=fast", "color.fps=-1"])
def test_requests_that_make_no_sense(words: str) -> None:
    with pytest.raises(InputError, match="is not possible"):
        Request.parse(CameraUri.parse(f"x:?{words}").options)


def test_words_about_something_else_are_left() -> None:
    request, rest = Request.parse({"fps": "30", "exposure": "8000", "color.gain": "3"})
    assert request == Request(every=Mode(fps=30))
    assert rest == {"exposure": "8000", "color.gain": "3"}


@pytest.mark.parametrize(
    ("option", "given", "value"),
    [
        (Option("exposure", 5000, 10, 33000), "8000", 8000),
        (Option("exposure", 5000, 10, 33000), 33000, 33000),
        (Option("gain", 1.0, 0), "2.5", 2.5),
        (Option("laser", True), "0", False),
        (Option("laser", True), True, True),
        (Option("preset", "hand", choices=("hand", "default")), "default", "default"),
        (Option("name", ""), "anything", "anything"),
    ],
)
def test_values_of_options(option: Option, given: Value, value: Value) -> None:
    assert option.read(given) == value
    assert type(option.read(given)) is type(option.default)


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        (Option("exposure", 5000, 10, 33000, unit="µs"), 9, "exposure is a whole number from 10 to 33000 µs"),
        (Option("exposure", 5000, 10, 33000), "long", "exposure=long is not possible"),
        (Option("gain", 1.0, 0), "nan", "gain is a number from 0"),
        (Option("laser", True), "on", "laser is 0 or 1"),
        (Option("preset", "hand", choices=("hand", "default")), "x", "preset is one of hand, default"),
        (Option("temperature", 0.0, read_only=True), 3, "temperature can be read only"),
    ],
)
def test_wrong_values_of_options(option: Option, given: Value, message: str) -> None:
    with pytest.raises(InputError) as caught:
        option.read(given)
    assert message in str(caught.value)


def test_options_of_a_camera() -> None:
    device = ScriptedDevice()
    with LiveCamera(device, Socket().reopen, settings={"laser": "0"}) as camera:
        assert dict(camera.options) == {"exposure": 5000, "laser": False, "temperature": 31.5}
        camera.options["exposure"] = 8000
        assert camera.options["exposure"] == device.values["exposure"] == 8000
        del camera.options["exposure"]
        assert camera.options["exposure"] == 5000
        assert camera.options.describe("exposure").unit == "µs"
        with pytest.raises(InputError, match="no option 'gain'; it has exposure, laser, temperature"):
            camera.options["gain"] = 3
        with pytest.raises(InputError, match="exposure=1 is not possible"):
            camera.options["exposure"] = 1


def test_a_setting_or_mode_that_cannot_be_leaves_the_device_closed() -> None:
    for request, settings in ((Request(), {"gain": "3"}), (Request(every=Mode(fps=7)), {})):
        device = ScriptedDevice()
        with pytest.raises((InputError, UnsupportedMode)):
            LiveCamera(device, Socket().reopen, request, settings)
        assert device.calls[-1] == "close"


def test_what_is_known_of_a_camera() -> None:
    with LiveCamera(ScriptedDevice(), Socket().reopen, Request(every=Mode(fps=30))) as camera:
        assert (camera.serial, camera.firmware) == ("0123", "1.2")
        assert [str(stream) for stream in camera.streams] == ["left 4×3 mono8 30 fps"]
        assert len(camera.profiles()) == 2
        assert camera.rig.camera("left").size == (4, 3)


def test_who_may_not_open_a_camera_is_told_the_rule() -> None:
    assert 'ATTR{idVendor}=="8086"' in str(AccessDenied.to_usb("RealSense 0123", "8086"))


def test_what_is_not_there_is_answered_with_what_is() -> None:
    assert (
        str(CameraNotFound.among("uvc:3", ["uvc:0", "uvc:1"])) == "there is no camera 'uvc:3': there are uvc:0, uvc:1"
    )
    assert "none of its kind was found" in str(CameraNotFound.among("", []))
