"""Play a recording at its own pace and prove that nothing is lost: every frame once, in order.

    depthkit replay walk.mcap
    depthkit replay walk.mcap --fast
    depthkit replay walk.mcap --start 2.5s --loop

The digest it ends with covers the pixels, stamps and numbers of all frames: two replays print the same.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from tyro.conf import Positional

from depthkit.bag import Bag, FrameDigest, Player
from depthkit.errors import BagError, InputError
from depthkit.recordings import Recording
from depthkit_tools.console import print_json, say, table
from depthkit_tools.live import Tally, status, until_interrupted
from depthkit_tools.recordings import ledger_rows, open_with_rig


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit replay`."""

    recording: Positional[str]
    """The file or folder to play."""
    rig: Path | None = None
    """Calibration, for a recording that holds none."""
    speed: float = 1.0
    """Times the recorded pace."""
    fast: bool = False
    """As fast as it can be read."""
    start: str = "0"
    """Where to begin: a frame (30), or seconds after the first one (2.5s)."""
    loop: bool = False
    """Begin again at the end, until Ctrl-C."""
    json: bool = False
    """Print the result on stdout."""


@dataclass(frozen=True)
class Ledger:
    """What was played."""

    frames: int
    recorded: int
    start: int
    """Number of the first frame played."""
    unreadable: int
    """Frames that the file holds but that are damaged."""
    missing: int
    """Numbers the camera left out while recording."""
    sha256: str
    """Of all frames played."""


def run(config: Config) -> int:
    """Play until the end or Ctrl-C; exit 1 when fewer frames came out than the file says it holds."""
    if config.speed <= 0:
        raise BagError(f"--speed must be positive, not {config.speed}: use --fast to play without waiting")
    with open_with_rig(config.recording, config.rig) as bag:
        if isinstance(bag, Bag) and not bag.finished:
            say(f"{bag.path} was cut off or never finished: playing the {len(bag)} whole frames in it")
        ledger = _play(bag, None if config.fast else config.speed, _first(bag, config.start), config.loop)
        pictures = ledger_rows(bag.ledger()) if isinstance(bag, Recording) else []
    if config.json:
        print_json(asdict(ledger))
    else:
        place = f" from frame {ledger.start} on" if ledger.start else ""
        say(f"{ledger.frames} of {ledger.recorded} frames{place}, {ledger.missing} missing when recorded")
        say(table([*pictures, ("sha256", ledger.sha256)]) if pictures else f"sha256 {ledger.sha256}")
    return 1 if ledger.unreadable else 0


def _first(bag: Bag | Recording, start: str) -> int:
    """The number of the frame that `--start` means."""
    try:
        first = bag.seek(float(start[:-1])) if start.endswith("s") else int(start)
    except ValueError as error:
        raise InputError(f"--start takes a frame (30) or seconds (2.5s), not {start!r}") from error
    if first not in range(max(len(bag), 1)):
        raise InputError(f"--start {start} is outside of the recording, which has {len(bag)} frames")
    return first


def _play(bag: Bag | Recording, speed: float | None, start: int, loop: bool) -> Ledger:
    tally, digest = Tally(), FrameDigest()
    total = "" if loop else f" of {len(bag) - start}"
    with until_interrupted(Player(bag, speed, start, loop).frames()) as frames, status() as line:
        for each in frames:
            digest.update(each)
            tally.add(each.sequence)
            line.show(f"{tally.frames} frames{total}")
    if isinstance(bag, Bag):  # which raises an error for a damaged frame
        unreadable, missing = 0, tally.missing
    else:
        unreadable, missing = len(bag.ledger().unreadable), sum(count for _, count in bag.info().gaps)
    return Ledger(tally.frames, len(bag), start, unreadable, missing, digest.hexdigest())
