"""`import depthkit` costs next to nothing, and every public name is there when asked for."""

import json
import subprocess
import sys

import pytest

import depthkit

HEAVY = ("numba", "llvmlite", "cv2", "numpy", "open3d", "torch", "rosbags", "mcap", "pyrealsense2")


def modules_after(code: str) -> set[str]:
    """Top-level modules that are loaded after `code` in a fresh interpreter."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(name.split('.')[0] for name in sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(result.stdout))


def test_importing_depthkit_loads_nothing_heavy() -> None:
    assert not modules_after("import depthkit; depthkit.__version__") & set(HEAVY)


@pytest.mark.parametrize(
    "code", ["from depthkit import FrameSet, Rig", "from depthkit import open_camera", "import depthkit_calib"]
)
def test_kernels_are_loaded_when_they_are_run_not_before(code: str) -> None:
    assert not modules_after(code) & {"numba", "open3d", "torch", "pyrealsense2"}


@pytest.mark.parametrize("name", depthkit.__all__)
def test_public_names_are_there(name: str) -> None:
    assert getattr(depthkit, name) is not None
    assert name in dir(depthkit)


def test_public_modules_are_there() -> None:
    for name in dir(depthkit):
        assert getattr(depthkit, name) is not None


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="module 'depthkit' has no attribute 'nothing'"):
        _ = depthkit.nothing
    with pytest.raises(AttributeError, match="no kernels named 'nothing'"):
        _ = __import__("depthkit.kernels").kernels.nothing
