"""What a topic's name says: which camera its pictures are from, and which calibration is theirs."""

import re
from collections.abc import Iterable, Mapping

from depthkit.errors import BagError
from depthkit.recordings.contents import DEPTH

_WORDS = (
    (r"depth", DEPTH),
    (r"(?<![a-z])(left|infra1|infrared_1|cam0)(?![a-z0-9])", "left"),
    (r"(?<![a-z])(right|infra2|infrared_2|cam1)(?![a-z0-9])", "right"),
    (r"(?<![a-z])(color|colour|rgb)(?![a-z])", "color"),
    (r"(?<![a-z])(ir|infra|infrared)(?![a-z])", "ir"),
)
_TRANSPORT = re.compile(r"/(compressed|compressedDepth|data)$")


def choose(topics: Iterable[str], wanted: Mapping[str, str] | None) -> tuple[dict[str, str], dict[str, str]]:
    """The topic of each role, and why the others are ignored.

    By their names unless `wanted` says which; of several for one role, the uncompressed and then the shortest.
    Raises BagError for a wanted topic that is not there.
    """
    there = sorted(topics, key=lambda topic: (_TRANSPORT.search(topic) is not None, len(topic), topic))
    if wanted is not None:
        if missing := set(wanted.values()) - set(there):
            raise BagError(f"no pictures on {', '.join(sorted(missing))}; they are on {', '.join(there) or 'no topic'}")
        return dict(wanted), {topic: "not asked for" for topic in there if topic not in wanted.values()}
    chosen: dict[str, str] = {}
    ignored: dict[str, str] = {}
    for topic in there:
        first = chosen.setdefault(role(topic), topic)
        if first != topic:
            ignored[topic] = f"{role(topic)} is taken from {first}"
    return chosen, ignored


def role(topic: str) -> str:
    """The role a topic's name tells, else the name of what it belongs to."""
    for pattern, name in _WORDS:
        if re.search(pattern, topic.lower()):
            return name
    plain = re.sub(r"/(image\w*|compressed|data)", "", topic)
    return re.sub(r"\W+", "_", plain).strip("_0123456789") or "camera"


def is_rectified(topic: str) -> bool:
    """Whether the name says that the lens is gone from the pictures."""
    return "image_rect" in topic


def calibration_topic(topic: str, infos: Iterable[str]) -> str | None:
    """The calibration topic beside a picture's: in the nearest namespace above it."""
    above = {info: re.sub(r"(/info)?/[^/]+$", "", info) for info in infos}
    fitting = [info for info, space in above.items() if topic.startswith(f"{space}/")]
    return max(sorted(fitting), key=lambda info: len(above[info]), default=None)
