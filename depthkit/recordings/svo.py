"""SVO2 recordings of ZED cameras: MCAP with both pictures side by side in H.264 or H.265, and no calibration."""

import base64
import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from mcap.exceptions import McapError
from numpy.typing import NDArray

from depthkit.cameras import Rig
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings import svo_messages
from depthkit.recordings.contents import Contents, Shot, Wishes, closed_on_error
from depthkit.recordings.cursor import Cursor, places
from depthkit.recordings.mcap_files import McapFile
from depthkit.recordings.pairs import by_itself
from depthkit.recordings.video import Film, half, pyav

_PICTURES = re.compile(r"Camera_SN\d+/side_by_side")
_FOOTER = "svo_footer"


def matches(path: Path) -> bool:
    """Files by their names."""
    return path.is_file() and path.suffix.lower() in (".svo2", ".svo")


def read(path: Path, wishes: Wishes) -> Contents:
    """Every picture with the device's stamp; opening reads the file once. BagError for the older .svo."""
    recording = _Svo2(path)
    with closed_on_error(recording.close):
        if wishes.rig is None:
            raise recording.need_factory_file()
        recording.check(wishes.rig)
        moments = by_itself(("left", "right"), recording.shots)

    def read_shot(role: str, shot: Shot) -> NDArray[Any]:
        return half(recording.film.picture(shot.place), role)

    return Contents("ZED SVO2 recording", wishes.rig, moments, {}, read_shot, recording.close, recording.ignored)


def factory_file(path: Path) -> str:
    """Name of the file with the camera's calibration, SN<serial>.conf; BagError for the older .svo."""
    with contextlib.closing(_opened(path)) as file:
        return _factory_file(_topic(path, file))


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
        self._path, self._av, self._file = path, pyav(path), _opened(path)
        self.close = self._file.close
        with closed_on_error(self.close):
            self._topic = _topic(path, self._file)
            self.shots, codec, keys = self._listed()
            numbers = dict(enumerate(range(len(self.shots))))
            self.film = Film(self._av.CodecContext.create(codec, "r"), self._packets_from, numbers, keys)
            self.size = self._size()
            self.ignored = self._others() | self._footer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
        for number, (time, message) in enumerate(self._file.messages(self._topic)):
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

    def _packets_from(self, number: int) -> Iterator[tuple[int, Any]]:
        """As `Film` wants them."""
        cursor = Cursor(lambda time: (message for _, message in self._file.messages(self._topic, time)))
        for place in self._places[number:]:
            picture = svo_messages.coded(cursor.at(place))
            yield place.number, None if picture is None else self._av.Packet(picture)

    def _others(self) -> dict[str, str]:
        """Why other topics are not read."""
        others = sorted(self._file.counts.keys() - {self._topic, "svo_header", _FOOTER})
        return {each: f"{self._file.counts[each]} messages: only pictures of one camera are read" for each in others}

    def _footer(self) -> dict[str, str]:
        """Whether the list of stamps at the end of the file has as many as there are pictures."""
        for _, message in self._file.messages(_FOOTER):
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


def _opened(path: Path) -> McapFile:
    """The file; BagError for the older kind, and for one that was cut off."""
    if path.suffix.lower() == ".svo":
        raise BagError(
            f"{path} is a recording of before SVO2, which only Stereolabs' SDK reads: make an .svo2 of it with the "
            "SDK's ZED SVO Editor"
        )
    try:
        return McapFile(path)
    except McapError as error:
        raise BagError(
            f"{path} was cut off: 'mcap recover {path.name} -o NEW.svo2' makes a whole one of what is there"
        ) from error


def _topic(path: Path, file: McapFile) -> str:
    """The topic of the pictures, the first one where there are several cameras."""
    for topic in sorted(file.counts):
        if _PICTURES.fullmatch(topic):
            return topic
    raise BagError(f"{path} holds no pictures; its topics are {', '.join(sorted(file.counts)) or 'none'}")


def _factory_file(topic: str) -> str:
    return f"SN{topic.removeprefix('Camera_SN').partition('/')[0]}.conf"
