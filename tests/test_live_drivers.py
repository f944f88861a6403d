"""Drivers of others: one file and one entry point, found in an installed package, and used as our own."""

import contextlib
import importlib
import itertools
import queue
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from depthkit import list_cameras, open_camera
from depthkit.capture import CameraInfo, drivers, load_driver
from depthkit.errors import CameraNotFound, DriverNotInstalled, InputError, UnsupportedMode
from depthkit.hotplug import watch_cameras
from depthkit.live import LiveCamera
from tests.conftest import ROOT


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages with the toy driver of docs/drivers.md installed in it, and one that needs an SDK."""
    (code,) = re.findall(r"```python\n(\"\"\"toy.*?)```", (ROOT / "docs" / "drivers.md").read_text(), re.DOTALL)
    (tmp_path / "depthkit_toy.py").write_text(code)
    (tmp_path / "depthkit_sdk.py").write_text("import libcamera_of_somebody.core\n")
    meta = tmp_path / "depthkit_toy-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: depthkit-toy\nVersion: 1.0\nProvides-Extra: sdk\n")
    (meta / "entry_points.txt").write_text(
        "[depthkit.drivers]\ntoy = depthkit_toy:ToyDriver\nsdk = depthkit_sdk:Driver\nother = depthkit_sdk:Driver\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    drivers.cache_clear()
    importlib.invalidate_caches()
    yield tmp_path
    sys.modules.pop("depthkit_toy", None)
    drivers.cache_clear()


@pytest.mark.usefixtures("plug_in")
def test_the_toy_driver_of_the_documentation_streams() -> None:
    with open_camera("toy:?fps=200&brightness=7") as camera:
        assert isinstance(camera, LiveCamera)
        frames = list(itertools.islice(camera.frames(), 5))
        assert [each.sequence for each in frames] == [0, 1, 2, 3, 4]
        assert all(each.image("left").mean() == 7 for each in frames)
        camera.options["brightness"] = 200
        assert any(each.image("left").mean() == 200 for each in itertools.islice(camera.frames(), 20))
        assert camera.stats().missing == {}


def test_the_example_of_the_documentation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(import depthkit\n.*?)```", (ROOT / "docs" / "drivers.md").read_text(), re.DOTALL)
    exec(code, {})
    assert "Stats(frames=" in capsys.readouterr().out


@pytest.mark.usefixtures("plug_in")
def test_its_errors_say_what_there_is() -> None:
    with pytest.raises(UnsupportedMode, match="it has 320×240 mono8 at 30, 200 fps"):
        open_camera("toy:?fps=60")
    with pytest.raises(InputError, match="no option 'brihgtness'; it has brightness"):
        open_camera("toy:?brihgtness=7")
    with pytest.raises(CameraNotFound, match="no camera 'toy:7': there are toy:0"):
        open_camera("toy:7")


@pytest.mark.usefixtures("plug_in")
def test_cameras_that_come_and_go_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = load_driver("toy")
    (info,) = toy.discover()
    plugged, told = [info], queue.Queue[tuple[str, str]]()
    monkeypatch.setattr(type(toy), "discover", lambda _: list(plugged))
    with watch_cameras(
        lambda info: told.put(("added", info.uri)), lambda info: told.put(("removed", info.uri)), interval=0.01
    ):
        plugged.clear()
        assert told.get(timeout=5) == ("removed", "toy:0")
        plugged.append(info)
        assert told.get(timeout=5) == ("added", "toy:0")
    assert told.empty()


@pytest.mark.usefixtures("plug_in")
def test_a_driver_that_notices_by_itself_is_asked_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    toy, asked, told = load_driver("toy"), list[int](), queue.Queue[str]()
    tell: list[Callable[[], None]] = []

    @contextlib.contextmanager
    def watch(_: object, changed: Callable[[], None]) -> Iterator[None]:
        tell.append(changed)
        yield
        tell.clear()

    def discover(_: object) -> list[CameraInfo]:
        asked.append(1)
        return [] if len(asked) == 1 else [CameraInfo("toy:1", "")]

    monkeypatch.setattr(type(toy), "watch", watch, raising=False)
    monkeypatch.setattr(type(toy), "discover", discover)
    with watch_cameras(lambda info: told.put(info.uri), lambda _: None, interval=0.01):
        time.sleep(0.1)
        assert len(asked) == 1
        tell[0]()
        assert told.get(timeout=5) == "toy:1"
    assert tell == []


@pytest.mark.usefixtures("plug_in")
def test_a_driver_without_its_sdk_hides_no_other_and_says_what_to_install() -> None:
    assert {"toy:0", "sim:stereo"} <= {info.uri for info in list_cameras()}
    with pytest.raises(DriverNotInstalled, match=r"libcamera_of_somebody: run 'pip install \"depthkit-toy\[sdk\]\"'"):
        open_camera("sdk:")
    with pytest.raises(DriverNotInstalled, match="run 'pip install libcamera_of_somebody'"):
        open_camera("other:")
