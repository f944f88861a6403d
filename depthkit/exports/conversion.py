"""Converting any recording to the format of another program: whole or not at all, and every frame accounted for."""

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Literal

from depthkit.bag import Bag
from depthkit.capture import Camera
from depthkit.errors import BagError, InputError
from depthkit.exports import folders, mcap, nerfstudio, open3d, tum, video
from depthkit.exports.export import Export
from depthkit.exports.layout import Unfit
from depthkit.exports.ledger import ConversionLedger
from depthkit.files import folder_beside
from depthkit.recordings import Recording
from depthkit.types import FrameSet

Format = Literal["mcap", "tum", "open3d", "nerfstudio", "folders", "video"]

FORMATS: Mapping[str, ModuleType] = {
    "mcap": mcap, "tum": tum, "open3d": open3d, "nerfstudio": nerfstudio, "folders": folders, "video": video,
}  # fmt: skip
"""Modules with `FORM`, what it is in words, `LOST`, what it has no place for, and `export(path, rig, ledger)`."""


def convert(
    source: Camera,
    out: str | Path,
    form: Format | None = None,
    *,
    start: int = 0,
    frames: int | None = None,
    every: int = 1,
    on_frame: Callable[[ConversionLedger], object] = lambda _: None,
) -> ConversionLedger:
    """Write a recording, or a camera's frames until they end, as `form`, which .mcap in the name of `out` tells too.

    start, frames, every: from that number on, at most so many frames, each `every`-th. A frame that cannot be read or
    has no place in the format is left out and counted, and so are pictures; `on_frame` is given the ledger after each.
    `out` appears when it is whole, with the ledger in it, and has been read back and counted.

    Raises InputError if `out` exists or cannot be written, if no frame fits, or if the count is wrong, BagError for
    what a recording cannot keep, and CalibrationError for a lens that the format does not know. None leaves anything.
    """
    path, module = Path(out), _module(Path(out), form)
    if start < 0 or every < 1 or (frames is not None and frames < 1):
        raise InputError(f"start is 0 or more, every and frames 1 or more, not {start}, {every} and {frames}")
    if os.path.lexists(path):
        raise InputError(f"{path} exists: give another name, or remove it first")
    ledger = ConversionLedger(_name(source), module.FORM, module.LOST, every)
    stop = None if frames is None else start + frames * every
    with folder_beside(path) as folder:
        staged = folder / path.name
        try:
            with module.export(staged, source.rig, ledger) as export:
                _write(_selected(source, ledger, start, stop), export, ledger, on_frame)
                _tell_of_source(source, ledger)
        except BagError as error:
            raise BagError(f"{path} was not written: {error.__cause__ or error}") from error
        _compare(path, export.count(), ledger)
        staged.rename(path)
    return ledger


def _module(path: Path, form: str | None) -> ModuleType:
    name = form or path.suffix.replace(".mcap", "mcap")
    if name not in FORMATS:
        known = ", ".join(f"{name} ({module.FORM})" for name, module in FORMATS.items())
        wrong = f"no format is called {form!r}" if form else f"the name {path} does not tell the format (--to)"
        raise InputError(f"{wrong}; there are {known}")
    return FORMATS[name]


def _selected(source: Camera, ledger: ConversionLedger, start: int, stop: int | None) -> Iterator[FrameSet]:
    if not isinstance(source, Bag | Recording):
        yield from islice(source.frames(), start, stop, ledger.every)
        return
    for i in range(len(source))[start : stop : ledger.every]:
        try:
            each = source[i]
        except BagError as error:
            ledger.fail(i, str(error))
        else:
            yield each


def _write(
    frames: Iterator[FrameSet],
    export: Export,
    ledger: ConversionLedger,
    on_frame: Callable[[ConversionLedger], object],
) -> None:
    help_with: dict[str, str] = {}
    for each in frames:
        ledger.receive(each)
        try:
            export.add(each)
        except Unfit as unfit:
            ledger.drop(each, unfit.reason)
            help_with[unfit.reason] = unfit.remedy
        on_frame(ledger)
    if ledger.frames.received == ledger.frames.dropped.total():
        raise InputError(_nothing_left(ledger, help_with))


def _nothing_left(ledger: ConversionLedger, help_with: Mapping[str, str]) -> str:
    if not ledger.frames.received:
        return f"{ledger.source} has no frame to convert, or none from that number on"
    reasons = [f"{count} have {reason}" for reason, count in ledger.frames.dropped.items() if reason in help_with]
    reasons += [f"{len(ledger.unreadable)} cannot be read ({why})" for why in [*ledger.unreadable.values()][:1]]
    remedies = "".join(f"; {remedy}" for remedy in help_with.values() if remedy)
    return f"{ledger.source}: no frame of {ledger.frames.received} fits {ledger.form}: {', '.join(reasons)}{remedies}"


def _tell_of_source(source: Camera, ledger: ConversionLedger) -> None:
    """What the reader of the source left out before any frame came of it."""
    if isinstance(source, Recording):
        told = source.ledger()
        ledger.left_over = {role: len(names) for role, names in told.left_over.items()}
        ledger.ignored = told.ignored


def _compare(path: Path, counted: Mapping[str, int], ledger: ConversionLedger) -> None:
    for role, counts in ledger.streams.items():
        if counted.get(role, 0) != counts.written:
            raise InputError(
                f"{path} was not kept: of {counts.written} {role} pictures written, {counted.get(role, 0)} are there "
                "and whole; check the disk and convert again"
            )


def _name(source: Camera) -> str:
    return str(source.path) if isinstance(source, Bag | Recording) else type(source).__name__
