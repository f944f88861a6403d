"""Coded video, decoded by PyAV: single packets by their stamp, and pictures by their number."""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from depthkit.arrays import Image
from depthkit.errors import BagError
from depthkit.image_headers import MAX_PIXELS


def pyav(path: Path) -> Any:
    """The module `av`, to read a file; BagError if PyAV is not installed."""
    try:
        return import_module("av")
    except ImportError as error:
        raise BagError(f"reading {path.name} needs PyAV: run pip install 'depthkit[video]'") from error


def pixels(frame: Any) -> Image:
    """(H, W, 3) uint8 RGB of a decoded picture, or (H, W) uint8 or uint16 of one without colours."""
    luma, *chroma = frame.format.components
    grey = "gray" if luma.bits == 8 else "gray16le"
    picture: Image = frame.to_ndarray(format="rgb24" if chroma else grey)
    return picture


def half(picture: Image, role: str) -> Image:
    """The left or right camera's half of a picture that has both side by side."""
    width = picture.shape[1] // 2
    part: Image = picture[:, :width] if role == "left" else picture[:, width:]
    return part.copy()


class Packets:
    """Reads single packets by their stamp, without seeking where they are asked for in order."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._ahead: Iterator[Any] = iter(())
        self._seen: dict[tuple[int, int], bytes] = {}

    def at(self, stream: Any, pts: int) -> bytes:
        """The bytes of a packet; BagError if it is not there."""
        wanted = stream.index, pts
        if wanted not in self._seen and not self._read_on(wanted):
            self._container.seek(pts, stream=stream, backward=True)
            self._ahead, self._seen = self._container.demux(), {}
            if not self._read_on(wanted):
                raise BagError(f"the recording has no packet at {pts}")
        return self._seen[wanted]

    def _read_on(self, wanted: tuple[int, int]) -> bool:
        """Look for a packet among the next few, which are kept."""
        for _, packet in zip(range(32), self._ahead, strict=False):
            self._seen[packet.stream.index, packet.pts] = bytes(packet)
            if len(self._seen) > 64:
                del self._seen[next(iter(self._seen))]
            if (packet.stream.index, packet.pts) == wanted:
                return True
        return False


class Film:
    """The pictures of one stream by the numbers of their packets, each decoded once where they are asked for in order.

    packets_from: gives the packets from a number on, with their numbers, in the order of decoding; None for one that
    is not whole. stamps: of every picture by number; they say in what order pictures are shown. keys: numbers of the
    packets that decoding can begin at.

    A picture is lost if its packet is damaged, and with it all that may be predicted from it: those up to the next
    key. Which are lost does not depend on the order they are asked for in.
    """

    def __init__(
        self,
        codec: Any,
        packets_from: Callable[[int], Iterator[tuple[int, Any]]],
        stamps: Mapping[int, int],
        keys: Collection[int],
    ) -> None:
        self._codec, self._packets_from = codec, packets_from
        self._codec.options = {"max_pixels": str(MAX_PIXELS)}
        self._error: type[Exception] = import_module("av").FFmpegError
        self._order = sorted(stamps, key=stamps.__getitem__)
        self._place = {number: place for place, number in enumerate(self._order)}
        self._keys = sorted(self._place.keys() & {*keys})
        self._starts = sorted({0, *self._keys})
        self._count = max(stamps) + 1
        self._lost: dict[int, str] = {}
        self._run: Iterator[Any] = iter(())
        self._shown: Any = None
        self._converted: tuple[Any, Image] | None = None
        self._fed, self._known, self._next = -1, 0, 0

    def frame(self, number: int) -> Any:
        """The decoded picture of a packet, whose `pts` is that number; BagError if it is lost."""
        while number not in self._lost:
            if self._shown is not None and self._shown.pts == number:
                return self._shown
            start = self._start_for(number)
            if self._shown is None or start > self._fed or self._place[self._shown.pts] > self._place[number]:
                self._run = self._decode(start)
            self._shown = next(self._run, None)
        raise BagError(self._lost[number])

    def picture(self, number: int) -> Image:
        """Its `pixels`, which are not to be written to; BagError if it is lost."""
        frame = self.frame(number)
        if self._converted is None or self._converted[0] is not frame:
            self._converted = frame, pixels(frame)
        return self._converted[1]

    def _start_for(self, number: int) -> int:
        """The last start shown no later: what is shown before a key may be predicted from what came before it."""
        at = bisect_right(self._starts, number) - 1
        while at > 0 and self._place[self._starts[at]] > self._place[number]:
            at -= 1
        return self._starts[at]

    def _decode(self, start: int) -> Iterator[Any]:
        """Pictures as they are shown, from a start on, each held back until no packet before its own can spoil it."""
        self._fed, self._known, self._next = start - 1, start, self._place[start] if start else 0
        held: deque[Any] = deque()
        for frame in self._decoded(start):
            if self._place.get(frame.pts, -1) < self._next:
                continue  # shown before the start
            if not self._account_for(start, frame):
                return
            held.append(frame)
            while held and self._is_known(held[0].pts):
                yield from self._unless_lost(held.popleft())
        self._lose_missing(len(self._order))
        for frame in held:
            yield from self._unless_lost(frame)

    def _decoded(self, start: int) -> Iterator[Any]:
        """What the decoder makes of the packets from a start on, with their numbers for stamps."""
        self._codec.flush_buffers()
        for number, packet in self._packets_from(start):
            self._fed = number
            if packet is None:
                self._lose(number, "its packet is not whole")
                continue
            packet.pts, packet.dts = number, None
            yield from self._fed_with(packet)
        yield from self._fed_with(None)

    def _fed_with(self, packet: Any) -> Sequence[Any]:
        try:
            return self._codec.decode(packet)  # type: ignore[no-any-return]
        except self._error as error:
            self._lose(self._fed, f"it cannot be decoded ({error})")
            return ()

    def _account_for(self, start: int, frame: Any) -> bool:
        """Note what is lost before or with the next picture shown; False if `start` turns out to be none.

        Decoders leave out what they have no reference for, without an error. A start they leave out is struck off: it
        is damaged, or its stream refreshes pictures part by part and calls the first part a key.
        """
        place = self._place[frame.pts]
        missing = self._missing(place)
        if start > 0 and start in missing:
            self._starts.remove(start)
            return False
        if self._next == 0 and (0 not in missing or 0 not in self._keys):
            self._lost |= dict.fromkeys(missing, "there is no whole picture before it")
        self._lose_missing(place)
        if frame.is_corrupt:
            self._lose(frame.pts, "parts of it are damaged")
        self._next = place + 1
        return True

    def _missing(self, place: int) -> list[int]:
        """Numbers of the pictures that should have been shown by then and were not, for no reason that is known."""
        return [number for number in self._order[self._next : place] if number not in self._lost]

    def _lose_missing(self, place: int) -> None:
        while missing := self._missing(place):
            self._lose(min(missing), "the decoder makes no picture of it")

    def _lose(self, number: int, why: str) -> None:
        """Give up a picture and what may be predicted from it: all that follow and are shown before the next key."""
        self._lost.setdefault(number, why)
        keys = self._keys[bisect_right(self._keys, number) :][:2]
        end = self._place[keys[0]] if keys else len(self._order)
        for each in range(number + 1, keys[1] if len(keys) == 2 else self._count):
            if self._place.get(each, end) < end:
                self._lost.setdefault(each, f"it may be predicted from picture {number}, which is damaged")

    def _is_known(self, number: int) -> bool:
        """Whether all packets before it are known to be good or lost."""
        while self._known < number and (self._place.get(self._known, -1) < self._next or self._known in self._lost):
            self._known += 1
        return self._known >= number

    def _unless_lost(self, frame: Any) -> Iterator[Any]:
        if frame.pts not in self._lost:
            yield frame
