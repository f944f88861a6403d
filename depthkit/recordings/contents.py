"""What every foreign recording is read into: pictures by role and stamp, gathered into moments."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from depthkit.cameras import Rig
from depthkit.errors import BagError, CalibrationError, DepthkitError, reason

DEPTH = "depth"
"""The role whose pictures are depth measured by the device."""


LeftOver = Mapping[str, Mapping[str, str]]
"""By role, the names of pictures that are in no frame, each with the reason."""


class Shot(NamedTuple):
    """One picture of a recording: when it was taken (0: not said), what to call it, and where it is.

    host_ns: when the recording program got it, by a clock of its own; None if it does not say.
    """

    stamp_ns: int
    name: str
    place: Any
    host_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """The pictures of one frame by role, its number at the source, its stamps (see Shot) and what else is known."""

    sequence: int
    shots: Mapping[str, Shot]
    stamp_ns: int
    meta: Mapping[str, Any] = field(default_factory=dict)
    host_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller of `open_recording` said; None for what the recording itself has to say."""

    rig: Rig | None = None
    tolerance_ns: int | None = None
    depth_scale: float | None = None
    topics: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """A recording ready to be read.

    form: what it is, in words; left_over: the pictures that found no partner;
    read: pixels of a role's shot: an image, or of the role "depth" (H, W) float32 m with NaN unknown;
    ignored: streams that were not read, and why.
    """

    form: str
    rig: Rig
    moments: Sequence[Moment]
    left_over: LeftOver
    read: Callable[[str, Shot], NDArray[Any]]
    close: Callable[[], None] = lambda: None
    ignored: Mapping[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def explained(path: Path, part: str = "") -> Iterator[None]:
    """Turn whatever goes wrong inside someone else's file into a BagError that says where.

    Libraries raise all kinds of errors for bytes that make no sense; a CalibrationError asks for a rig and passes.
    """
    try:
        yield
    except (BagError, CalibrationError):
        raise
    except DepthkitError as error:
        raise BagError(f"{path}{part}: {error}") from error
    except Exception as error:
        raise BagError(f"{path} cannot be read{part} ({reason(error)}): use another copy of it") from error


@contextlib.contextmanager
def closed_on_error(close: Callable[[], object]) -> Iterator[None]:
    """Close what was opened if it cannot be read after all."""
    try:
        yield
    except BaseException:
        close()
        raise


def need_rig(path: Path, form: str, roles: Sequence[str]) -> CalibrationError:
    """The error that asks for a calibration."""
    return CalibrationError(
        f"{path}: this {form} does not say what its cameras are: give their calibration "
        f"(rig=, --rig FILE) with the cameras {', '.join(roles)}"
    )
