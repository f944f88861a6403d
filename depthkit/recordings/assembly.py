"""From streams of pictures with stamps to `Contents`, in the order all formats share: pairs, rig, unit of depth."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from depthkit.cameras import Rig
from depthkit.recordings.contents import DEPTH, Contents, Shot, Wishes
from depthkit.recordings.pairs import by_stamp, required_roles
from depthkit.recordings.pictures import MILLIMETRES
from depthkit.recordings.pixels import as_depth


def assemble(
    form: str,
    streams: Mapping[str, Sequence[Shot]],
    wishes: Wishes,
    find_rig: Callable[[], Rig],
    read: Callable[[str, Shot], NDArray[Any]],
    *,
    depth_unit: float = MILLIMETRES,
    close: Callable[[], None] = lambda: None,
    ignored: Mapping[str, str] | None = None,
) -> Contents:
    """The streams of each role as a recording; what the caller wishes goes before what the recording says.

    find_rig: the recording's own rig; read: a shot's pixels as they are kept; depth_unit: metres a step of 16 bits.
    """
    moments, lost = by_stamp(streams, wishes.tolerance_ns, required_roles(streams))
    rig = find_rig() if wishes.rig is None else wishes.rig
    scale = depth_unit if wishes.depth_scale is None else wishes.depth_scale

    def read_shot(role: str, shot: Shot) -> NDArray[Any]:
        image = read(role, shot)
        return as_depth(image, scale) if role == DEPTH else image

    return Contents(form, rig, moments, lost, read_shot, close, ignored or {})
