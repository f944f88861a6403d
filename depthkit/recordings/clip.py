"""One video file: its packets, listed once, and its pictures by their numbers."""

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

from depthkit.errors import BagError
from depthkit.recordings.contents import Shot, closed_on_error
from depthkit.recordings.video import Film, pyav


class _Packet(NamedTuple):
    pts: int
    dts: int | None
    is_key: bool
    is_whole: bool
    is_shown: bool


class Clip:
    """An open video file; `close` it, or use it as a context manager.

    size: (width, height) of its pictures; film: the pictures by their numbers in the file. Raises BagError for a file
    without pictures, without a stamp for each, or that is marked to be turned.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._av = path, pyav(path)
        self._container = self._av.open(str(path))
        with closed_on_error(self.close):
            if not self._container.streams.video:
                raise BagError(f"{path} has no video stream")
            self._stream = self._container.streams.video[0]
            self.size: tuple[int, int] = self._stream.width, self._stream.height
            self._packets = [_entry(packet) for packet in self._demuxed()]
            self._stamps = self._checked_stamps()
            self._numbers = {packet.pts: number for number, packet in enumerate(self._packets)}
            keys = [number for number, packet in enumerate(self._packets) if packet.is_key]
            self.film = Film(self._stream.codec_context, self._packets_from, self._stamps, keys)
            self._refuse_turned()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def shots(self, name: str) -> list[Shot]:
        """The pictures in the order shown, called `name`[0], `name`[1] …; their place is their number in the file."""
        shown = sorted(self._stamps, key=self._stamps.__getitem__)
        ticks = self._stream.time_base * 10**9
        return [Shot(round(self._stamps[place] * ticks), f"{name}[{i}]", place) for i, place in enumerate(shown)]

    def ignored(self) -> dict[str, str]:
        """What of the file is not read, and why."""
        others = [each for each in self._container.streams if each.index != self._stream.index]
        ignored = {f"{self._path.name}, {each.type} {each.index}": "only the first video is read" for each in others}
        if (announced := self._stream.frames) > len(self._packets):
            why = f"the file was cut off: it announces {announced} pictures and holds {len(self._packets)}"
            ignored[f"{self._path.name}, the end"] = why
        if unshown := len(self._packets) - len(self._stamps):
            ignored[f"{self._path.name}, cut"] = f"{unshown} pictures that its edit list leaves out"
        return ignored

    def _demuxed(self) -> Iterator[Any]:
        """Packets from where the file is; one that was cut off ends with the last that can be found."""
        with contextlib.suppress(self._av.FFmpegError):
            yield from (packet for packet in self._container.demux(self._stream) if packet.size)

    def _packets_from(self, number: int) -> Iterator[tuple[int, Any]]:
        """As `Film` wants them; from the start of the file where its index leads too far."""
        for there in (self._packets[number], self._packets[0]):
            self._container.seek(there.pts if there.dts is None else there.dts, stream=self._stream)
            packets = self._demuxed()
            first = next(packets, None)
            if first is not None and self._numbers.get(first.pts, number + 1) <= number:
                yield from self._numbered(itertools.chain([first], packets), number)
                return
        raise BagError(f"{self._path}: there is no way to picture {number}")

    def _checked_stamps(self) -> dict[int, int]:
        """The stamp of every picture that is shown."""
        stamps = [packet.pts for packet in self._packets]
        if None in stamps or len({*stamps}) < len(stamps):
            raise BagError(
                f"{self._path}: some pictures have no stamp, or one stamp: make a sound file of it with "
                f"'ffmpeg -i {self._path.name} -c:v libx264 -qp 0 {self._path.stem}.mkv'"
            )
        shown = {number: packet.pts for number, packet in enumerate(self._packets) if packet.is_shown}
        if not shown:
            raise BagError(f"{self._path} has no pictures")
        return shown

    def _numbered(self, packets: Iterable[Any], start: int) -> Iterator[tuple[int, Any]]:
        for packet in packets:
            number = self._numbers.get(packet.pts, -1)
            if number >= start:
                yield number, packet if self._packets[number].is_whole else None

    def _refuse_turned(self) -> None:
        """Whether a rig is for pictures as the sensor gave them or as players turn them cannot be told."""
        try:
            turned = self.film.frame(min(self._stamps, key=self._stamps.__getitem__)).rotation
        except BagError:
            return  # a damaged picture says nothing
        if turned:
            raise BagError(
                f"{self._path} is marked to be shown turned by {turned}°, and its calibration is for pictures as they "
                f"are: remove the mark with 'ffmpeg -display_rotation 0 -i {self._path.name} -c copy NEW.mp4'"
            )


def _entry(packet: Any) -> _Packet:
    return _Packet(packet.pts, packet.dts, packet.is_keyframe, not packet.is_corrupt, not packet.is_discard)
