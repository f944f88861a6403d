"""Recording: frames into an MCAP file that appears under its name when it is whole."""

import itertools
import json
import secrets
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

from depthkit import __version__, threads
from depthkit.bag import chunks, layout, ros
from depthkit.bag.chunks import Chunk, Moment, Record
from depthkit.bag.ledger import Ledger
from depthkit.bag.mcap_file import McapFile, Topics
from depthkit.bag.packing import DEFAULT_PACKING, Packing
from depthkit.bag.unpacking import MOST
from depthkit.cameras import Rig
from depthkit.errors import BagError, InputError
from depthkit.files import explained
from depthkit.types import FrameSet

_ROOM = 2**20  # bytes that must stay free to finish the file, besides the index
_INDEX = 1000  # bytes of index a frame, at the most


class _Packed(NamedTuple):
    """A frame as it is written: a chunk with its images, if it has some, and one with its description."""

    images: Chunk | None
    description: Chunk


class BagWriter:
    """Writes frames to a recording. Use it as a context manager.

    Until `close` the recording is a hidden `.part` file beside `path`; then it replaces what was called `path`.
    Leaving the with-block by an exception or Ctrl-C ends the file properly too and keeps every frame written so
    far; only if there is none, `path` stays as it was. Raises BagError when the file cannot be written.

    Each frame is handed to the operating system at once, so that a crash, `kill -9` too, costs at most the one being
    written: the `.part` file opens as a `Bag`. Only a power cut can cost what the system has not put on the disk yet.

    `ledger` is told of each frame written, and what it says at the end is kept in the file. `packing`: how pictures
    are compressed. `size`: bytes so far.
    """

    def __init__(
        self, path: str | Path, rig: Rig, ledger: Ledger | None = None, packing: Packing = DEFAULT_PACKING
    ) -> None:
        self.path = Path(path)
        self.size = 0
        layout.check_roles(rig)
        if self.path.is_dir():
            raise BagError(f"{path} is a folder: name a file in it")
        self.rig, self._rig_values = rig, rig.to_dict()
        self._ledger, self._packing = ledger, packing
        self._partial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.part")
        self._file: BinaryIO | None = None
        self._open, self._whole = True, False
        self._frames = 0
        self._numbers, self._numbering = itertools.count(), threading.Lock()
        self._topics = Topics()
        # The file belongs to one thread. Ctrl-C interrupts only the main thread, which merely waits, so that no
        # frame is ever cut in half.
        self._worker = ThreadPoolExecutor(1, "depthkit-bag")
        self._packers = ThreadPoolExecutor(threads.count(), "depthkit-pack")
        self._do(self._start)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._do(self._finish, kind is None)

    def write(self, frames: FrameSet) -> None:
        """Add a frame.

        Raises BagError if the frame cannot be kept as it is or the disk is almost full, after which the recording
        can go on, or if the disk refuses, which ends the recording and leaves the frames so far in the `.part` file.
        """
        self.submit(frames).result()

    def submit(self, frames: FrameSet) -> Future[None]:
        """Have a frame packed and written meanwhile; the result raises what `write` does.

        Several frames are packed side by side, but written one by one, in the order they were submitted. Their arrays
        are not copied: what is in them must not change before that.
        """
        with self._numbering:
            packed = self._packers.submit(self._pack, frames, next(self._numbers))
            return self._worker.submit(self._guarded, self._append, frames, packed)

    @property
    def location(self) -> Path:
        """Where the frames are: the `.part` file until the recording is whole."""
        return self.path if self._whole else self._partial

    def close(self) -> None:
        """Finish the file and give it its name; twice does no harm."""
        self._do(self._finish, True)

    def _do(self, step: Callable[..., None], *args: Any) -> None:
        """Run a step on the file's thread and wait for it."""
        self._worker.submit(self._guarded, step, *args).result()

    def _guarded(self, step: Callable[..., None], *args: Any) -> None:
        try:
            with explained(self.path):
                step(*args)
        except InputError as error:
            raise BagError(f"{error}{self._give_up()}") from error

    def _start(self) -> None:
        self._file = self._partial.open("xb")
        self._mcap = McapFile(self._file, self._topics, f"depthkit {__version__}")
        rig = layout.with_checksum("rig", json.dumps(self._rig_values))
        self._mcap.add_metadata(layout.METADATA, {"format": str(layout.VERSION), **rig})

    def _pack(self, frames: FrameSet, number: int) -> _Packed:
        """A frame as chunks, made on any thread."""
        packed = layout.pack_images(frames, self._packing)
        description = layout.pack_record(frames, number, packed.how)
        images = [self._record(each, frames, number) for each in packed.messages]
        return _Packed(
            chunks.pack(images) if images else None, chunks.pack([self._record(description, frames, number)])
        )

    def _record(self, message: ros.Message, frames: FrameSet, number: int) -> Record:
        channel = self._topics.channel(message.topic, message.kind)
        return chunks.record(channel, message, Moment(frames.stamp_host_ns, frames.stamp_device_ns, number))

    def _append(self, frames: FrameSet, packing: Future[_Packed]) -> None:
        images, description = packing.result()
        self._check(frames, images.size if images else 0)
        if self._frames == 0:
            images = self._with_transforms(images, frames)
        for chunk in (images, description):
            if chunk is not None:
                self._mcap.add_chunk(chunk)
        self._hand_over()
        self._frames += 1
        if self._ledger is not None:
            self._ledger.write(frames)

    def _with_transforms(self, images: Chunk | None, frames: FrameSet) -> Chunk:
        """The chunk of the first images, with the place of each camera before them."""
        message = layout.transforms_message(self.rig, frames.stamp_host_ns)
        return chunks.pack([self._record(message, frames, 0), *(images.records if images else ())])

    def _check(self, frames: FrameSet, size: int) -> None:
        if not self._open:
            raise BagError(f"{self.path} is closed: nothing can be added to it")
        if frames.rig is not self.rig and frames.rig.to_dict() != self._rig_values:
            raise BagError(f"frame {frames.sequence} has another rig than {self.path}: start a new recording for it")
        if size > MOST - _ROOM:
            raise BagError(f"frame {frames.sequence} has {size} bytes: at most {MOST - _ROOM} can be recorded")
        if shutil.disk_usage(self._partial.parent).free < _ROOM + _INDEX * self._frames + size:
            raise BagError(f"cannot write {self.path}: the disk is full; free some space or choose another folder")

    def _hand_over(self) -> None:
        """Hand what was written to the operating system."""
        if self._file is not None:
            self._file.flush()
            self.size = self._file.tell()

    def _finish(self, keep_empty: bool) -> None:
        if not self._open:
            return
        if self._frames == 0 and not keep_empty:
            self._give_up()
            return
        if self._ledger is not None:
            self._mcap.add_metadata(layout.LEDGER, layout.with_checksum("ledger", json.dumps(self._ledger.to_dict())))
        self._mcap.finish()
        self._close_file()
        self._partial.replace(self.path)
        self._open, self._whole = False, True
        self.size = self.path.stat().st_size

    def _give_up(self) -> str:
        """End without a recording; a partial file that holds frames stays, and the text returned says where."""
        self._open = False
        with suppress(OSError):  # what is still in its buffer did not fit either
            self._close_file()
        if self._frames == 0:
            self._partial.unlink(missing_ok=True)
            return ""
        return f"; the first {self._frames} frames are in {self._partial}, 'depthkit repair' makes a recording of them"

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
