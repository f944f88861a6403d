"""The folder a reconstruction leaves: disparity, depth, cloud, pictures, and a report of how they came about."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from depthkit import __version__, images
from depthkit.files import explained, replacing
from depthkit.pipeline import PipelineConfig, Reconstruction
from depthkit.quality import quality
from depthkit_tools.preview import cloud_preview, pair_preview

DEPTH_SCALE = 0.001  # metres a step of depth.png


def write_reconstruction(
    folder: Path, result: Reconstruction, config: PipelineConfig, inputs: dict[str, str], seconds: dict[str, float]
) -> dict[str, Any]:
    """Write all files of one reconstruction into `folder` and return the report, which is written last.

    `inputs` names each input with its SHA-256, `seconds` the steps with their times.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    files = {**_write_disparity(folder, result), **_write_depth(folder, result)}
    result.cloud.save(folder / "cloud.ply")
    images.write_png(folder / "preview.png", pair_preview(result.image, result.depth.depth, "depth"))
    images.write_png(folder / "cloud.png", cloud_preview(result.cloud))
    files |= {
        "cloud.ply": {"points": len(result.cloud), "frame": result.cloud.frame, "unit": "m"},
        "preview.png": {"shows": "left image and depth"},
        "cloud.png": {"shows": "the cloud from the side"},
    }
    report = {
        "depthkit": __version__,
        "inputs": inputs,
        "rig": {"sha256": result.frames.rig.digest(), "provenance": dict(result.frames.rig.provenance)},
        "rectified_rig": result.rig.to_dict()["cameras"],
        "config": dataclasses.asdict(config),
        "files": files,
        "quality": quality(result.depth, result.rig),
        "seconds": seconds,
    }
    write_json(folder / "report.json", report)
    return report


def write_json(path: Path, values: Any) -> None:
    """Write JSON, whole or not at all; NaN is refused, since JSON has none."""
    text = json.dumps(values, indent=2, allow_nan=False, default=str)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n")


def sha256(path: Path) -> str:
    """Hash of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_disparity(folder: Path, result: Reconstruction) -> dict[str, Any]:
    if result.disparity is None:
        return {}
    values = result.disparity.values
    # The finest power of two of a pixel that still holds the largest disparity in 16 bits.
    largest = float(np.nanmax(values, initial=1.0))
    scale = 2.0 ** np.ceil(np.log2(max(largest, 1.0) / 65535))
    images.write_pfm(folder / "disparity.pfm", values)
    images.write_png(folder / "disparity.png", images.quantize(values, scale))
    return {
        "disparity.pfm": {"unit": "px", "unknown": "inf"},
        "disparity.png": {"unit": "px", "scale": scale, "unknown": 0, "lost": _lost(values, scale)},
    }


def _write_depth(folder: Path, result: Reconstruction) -> dict[str, Any]:
    depth = result.depth.depth
    images.write_png(folder / "depth.png", images.quantize(depth, DEPTH_SCALE))
    return {"depth.png": {"unit": "m", "scale": DEPTH_SCALE, "unknown": 0, "lost": _lost(depth, DEPTH_SCALE)}}


def _lost(values: Any, scale: float) -> int:
    """Known values that 16 bits at this scale cannot hold (zero, negative or too large), so that none goes unsaid."""
    return int(np.count_nonzero(np.isfinite(values) & (images.quantize(values, scale) == 0)))
