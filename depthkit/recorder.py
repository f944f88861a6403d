"""Recording in the background: capture, packing and writing side by side, and a ledger of every frame."""

import itertools
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from depthkit.bag import BagWriter
from depthkit.bag.ledger import Ledger
from depthkit.bag.packing import DEFAULT_PACKING, Packing
from depthkit.capture import Camera, interrupt
from depthkit.grabber import Grabber, WhenFull, limited
from depthkit.threads import Backlog
from depthkit.types import FrameSet

_PACKED = 4  # frames between packing and writing: more would only hide a slow disk from the first queue


class Recorder:
    """Records a camera to a file until `stop`, the end of the source, a limit, or an error.

    Threads share the work: one reads the camera into a queue of `queue` frames, as many as there are CPUs pack them
    into messages as `packing` says, one writes. When the first queue is full, `when_full` decides: "block" makes the
    camera wait, "drop_oldest" and "drop_newest" give up a frame, which the `ledger` counts and the file keeps.

    Use as a context manager, and `wait` in it. However it ends, the frames so far are in `file`; leaving raises what
    ended it: the camera's own error, or BagError when the disk is full.
    """

    def __init__(
        self,
        camera: Camera,
        path: str | Path,
        when_full: WhenFull = "block",
        queue: int = 64,
        frames: int | None = None,
        seconds: float | None = None,
        packing: Packing = DEFAULT_PACKING,
    ) -> None:
        self.ledger, self._camera = Ledger(), camera
        self._grabber = Grabber(self._received(limited(camera.frames(), frames, seconds)), queue, when_full)
        self._grabber.on_drop, self._grabber.on_stop = self.ledger.drop, partial(interrupt, camera)
        self._writer = BagWriter(path, camera.rig, self.ledger, packing)
        self._stopping, self._ended = threading.Event(), threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="depthkit-recorder")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self.stop()
        self._thread.join()
        if self._error is not None and kind is None:
            raise self._error

    def stop(self) -> None:
        """End the recording with the frames the camera has given so far."""
        self._stopping.set()
        interrupt(self._camera)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the recording to end, at most that long; True if it has."""
        return self._ended.wait(seconds)

    @property
    def file(self) -> Path:
        """Where the frames are: the hidden .part file until the recording is whole."""
        return self._writer.location

    @property
    def bytes_written(self) -> int:
        """Size of the file so far."""
        return self._writer.size

    def _received(self, frames: Iterator[FrameSet]) -> Iterator[FrameSet]:
        for each in itertools.takewhile(lambda _: not self._stopping.is_set(), frames):
            self.ledger.receive(each)
            yield each

    def _run(self) -> None:
        try:
            with self._writer:
                self._record()
        except BaseException as error:  # handed to who leaves the context, whatever it is
            self._error = error
        self._ended.set()

    def _record(self) -> None:
        why = "the source ended"
        try:
            with self._grabber:
                self._write_all(self._grabber.frames())
            if self._stopping.is_set():
                why = "stopped"
        except BaseException as error:
            why = str(error) or type(error).__name__
            raise
        finally:
            self.ledger.end(why)

    def _write_all(self, source: Iterator[FrameSet]) -> None:
        with Backlog(_PACKED) as writing:  # after an error of the camera too, the ledger is to know what became of all
            for frames in source:
                writing.add(self._writer.submit(frames))
