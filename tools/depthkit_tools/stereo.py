"""From a pair of images, a recording or a camera to disparity, depth and a metric point cloud.

    depthkit stereo left.png right.png --rig calib.txt --out result
    depthkit stereo walk.mcap --frame 30 --out result

leaves in `result`: disparity.pfm, disparity.png, depth.png (16 bit, mm), cloud.ply, preview.png, cloud.png and
report.json with the settings, the hashes of all inputs and the quality figures.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import Positional

from depthkit.pipeline import PipelineConfig, Reconstruction, Reconstructor
from depthkit.types import FrameSet
from depthkit_tools.console import print_json, say
from depthkit_tools.outputs import write_reconstruction
from depthkit_tools.sources import read_frame, read_pair


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit stereo`."""

    left: Positional[str]
    """The left image, or a recording (.mcap, .bag, .db3, .svo2, a video, a folder of images) or camera (sim:stereo)."""
    right: Positional[Path | None] = None
    """The right image; left out for a recording or camera."""
    rig: Path | None = None
    """Calibration, where the input holds none: rig TOML, Middlebury calib.txt, OpenCV YAML/XML, ZED .conf."""
    unit: float = 1.0
    """Metres a unit of length in an OpenCV rig file (0.001: it was calibrated in millimetres)."""
    frame: int = 0
    """Which frame of a recording or camera."""
    out: Path = Path("depthkit-out")
    """Folder for the results."""
    json: bool = False
    """Print the report on stdout."""
    pipeline: Annotated[PipelineConfig, tyro.conf.arg(name="")] = field(default_factory=PipelineConfig)


def run(config: Config) -> int:
    """Reconstruct one frame and write the folder."""
    frames, inputs = _load(config)
    result, seconds = timed_reconstruction(frames, config.pipeline)
    report = write_reconstruction(config.out, result, config.pipeline, inputs, seconds)
    if config.json:
        print_json(report)
    else:
        say(summary(report, config.out))
    return 0


def timed_reconstruction(frames: FrameSet, config: PipelineConfig) -> tuple[Reconstruction, dict[str, float]]:
    """The reconstruction, and how long the tables and the frame took in s (the first run may compile kernels)."""
    start = time.perf_counter()
    reconstruct = Reconstructor(frames.rig, config)
    prepared = time.perf_counter()
    result = reconstruct(frames)
    done = time.perf_counter()
    return result, {"tables": round(prepared - start, 4), "frame": round(done - prepared, 4)}


def summary(report: dict[str, Any], folder: Path) -> str:
    """The report in three lines."""
    quality = report["quality"]
    middle = quality["depth_m"]["p50"]
    median = "no depth found" if middle is None else f"median depth {middle:.3f} m"
    return (
        f"{quality['density']:.1%} of the pixels measured, {median}\n"
        f"{report['files']['cloud.ply']['points']} points in {folder / 'cloud.ply'}\n"
        f"look at {folder / 'preview.png'} and {folder / 'cloud.png'}; all figures are in {folder / 'report.json'}"
    )


def _load(config: Config) -> tuple[FrameSet, dict[str, str]]:
    if config.right is None:
        return read_frame(config.left, config.frame, config.rig, config.unit)
    return read_pair(Path(config.left), config.right, config.rig, config.unit)
