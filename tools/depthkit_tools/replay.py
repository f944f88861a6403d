"""Play a recording at its own pace and prove that nothing is lost: every frame once, in order.

    depthkit replay walk.mcap
    depthkit replay walk.mcap --fast

The digest it ends with covers the pixels, stamps and numbers of all frames: two replays print the same.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from tyro.conf import Positional

from depthkit.bag import Bag, FrameDigest, Player
from depthkit.errors import BagError
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
    json: bool = False
    """Print the result on stdout."""


@dataclass(frozen=True)
class Ledger:
    """What was played."""

    frames: int
    recorded: int
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
        ledger = _play(bag, None if config.fast else config.speed)
        pictures = ledger_rows(bag.ledger()) if isinstance(bag, Recording) else []
    if config.json:
        print_json(asdict(ledger))
    else:
        say(f"{ledger.frames} of {ledger.recorded} frames, {ledger.missing} missing when recorded")
        say(table([*pictures, ("sha256", ledger.sha256)]) if pictures else f"sha256 {ledger.sha256}")
    return 0


def _play(bag: Bag | Recording, speed: float | None) -> Ledger:
    tally, digest = Tally(), FrameDigest()
    with until_interrupted(Player(bag, speed).frames()) as frames, status() as line:
        for each in frames:
            digest.update(each)
            tally.add(each.sequence)
            line.show(f"frame {tally.frames} of {len(bag)}")
    return Ledger(tally.frames, len(bag), tally.missing, digest.hexdigest())
