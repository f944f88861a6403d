"""Watch a camera: frame rate, losses, latency, clock and, with --cloud, the whole way to the point cloud, live.

    depthkit stream sim:stereo --cloud --seconds 5

    depthkit stream "sim:faulty?every=60" --seconds 20

Frames that come while the last one is still being worked on are dropped, and counted.
"""

import time
from collections import deque
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Annotated

import numpy as np
import tyro
from tyro.conf import Positional

from depthkit.arrays import F32
from depthkit.bag import Bag
from depthkit.capture import Camera, interrupt, open_camera
from depthkit.grabber import Grabber, limited
from depthkit.live import LiveCamera
from depthkit.pipeline import PipelineConfig, Reconstructor
from depthkit.types import FrameSet
from depthkit_tools.console import print_json, say
from depthkit_tools.live import Tally, in_words, status, until_interrupted


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit stream`."""

    camera: Positional[str]
    """What to watch: `depthkit cameras` lists them; a recording plays as fast as it can."""
    seconds: float | None = None
    """Stop after this long."""
    frames: int | None = None
    """Stop after so many frames."""
    cloud: bool = False
    """Run the whole pipeline: disparity, depth and point cloud."""
    json: bool = False
    """Print the totals on stdout."""
    pipeline: Annotated[PipelineConfig, tyro.conf.arg(name="")] = field(default_factory=PipelineConfig)


@dataclass
class Statistics:
    """Running figures of a stream."""

    frames: int = 0
    fps: float = 0.0
    dropped: int = 0
    """Frames that came while the last one was being worked on."""
    lost: int = 0
    """Frames the camera counted but never delivered (gaps in its numbers that are not our drops)."""
    reasons: dict[str, int] = field(default_factory=dict)
    """How many of them for what; of a live camera."""
    restarts: int = 0
    """How often a live camera was started or opened again."""
    drift_ppm: float | None = None
    """How much faster this computer's clock runs than the camera's; None if it is not known yet."""
    latency_ms: float | None = None
    """From the frame's host stamp to the end of the work on it, median; None for a recording."""
    valid: float | None = None
    """Share of pixels with depth in the last frame."""
    depth_m: tuple[float, float] | None = None
    """5th and 95th percentile of depth in the last frame."""
    points: int | None = None
    """Points of the last cloud."""

    def line(self) -> str:
        """All figures in one line."""
        parts = [f"{self.fps:5.1f} fps", f"{self.dropped} dropped", f"{self.lost} lost{in_words(self.reasons)}"]
        if self.latency_ms is not None:
            parts.insert(1, f"{self.latency_ms:6.1f} ms")
        if self.restarts:
            parts.append(f"{self.restarts} restarts")
        if self.drift_ppm is not None:
            parts.append(f"drift {self.drift_ppm:.1f} ppm")
        if self.valid is not None:
            parts.append(f"{self.valid:.0%} valid")
        if self.depth_m is not None:
            parts.append(f"{self.depth_m[0]:.2f}–{self.depth_m[1]:.2f} m")
        if self.points is not None:
            parts.append(f"{self.points} points")
        return "  ".join(parts)


def run(config: Config) -> int:
    """Show the figures until a limit, the end of the source, or Ctrl-C."""
    with open_camera(config.camera) as camera:
        totals = _watch(config, camera)
    if config.json:
        print_json(asdict(totals))
    else:
        say(f"{totals.frames} frames  {totals.line()}")
    return 0


def _watch(config: Config, camera: Camera) -> Statistics:
    totals, tally, latencies = Statistics(), Tally(), deque[float](maxlen=100)
    reconstruct = Reconstructor(camera.rig, config.pipeline) if config.cloud else None
    grabber, wake = Grabber(camera.frames(), 1, "drop_oldest"), partial(interrupt, camera)
    grabber.on_stop = wake
    with grabber, status() as line:
        start = time.monotonic()
        with until_interrupted(limited(grabber.frames(), config.frames, config.seconds), wake) as frames:
            for each in frames:
                _add_depth(totals, each, reconstruct)
                tally.add(each.sequence)
                latencies.append((time.time_ns() - each.stamp_host_ns) / 1e6)
                totals.frames, totals.dropped = tally.frames, grabber.dropped
                totals.lost = max(0, tally.missing - grabber.dropped)
                totals.fps = tally.frames / max(time.monotonic() - start, 1e-9)
                totals.latency_ms = None if isinstance(camera, Bag) else float(np.median(latencies))
                _add_counts(totals, camera)
                line.show(totals.line())
    return totals


def _add_counts(totals: Statistics, camera: Camera) -> None:
    """What a live camera itself counts."""
    if isinstance(camera, LiveCamera):
        stats = camera.stats()
        totals.fps, totals.reasons, totals.drift_ppm = stats.fps, dict(stats.missing), stats.drift_ppm
        totals.restarts = stats.restarts + stats.reopens


def _add_depth(totals: Statistics, frames: FrameSet, reconstruct: Reconstructor | None) -> None:
    if reconstruct is not None:
        result = reconstruct(frames)
        totals.points = len(result.cloud)
        _describe(totals, result.depth.depth)
    elif frames.depth is not None:
        _describe(totals, frames.depth.depth)


def _describe(totals: Statistics, depth: F32) -> None:
    known = depth[np.isfinite(depth)]
    totals.valid = known.size / depth.size
    near, far = np.percentile(known, (5, 95)) if known.size else (0.0, 0.0)
    totals.depth_m = float(near), float(far)
