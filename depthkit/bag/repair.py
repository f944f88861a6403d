"""Repair: the whole frames of a recording that was cut off or damaged, as a new recording that is whole."""

from dataclasses import dataclass
from pathlib import Path

from depthkit.bag.ledger import Ledger
from depthkit.bag.reader import Bag
from depthkit.bag.writer import BagWriter
from depthkit.errors import BagError
from depthkit.files import folder_beside


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What became of the frames of a recording.

    frames_in: how many it once held or had begun, as far as what is left of it tells; frames_out: how many are in
    the repaired file, each once and in order; lost: how many are not, because some of their bytes are missing or
    damaged, or because they were refused when they came.
    """

    path: Path
    frames_in: int
    frames_out: int

    @property
    def lost(self) -> int:
        """Frames that could not be saved."""
        return self.frames_in - self.frames_out


def repair(path: str | Path, out: str | Path | None = None) -> RepairReport:
    """Write the whole frames of a recording to `out`, by default to NAME.repaired.mcap beside it.

    `out` appears when it is whole; until then, and after any error, the original is as it was. Only `out` = `path`
    replaces it. Raises BagError if there is no whole frame, no calibration or no room, and InputError if there is no
    such folder to write in.
    """
    path = Path(path)
    out = Path(out) if out is not None else _beside(path)
    with Bag(path, salvage=True) as bag, folder_beside(out) as folder:
        new = folder / out.name
        try:
            written = _copy(bag, new)
        except BagError as error:
            raise BagError(f"{path} is as it was, but not repaired: {error.__cause__ or error}") from error
        if not written:
            raise BagError(f"{path} holds no whole frame: there is nothing to save")
        new.replace(out)
    return RepairReport(out, bag.frames_begun, written)


def _copy(bag: Bag, new: Path) -> int:
    """Write every frame that can be read, and in the ledger how many could not."""
    written, ledger = 0, Ledger()
    with BagWriter(new, bag.rig, ledger) as writer:
        for i in range(len(bag)):
            try:
                frames = bag[i]
            except BagError:  # what is damaged is what is lost
                continue
            ledger.receive(frames)
            writer.write(frames)
            written += 1
        ledger.frames.received = bag.frames_begun
        ledger.end(f"repaired from {bag.path.name}", "cut off or damaged")
    return written


def _beside(path: Path) -> Path:
    """walk.repaired.mcap, for walk.mcap and for the hidden .walk.mcap.1234abcd.part that a crash leaves."""
    name = path.name.removeprefix(".").split(".mcap")[0] if path.suffix == ".part" else path.stem
    return path.with_name(f"{name}.repaired.mcap")
