"""depthkit's own recordings, which are ROS 2 messages in MCAP: nothing is lost."""

from collections import Counter
from pathlib import Path
from typing import Self

from depthkit.bag import Bag, BagWriter
from depthkit.cameras import Rig
from depthkit.exports.ledger import ConversionLedger
from depthkit.threads import Backlog
from depthkit.types import FrameSet

FORM = "depthkit recording (ROS 2 messages in MCAP)"
LOST = ()

_PACKED = 4  # frames between packing and writing


def export(path: Path, rig: Rig, ledger: ConversionLedger) -> "McapExport":
    """Begin the file `path`."""
    return McapExport(path, rig, ledger)


class McapExport:
    """An `Export` that makes one file; one thread packs frames, another compresses and writes them."""

    def __init__(self, path: Path, rig: Rig, ledger: ConversionLedger) -> None:
        self._path, self._ledger = path, ledger
        self._writer = BagWriter(path, rig, ledger)
        self._writing = Backlog(_PACKED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._writer:
            self._writing.__exit__(kind)
            self._ledger.close()

    def add(self, frames: FrameSet) -> None:
        """Write a frame; raises BagError if it cannot be kept as it is."""
        self._writing.add(self._writer.submit(frames))

    def count(self) -> dict[str, int]:
        """The pictures that the frames in the file say they have."""
        counts: Counter[str] = Counter()
        with Bag(self._path) as bag:
            for role in bag.info().roles:
                counts[role.role] += role.frames
        return dict(counts)
