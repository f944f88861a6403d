"""The process that reads damaged files: it may be killed by any of them, and says on its way which one it reads.

It takes lines "number format" from its input and answers each with a line of JSON. Whatever else is printed, by the
libraries underneath too, is counted as a failure.
"""

import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from functools import cache
from pathlib import Path
from random import Random

import pytest

from depthkit.bag import player
from tests.fuzz_containers import BOMBS, DAMAGES
from tests.fuzz_damage import BYTES, TEXT
from tests.fuzz_formats import FORMATS

MEMORY = 2**31
"""Bytes that reading any file may take, as docs/recordings.md says."""

SECONDS = 60
"""After which reading a file of a few kilobytes counts as a hang; the first ones compile kernels."""

_OF_LIBRARIES = re.compile(
    r"^(libpng |Corrupt JPEG|Premature end|Invalid SOS|\[ ?(WARN|ERROR):|>|must be).*\n", re.MULTILINE
)
"""What libraries in C say past Python, of pictures that are whole by their header and checksums."""

_TEXTS = {".txt", ".json", ".yaml", ".yml", ".xml", ".log", ".toml", ".conf"}


def damaged(name: str, number: int, folder: Path) -> Path:
    """Write damaged file `number` of a format, the same each time, and return what to open."""
    rng = Random(f"{name} {number}")
    seed, opened = _seed(name)
    shutil.copytree(seed, folder)
    file = rng.choice(sorted(each for each in folder.rglob("*") if each.is_file()))
    ways = FORMATS[name].damages + DAMAGES.get(file.suffix, ())
    if number % 100 == 99 and file.suffix in BOMBS:
        ways = (BOMBS[file.suffix],)
    elif not ways or rng.random() < 0.5:
        ways = TEXT if file.suffix in _TEXTS and rng.random() < 0.7 else BYTES
    data = file.read_bytes()
    file.write_bytes(rng.choice(ways)(data, rng))
    return folder / opened


@cache
def _seed(name: str) -> tuple[Path, Path]:
    """A folder with the whole file, and where in it is what to open."""
    folder = Path(tempfile.mkdtemp(prefix="seed-", dir=os.environ["DEPTHKIT_FUZZ_FOLDER"]))
    return folder, FORMATS[name].make(folder).relative_to(folder)


def problem(name: str, path: Path) -> str:
    """What goes wrong when it is read; empty if nothing does."""
    _forget_peak()
    before = _memory("VmRSS")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            FORMATS[name].check(path)
        except BaseException:
            return traceback.format_exc()
    if warned:
        return f"{warned[0].category.__name__}: {warned[0].message} ({warned[0].filename}:{warned[0].lineno})"
    took = _memory("VmHWM") - before
    return f"it took {took >> 20} MB of memory" if took > MEMORY else ""


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _memory(kind: str) -> int:
    """Bytes of memory held now (VmRSS) or at most since `_forget_peak` (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))


def no_nap(seconds: float) -> None:
    """Instead of sleeping: a player that waits for hours is one that hangs."""
    assert 0 <= seconds <= 60, f"waits {seconds} s"


def answer(name: str, number: int, printed: Path) -> str:
    """The line that answers a request."""
    folder = Path(os.environ["DEPTHKIT_FUZZ_FOLDER"]) / "case"
    shutil.rmtree(folder, ignore_errors=True)
    size = printed.stat().st_size
    try:
        path = damaged(name, number, folder)
    except pytest.skip.Exception as skipped:
        return json.dumps({"skipped": str(skipped)})
    signal.alarm(SECONDS)  # which nothing handles: it ends the process, in a library's loop too
    found = problem(name, path)
    signal.alarm(0)
    with printed.open("rb") as file:
        file.seek(size)
        words = _OF_LIBRARIES.sub("", file.read().decode("utf-8", "replace")).strip()
    return json.dumps({"problem": found or (f"it prints: {words}" if words else "")})


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    printed = Path(os.environ["DEPTHKIT_FUZZ_FOLDER"]) / "printed"
    printed.touch()
    out = os.open(printed, os.O_WRONLY | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    # A bound for what goes wrong: far above MEMORY, so that it shows how much was taken.
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEMORY, 4 * MEMORY))
    player.time.sleep = no_nap  # type: ignore[attr-defined]
    for line in sys.stdin:
        number, name = line.rstrip("\n").split(" ", 1)
        print(answer(name, int(number), printed), file=answers)


if __name__ == "__main__":
    main()
