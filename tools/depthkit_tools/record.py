"""Record a camera to one MCAP file with its calibration: every frame once, in order.

    depthkit record sim:stereo walk.mcap --seconds 3

Without --seconds or --frames it records until Ctrl-C, which ends the file properly and keeps every frame.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from depthkit.bag import BagWriter
from depthkit.capture import Camera, Grabber, limited, open_camera
from depthkit_tools.console import megabytes, print_json, say
from depthkit_tools.live import Tally, status, until_interrupted

QUEUE = 64  # frames in memory between camera and disk: two seconds at 30 fps


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit record`."""

    camera: Positional[str]
    """What to record: `depthkit cameras` lists them."""
    out: Positional[Path]
    """The file to write (.mcap)."""
    seconds: float | None = None
    """Stop after this long."""
    frames: int | None = None
    """Stop after so many frames."""
    json: bool = False
    """Print the result on stdout."""


def run(config: Config) -> int:
    """Record until a limit, the end of the source, or Ctrl-C."""
    tally = Tally()
    with open_camera(config.camera) as camera, BagWriter(config.out, camera.rig) as writer:
        _record(config, camera, writer, tally)
    size = config.out.stat().st_size
    if config.json:
        print_json({"file": str(config.out), "frames": tally.frames, "missing": tally.missing, "bytes": size})
    else:
        say(f"{config.out}: {tally.frames} frames, {tally.missing} missing from the camera, {megabytes(size)}")
    return 0


def _record(config: Config, camera: Camera, writer: BagWriter, tally: Tally) -> None:
    start = time.monotonic()
    with Grabber(camera, QUEUE, "block") as grabber, status() as line:
        frames = limited(grabber.frames(), config.frames, config.seconds)
        with until_interrupted(frames) as frames:
            for each in frames:
                writer.write(each)
                tally.add(each.sequence)
                fps = tally.frames / (time.monotonic() - start)
                line.show(f"{tally.frames} frames  {fps:.1f} fps  {tally.missing} missing")
