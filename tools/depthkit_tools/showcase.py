"""The reconstructions the demo shows, each compared with what is known of its scene."""

from pathlib import Path
from typing import Any

import numpy as np

import depthkit
from depthkit import images
from depthkit.arrays import F32
from depthkit.bag import Bag
from depthkit.capture import open_camera
from depthkit.evaluate import evaluate
from depthkit.pipeline import PipelineConfig, Reconstruction
from depthkit.rectify import Rectifier
from depthkit.sim.camera import SimCamera
from depthkit.stereo import Sgm
from depthkit.types import FrameSet
from depthkit_tools.outputs import write_reconstruction
from depthkit_tools.preview import error_preview
from depthkit_tools.sources import read_pair
from depthkit_tools.stereo import timed_reconstruction

SAMPLES = Path(depthkit.__file__).parents[1] / "sample_data"


def compare_simulated(out: Path, recording: Path) -> dict[str, Any]:
    """Reconstruct the last frame of a simulated recording; errors are against the exact depth of its scene."""
    with Bag(recording) as bag:
        frames = bag[-1]
    result = _reconstruct(out / "simulated", frames, PipelineConfig(), {str(recording): "see the replay"})
    truth = true_depth(frames, result)
    images.write_png(out / "simulated" / "error.png", error_preview(result.depth.depth, truth))
    return depth_errors(result.depth.depth, truth)


def true_depth(frames: FrameSet, result: Reconstruction) -> F32:
    """Exact depth seen by the rectified left camera, from the simulation named in the frame's meta."""
    T_rectified_left = Rectifier(frames.rig).T_rectified_left
    with open_camera(frames.meta["source"]) as camera:
        if not isinstance(camera, SimCamera):
            raise TypeError(f"{frames.meta['source']} is not a simulated camera")
        return camera.truth(frames.sequence, result.rig.left, T_rectified_left).depth


def depth_errors(depth: F32, truth: F32) -> dict[str, Any]:
    """Share of pixels with depth, and how far it is from the truth, over all depths and between 1.9 and 2.1 m."""
    seen = np.isfinite(truth)
    both = seen & np.isfinite(depth)
    relative = np.abs(depth[both] / truth[both] - 1)
    at_2m = relative[np.abs(truth[both] - 2) < 0.1]
    return {
        "density": float(both.sum() / seen.sum()),
        "median_error": float(np.median(relative)),
        "median_error_at_2_m": float(np.median(at_2m)) if at_2m.size else None,
        "within_2_percent": float(np.mean(relative < 0.02)),
    }


def compare_pair(out: Path) -> dict[str, Any]:
    """The aloe pair (Middlebury 2006) against its measured disparities, in %; pixels without truth do not count."""
    folder = SAMPLES / "aloe"
    frames, inputs = read_pair(folder / "left.jpg", folder / "right.jpg", folder / "rig.toml", 1.0)
    result = _reconstruct(out / "aloe", frames, PipelineConfig(sgm=Sgm(num_disparities=256)), inputs)
    truth = images.dequantize(images.read(folder / "disparity.png").astype(np.uint16), 1.0)
    assert result.disparity is not None  # a pair was given
    errors = evaluate(result.disparity.values, truth)
    images.write_png(out / "aloe" / "error.png", error_preview(result.disparity.values, truth, "px"))
    return {"density": errors.density, "bad_2_px": errors.bad[2.0], "missing_or_wrong": errors.total[2.0]}


def compare_office(out: Path) -> dict[str, Any]:
    """A raw pair with lens distortion, rectified by its calibration."""
    folder = SAMPLES / "office"
    frames, inputs = read_pair(folder / "left.jpg", folder / "right.jpg", folder / "rig.toml", 1.0)
    result = _reconstruct(out / "office", frames, PipelineConfig(sgm=Sgm(paths=8)), inputs)
    return {"density": float(np.isfinite(result.depth.depth).mean())}


def _reconstruct(folder: Path, frames: FrameSet, config: PipelineConfig, inputs: dict[str, str]) -> Reconstruction:
    result, seconds = timed_reconstruction(frames, config)
    write_reconstruction(folder, result, config, inputs, seconds)
    return result
