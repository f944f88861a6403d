"""The command line itself: help, errors as one line, exit codes, and what it costs to ask for help."""

import importlib
import subprocess
import sys

import pytest

from depthkit import __version__
from depthkit_tools.main import VERBS, main


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in VERBS)
    assert main([]) == 0


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"depthkit {__version__}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each_command_opens_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*verb.split(), "--help"])
    assert stop.value.code == 0
    assert f"depthkit {verb}" in capsys.readouterr().out.split("options")[0]
    assert importlib.import_module(f"depthkit_tools.{verb.replace(' ', '.')}").__doc__


def test_an_unknown_command_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sterio"]) == 2
    assert "did you mean 'stereo'" in capsys.readouterr().err


def test_wrong_usage_exits_2() -> None:
    with pytest.raises(SystemExit) as stop:
        main(["info"])
    assert stop.value.code == 2


def test_a_known_error_is_one_line_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "missing.mcap"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("depthkit info: ")
    assert captured.err.count("\n") == 1


def test_asking_for_help_loads_no_heavy_module() -> None:
    code = (
        "import sys\nfrom depthkit_tools.main import main\nmain(['--help'])\n"
        "print([m for m in ('numba', 'cv2', 'tyro', 'rosbags', 'open3d') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"


def test_output_into_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m depthkit_tools.main doctor --json | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
