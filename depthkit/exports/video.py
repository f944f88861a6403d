"""Videos for looking at: H.264 in MP4, one a role. Lossy: what is to be measured belongs in another format."""

from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import numpy as np

from depthkit import images
from depthkit.arrays import U8, Image
from depthkit.bag.layout import check_roles
from depthkit.bag.ledger import roles
from depthkit.cameras import Rig
from depthkit.errors import InputError
from depthkit.exports.clock import PERIOD_NS, Clock
from depthkit.exports.export import LEDGER_FILE, check_rig, write_json
from depthkit.exports.ledger import ConversionLedger
from depthkit.types import FrameSet

FORM = "H.264 videos"
LOST = (
    "exact pixels: H.264 is lossy, 16 bits become 8, and an odd width or height grows to an even one",
    "depth as numbers: it is shown in grey, 0.25 m or nearer white, by inverse depth, unknown black",
    "the calibration; numbers, host stamps and meta of frames; what an IMU felt",
)

_TICKS = 90_000  # a second: what MP4 counts in
_WHITE_M = 0.25


def export(path: Path, rig: Rig, ledger: ConversionLedger) -> "VideoExport":
    """Begin the folder `path`; raises InputError without PyAV."""
    return VideoExport(path, rig, ledger, _pyav())


class VideoExport:
    """An `Export` that makes the folder `path` with ROLE.mp4 for each role, and ledger.json.

    Pictures are shown at their device stamps: over a gap, the one before it stands still. `av` is the module.
    """

    def __init__(self, path: Path, rig: Rig, ledger: ConversionLedger, av: Any) -> None:
        check_roles(rig)
        self._av = av
        self._path, self._rig, self._ledger = path, rig, ledger
        self._clock, self._first_ns = Clock(ledger), 0
        self._streams: dict[str, Any] = {}
        path.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for stream in self._streams.values():
            with stream.container as file:
                if kind is None:
                    file.mux(stream.encode())
        if kind is None:
            self._ledger.close()
            write_json(self._path / LEDGER_FILE, self._ledger.to_dict())

    def add(self, frames: FrameSet) -> None:
        """Add the pictures to the videos of their roles."""
        check_rig(frames, self._rig)
        stamp = self._clock.stamp(frames)
        self._first_ns = self._first_ns if self._streams else stamp
        ticks = round((stamp - self._first_ns) * _TICKS / 1e9)
        for role in roles(frames):
            grey_or_rgb = _shown(frames.images[role]) if role != "depth" else _depth_shown(frames)
            self._add(role, grey_or_rgb, ticks)
        self._ledger.write(frames)

    def count(self) -> dict[str, int]:
        """The packets of each video."""
        return {role: self._packets(self._path / f"{role}.mp4") for role in self._streams}

    def _add(self, role: str, pixels: U8, ticks: int) -> None:
        if role not in self._streams:
            self._streams[role] = self._stream(self._path / f"{role}.mp4", pixels)
        stream = self._streams[role]
        frame = self._av.VideoFrame.from_ndarray(pixels, "rgb24" if pixels.ndim == 3 else "gray")
        frame.pts, frame.time_base = ticks, Fraction(1, _TICKS)
        stream.container.mux(stream.encode(frame))

    def _stream(self, file: Path, pixels: U8) -> Any:
        container = self._av.open(str(file), "w")
        stream = container.add_stream("libx264", rate=Fraction(10**9, PERIOD_NS), options={"crf": "18"})
        stream.height, stream.width = pixels.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, _TICKS)
        return stream

    def _packets(self, file: Path) -> int:
        with self._av.open(str(file)) as container:
            return sum(packet.size > 0 for packet in container.demux(video=0))


def _pyav() -> Any:
    try:
        return import_module("av")
    except ImportError as error:
        raise InputError("writing videos needs PyAV: run pip install 'depthkit[video]'") from error


def _shown(image: Image) -> U8:
    """8 bits, of 16 by the largest value of the picture, of even width and height, as yuv420p wants them."""
    more = [(0, image.shape[0] & 1), (0, image.shape[1] & 1), (0, 0)]
    return np.pad(images.to_u8(image), more[: image.ndim], "edge")


def _depth_shown(frames: FrameSet) -> U8:
    assert frames.depth is not None, "only frames with depth have that role"
    with np.errstate(divide="ignore"):
        nearness = np.clip(_WHITE_M / np.nan_to_num(frames.depth.depth, nan=np.inf), 0, 1)
    return _shown(np.rint(nearness * 255).astype(np.uint8))
