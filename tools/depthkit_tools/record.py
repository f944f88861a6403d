"""Record a camera to one MCAP file with its calibration: every frame once, in order, and a ledger of all.

    depthkit record sim:stereo walk.mcap --seconds 3
    depthkit record sim:rgbd walk.mcap --seconds 3 --depth cm --images png

Depth is compressed without loss (fast, rvl, or cm, the smallest and slowest), images are kept as they are unless
--images says other. Without --seconds or --frames it records until Ctrl-C. That, a full disk or a camera that fails
end the file properly and keep every frame.
"""

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from depthkit.bag import Packing
from depthkit.capture import open_camera
from depthkit.grabber import WhenFull
from depthkit.recorder import Recorder
from depthkit_tools.console import megabytes, print_json, say
from depthkit_tools.live import frames_in_words, on_interrupt, status


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
    when_full: WhenFull = "block"
    """When the disk is slower than the camera: make the camera wait, or give up a frame and count it."""
    queue: int = 64
    """Frames in memory between camera and disk: two seconds at 30 fps."""
    packing: Annotated[Packing, tyro.conf.arg(name="")] = field(default_factory=Packing)
    json: bool = False
    """Print the result on stdout."""


def run(config: Config) -> int:
    """Record until a limit, the end of the source, Ctrl-C, or an error, and say what became of every frame."""
    with open_camera(config.camera) as camera:
        limits = config.frames, config.seconds
        recorder = Recorder(camera, config.out, config.when_full, config.queue, *limits, config.packing)
        try:
            with recorder, on_interrupt(recorder.stop):
                _follow(recorder)
        finally:
            _report(config, recorder)
    return 0


def _follow(recorder: Recorder) -> None:
    start, folder = time.monotonic(), recorder.file.parent
    with status() as line:
        while not recorder.wait(0.1):
            ledger, seconds = recorder.ledger.to_dict(), time.monotonic() - start
            fps, speed = ledger["frames"]["written"] / seconds, recorder.bytes_written / seconds / 1e6
            free = shutil.disk_usage(folder).free / 1e9
            line.show(f"{fps:.1f} fps  {speed:.1f} MB/s  {frames_in_words(ledger)}  {free:.1f} GB free")


def _report(config: Config, recorder: Recorder) -> None:
    if not recorder.file.exists():  # an error before the first frame, of which the error itself says enough
        return
    ledger, size = recorder.ledger.to_dict(), recorder.bytes_written
    if config.json:
        totals = {"frames": ledger["frames"]["written"], "missing": ledger["missing"], "bytes": size}
        print_json({"file": str(recorder.file), **totals, "ledger": ledger})
    else:
        say(f"{recorder.file}: {frames_in_words(ledger)}, {megabytes(size)}, {ledger['ended']}")
