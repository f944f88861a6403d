"""What a Kinect sees of a simulated room, as fakenect plays it: libfreenect with a folder in place of the device."""

import os
from collections.abc import Mapping
from ctypes.util import find_library
from pathlib import Path

import numpy as np
import pytest

from depthkit.arrays import F32, U8
from depthkit.kinect import KinectDisparity
from depthkit.sim.camera import SimCamera
from depthkit.sim.options import Options

pytest.importorskip("freenect", reason="freenect is not installed: make sdks, or apt install libfreenect-dev and pip")

_FOLDERS = "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"
TICKS = 2_000_000  # of the device's clock, between frames


def environment(dump: Path) -> Mapping[str, str]:
    """With which a process has the dump for a Kinect; skips without fakenect."""
    name = find_library("freenect") or ""
    for folder in map(Path, _FOLDERS):
        fake = folder / "fakenect" / name
        if name and fake.exists():
            # Both: fakenect lacks a function that the Python package wants.
            return {"FAKENECT_PATH": str(dump), "LD_PRELOAD": f"{fake} {folder / name}"}
    pytest.skip("fakenect is not installed: make sdks, or apt install libfreenect-bin")


def write(folder: Path, frames: int, start: int = 0, missing_color: int = -1) -> list[tuple[F32, U8]]:
    """A dump of so many frames from clock reading `start`; the depth and colour they show."""
    camera = SimCamera(Options("rgbd", noise=False, lens="none"))
    shown, names = [], []
    for n in range(frames):
        frame = camera.frame(n)
        assert frame.depth is not None
        depth, color = frame.depth.depth, np.asarray(frame.image("color"), np.uint8)
        shown.append((depth, color))
        ticks, at = (start + n * TICKS) % 2**32, 1000 + n / 30
        raw = KinectDisparity().raw(depth)
        names.append(f"d-{at:.6f}-{ticks}.pgm")
        (folder / names[-1]).write_bytes(b"P5 640 480 65535\n" + raw.astype("<u2").tobytes())
        if n != missing_color:
            names.append(f"r-{at + 0.005:.6f}-{ticks + 100_000}.ppm")
            (folder / names[-1]).write_bytes(b"P6 640 480 255\n" + color.tobytes())
    (folder / "INDEX.txt").write_text("\n".join(names) + "\n")
    return shown


def preloaded(monkeypatch: pytest.MonkeyPatch, dump: Path) -> None:
    """Have processes that are started from now on see the dump."""
    for name, value in environment(dump).items():
        monkeypatch.setenv(name, value)
    assert os.environ["LD_PRELOAD"]
