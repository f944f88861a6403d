"""SVO2 recordings of ZED cameras: MCAP with both pictures side by side in H.264 or H.265, and no calibration."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self

from mcap.exceptions import McapError
from mcap.reader import make_reader
from numpy.typing import NDArray

from depthkit.cameras import Rig
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings import svo_messages
from depthkit.recordings.contents import Contents, Moment, Shot, Wishes
from depthkit.recordings.cursor import Cursor, places
from depthkit.recordings.video import Film, half, pyav

_PICTURES = re.compile(r"Camera_SN\d+/side_by_side")
_FOOTER = "svo_footer"


def matches(path: Path) -> bool:
    """Files by their names."""
    return path.is_file() and path.suffix.lower() in (".svo2", ".svo")


def read(path: Path, wishes: Wishes) -> Contents:
    """Every picture with the device's stamp; opening reads the file once. BagError for the older .svo."""
    recording = _Svo2(path)
    try:
        if wishes.rig is None:
            raise recording.need_factory_file()
        recording.check(wishes.rig)
    except BaseException:
        recording.close()
        raise
    roles = ("left", "right")
    moments = [Moment(i, dict.fromkeys(roles, shot), shot.stamp_ns) for i, shot in enumerate(recording.shots)]

    def read_shot(role: str, shot: Shot) -> NDArray[Any]:
        return half(recording.film.picture(shot.place), role)

    return Contents("ZED SVO2 recording", wishes.rig, moments, {}, read_shot, recording.close, recording.ignored)


def factory_file(path: Path) -> str:
    """Name of the file with the camera's calibration, SN<serial>.conf; BagError for the older .svo."""
    _refuse_older(path)
    with path.open("rb") as file:
        return _factory_file(_topics(path, file)[0])


def sizes(path: Path) -> list[tuple[int, int]]:
    """(width, height) of the pictures of one camera."""
    with _Svo2(path) as recording:
        return [recording.size]


class _Svo2:
    """An open file; `close` it, or use it as a context manager.

    shots: of both pictures side by side, whose place is their number; film: the decoded ones; size: (width, height)
    of one camera's; ignored: topics that are not read, and why.
    """

    def __init__(self, path: Path) -> None:
        _refuse_older(path)
        self._path, self._av, self._file = path, pyav(path), path.open("rb")
        try:
            self._topic, self.ignored = _topics(path, self._file)
            self.shots, codec, keys = self._listed()
            self._codec = self._av.CodecContext.create(codec, "r")
            self.film = Film(self._codec, self._packets_from, dict(enumerate(range(len(self.shots)))), keys)
            self.ignored |= self._missing()
            self.size = self._size()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def need_factory_file(self) -> CalibrationError:
        """The error that says which file to get, where, and how to give it."""
        name = _factory_file(self._topic)
        return CalibrationError(
            f"{self._path} does not hold its camera's calibration: give {name} (of /usr/local/zed/settings where it "
            f"was recorded, or https://www.stereolabs.com/developers/calib/?SN={name[2:-5]}) as --rig {name}, or "
            f"rig=depthkit_calib.load_rig({name!r}, {self.size})"
        )

    def check(self, rig: Rig) -> None:
        """Raise CalibrationError for a rig of pictures of another size."""
        for camera in (rig.left, rig.right):
            if camera.size != self.size:
                raise CalibrationError(
                    f"{self._path} has pictures of {self.size[0]}×{self.size[1]}, but the rig is for "
                    f"{camera.width}×{camera.height}: use the rig for this resolution"
                )

    def _listed(self) -> tuple[list[Shot], str, list[int]]:
        """All pictures, by the time of their message where they have no stamp; FFmpeg's name of their codec; keys."""
        times, stamps, keys, codec = list[int](), list[int](), list[int](), None
        for number, (time, message) in enumerate(self._messages(self._topic)):
            picture = svo_messages.coded(message) or b""
            codec = codec or svo_messages.codec(picture)
            if codec is not None and svo_messages.is_key(picture, codec):
                keys.append(number)
            times.append(time)
            stamps.append(svo_messages.stamp_ns(message) or time)
        if codec is None:
            raise BagError(f"{self._path} has pictures that are neither H.264 nor H.265: record, or convert it, as one")
        self._places = list(places(times))
        return [Shot(stamp, f"frame[{i}]", i) for i, stamp in enumerate(stamps)], codec, keys

    def _messages(self, topic: str, start: int | None = None, check: bool = False) -> Iterator[tuple[int, bytes]]:
        """Times and bytes of a topic's messages; with `check`, an error for what has changed since it was written."""
        self._file.seek(0)
        for _, _, message in make_reader(self._file, validate_crcs=check).iter_messages(topic, starting_at=start):
            yield message.log_time, message.data

    def _packets_from(self, number: int) -> Iterator[tuple[int, Any]]:
        """As `Film` wants them."""
        cursor = Cursor(lambda time: (message for _, message in self._messages(self._topic, time, check=True)))
        for place in self._places[number:]:
            try:
                picture = svo_messages.coded(cursor.at(place))
            except Exception:  # of all kinds, from bytes that make no sense
                picture = None
            yield place.number, None if picture is None else self._av.Packet(picture)

    def _missing(self) -> dict[str, str]:
        """Whether the list of stamps at the end of the file has as many as there are pictures."""
        for _, message in self._messages(_FOOTER):
            listed = json.loads(message).get(self._topic, [])
            count = len(base64.b64decode(listed)) // 8 if isinstance(listed, str) else len(listed)
            if count != len(self.shots):
                return {_FOOTER: f"it lists {count} pictures, but the file holds {len(self.shots)}"}
        return {}

    def _size(self) -> tuple[int, int]:
        """Half of what is decoded; the header's is, by some versions, of both together."""
        for shot in self.shots:
            try:
                frame = self.film.frame(shot.place)
            except BagError:
                continue
            return frame.width // 2, frame.height
        raise BagError(f"{self._path}: none of its {len(self.shots)} pictures can be decoded")


def _refuse_older(path: Path) -> None:
    if path.suffix.lower() == ".svo":
        raise BagError(
            f"{path} is a recording of before SVO2, which only Stereolabs' SDK reads: make an .svo2 of it with the "
            "SDK's ZED SVO Editor"
        )


def _topics(path: Path, file: BinaryIO) -> tuple[str, dict[str, str]]:
    """The topic of the pictures, and why the others are not read."""
    try:
        summary = make_reader(file).get_summary()
    except McapError:
        summary = None
    if summary is None or summary.statistics is None:
        raise BagError(f"{path} was cut off: 'mcap recover {path.name} -o NEW.svo2' makes a whole one")
    counts = summary.statistics.channel_message_counts
    found = {channel.topic: counts.get(channel.id, 0) for channel in summary.channels.values()}
    pictures = sorted(topic for topic, count in found.items() if _PICTURES.fullmatch(topic) and count)
    if not pictures:
        raise BagError(f"{path} holds no pictures; its topics are {', '.join(sorted(found)) or 'none'}")
    others = sorted(found.keys() - {pictures[0], "svo_header", _FOOTER})
    return pictures[0], {topic: f"{found[topic]} messages: only pictures of one camera are read" for topic in others}


def _factory_file(topic: str) -> str:
    return f"SN{topic.removeprefix('Camera_SN').partition('/')[0]}.conf"
