"""A recording of another program, with the interface of our own: by number, in order, as often as wanted."""

import operator
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from depthkit.bag import CommonInfo, FrameDigest, LagInfo, RoleInfo, ros
from depthkit.bag.info import clocks, course, histogram
from depthkit.cameras import Rig
from depthkit.depth import from_device
from depthkit.errors import BagError
from depthkit.recordings.contents import DEPTH, Contents, LeftOver, Moment, explained
from depthkit.recordings.pairs import reference_role
from depthkit.types import FrameSet


@dataclass(frozen=True, slots=True)
class PictureLedger:
    """Where every picture went.

    pictures: in the recording, by role; frames: how many they make; left_over: by role, the names of those in no
    frame, each with the reason; unreadable: frames that could not be read so far, and why; ignored: streams that are
    not read, and why.
    """

    pictures: Mapping[str, int]
    frames: int
    left_over: LeftOver
    unreadable: Mapping[int, str]
    ignored: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingInfo(CommonInfo):
    """What a recording holds; its duration is on the device's clock.

    form: what it is; roles: as its first readable frame has them; lags: by role, how late pictures are against the
    stamps of their frames, which are those of the depth, or else of the left pictures.
    """

    form: str
    lags: Mapping[str, LagInfo]
    ledger: PictureLedger


class Recording:
    """A foreign recording, opened for reading by `open_recording`. It is a `Camera`.

    `frames()` gives each readable frame once, in order, every time; one that is damaged is left out and counted in
    `ledger()`, while `recording[i]` raises BagError for it. Stamps are the device's; the host's are those of the
    program that recorded or, if it kept none, the same. Not for use by several threads at once.
    """

    def __init__(self, path: Path, contents: Contents) -> None:
        self.path = path
        self._contents = contents
        self._unreadable: dict[int, str] = {}
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; twice does no harm."""
        if not self._closed:
            self._closed = True
            self._contents.close()

    @property
    def rig(self) -> Rig:
        """The calibration of all frames."""
        return self._contents.rig

    def __len__(self) -> int:
        return len(self._contents.moments)

    def __getitem__(self, i: int) -> FrameSet:
        """Frame `i` in order, from the end if negative; IndexError if there is none, BagError if it is damaged."""
        i = operator.index(i)
        moment = self._contents.moments[i]
        if self._closed:
            raise BagError(f"{self.path} was closed: open it again to read it")
        with explained(self.path, f" at frame {i}"):
            return self._frame_set(moment)

    def __iter__(self) -> Iterator[FrameSet]:
        return self.frames()

    def frames(self, start: int = 0) -> Iterator[FrameSet]:
        """Every readable frame from number `start` on once, in order; from the end if it is negative."""
        for i in range(len(self))[start:]:
            try:
                frames = self[i]
            except BagError as error:
                if self._closed:
                    raise
                self._unreadable[i] = str(error)
            else:
                yield frames

    def seek(self, seconds: float) -> int:
        """Number of the first frame at least `seconds` after the first one; len(self) if none is. No frame is read."""
        stamps = [moment.stamp_ns for moment in self._contents.moments]
        return next((i for i, stamp in enumerate(stamps) if (stamp - stamps[0]) / 1e9 >= seconds), len(stamps))

    def ledger(self) -> PictureLedger:
        """Where every picture went, as far as the recording was read."""
        contents = self._contents
        paired = Counter(role for moment in contents.moments for role in moment.shots)
        lost = Counter({role: len(names) for role, names in contents.left_over.items()})
        return PictureLedger(
            dict(paired + lost), len(self), contents.left_over, dict(self._unreadable), contents.ignored
        )

    def info(self) -> RecordingInfo:
        """What the recording holds; reads the pixels of one frame."""
        moments = self._contents.moments
        device = [moment.stamp_ns for moment in moments]
        host = [moment.host_ns for moment in moments if moment.host_ns is not None]
        return RecordingInfo(
            path=self.path,
            size_bytes=_size(self.path),
            roles=tuple(self._roles()),
            form=self._contents.form,
            lags={role: LagInfo(*histogram(lags)) for role, lags in _lags_ns(moments).items()},
            ledger=self.ledger(),
            clocks=clocks(device, host),
            **course([moment.sequence for moment in moments], device, host or device, device),
        )

    def digest(self) -> str:
        """SHA-256 in hexadecimal over all readable frames, the same for every replay."""
        digest = FrameDigest()
        for frames in self.frames():
            digest.update(frames)
        return digest.hexdigest()

    def _frame_set(self, moment: Moment) -> FrameSet:
        pixels = {role: self._contents.read(role, shot) for role, shot in moment.shots.items()}
        depth = pixels.pop(DEPTH, None)
        return FrameSet(
            images=pixels,
            rig=self.rig,
            sequence=moment.sequence,
            stamp_device_ns=moment.stamp_ns,
            stamp_host_ns=moment.stamp_ns if moment.host_ns is None else moment.host_ns,
            depth=None if depth is None else from_device(depth, self.rig.camera(DEPTH), moment.shots[DEPTH].stamp_ns),
            meta=moment.meta,
        )

    def _roles(self) -> Iterator[RoleInfo]:
        counts = Counter(role for moment in self._contents.moments for role in moment.shots)
        first = next(self.frames(), None)
        if first is None:
            return
        pixels: dict[str, NDArray[Any]] = dict(first.images)
        if first.depth is not None:
            pixels[DEPTH] = first.depth.depth
        for role, image in pixels.items():
            yield RoleInfo(role, image.shape[1], image.shape[0], ros.encoding(image), counts[role])


def _lags_ns(moments: Sequence[Moment]) -> dict[str, list[int]]:
    """How much later than its frame each picture of a role is; nothing of the reference, or without stamps."""
    if not any(moment.stamp_ns for moment in moments):
        return {}
    roles = dict.fromkeys(role for moment in moments for role in moment.shots)
    return {
        role: [moment.shots[role].stamp_ns - moment.stamp_ns for moment in moments if role in moment.shots]
        for role in roles
        if role != reference_role(roles)
    }


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
