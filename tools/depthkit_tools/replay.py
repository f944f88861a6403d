"""Play a recording at its own pace and prove that nothing is lost: every frame once, in order.

    depthkit replay walk.mcap
    depthkit replay walk.mcap --fast

The digest it ends with covers the pixels, stamps and numbers of all frames: two replays print the same.
"""

from dataclasses import asdict, dataclass

from tyro.conf import Positional

from depthkit.bag import Bag, FrameDigest, Player
from depthkit.errors import BagError
from depthkit_tools.console import print_json, say
from depthkit_tools.live import Tally, status, until_interrupted


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit replay`."""

    recording: Positional[str]
    """The file to play (.mcap)."""
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
    with Bag(config.recording) as bag:
        if not bag.finished:
            say(f"{bag.path} was cut off or never finished: playing the {len(bag)} whole frames in it")
        ledger = _play(bag, None if config.fast else config.speed)
    if config.json:
        print_json(asdict(ledger))
    else:
        say(f"{ledger.frames} of {ledger.recorded} frames, {ledger.missing} missing when recorded")
        say(f"sha256 {ledger.sha256}")
    return 0


def _play(bag: Bag, speed: float | None) -> Ledger:
    tally, digest = Tally(), FrameDigest()
    with until_interrupted(Player(bag, speed).frames()) as frames, status() as line:
        for each in frames:
            digest.update(each)
            tally.add(each.sequence)
            line.show(f"frame {tally.frames} of {len(bag)}")
    return Ledger(tally.frames, len(bag), tally.missing, digest.hexdigest())
