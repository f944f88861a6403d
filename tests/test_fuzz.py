"""Damaged files of every format: an error of ours or a frame less, and never a crash, a hang or memory without bound.

DEPTHKIT_FUZZ is how many files are read in all; file `n` of a format is the same each time. `make fuzz` reads 10,000.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from depthkit_tools.main import main
from tests.conftest import ROOT
from tests.fuzz_formats import FORMATS
from tests.fuzz_worker import damaged

FILES = int(os.environ.get("DEPTHKIT_FUZZ", 2900))


class Reader:
    """Another process that reads damaged files, started again when one of them ends it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz_worker"],
            cwd=ROOT,
            env={**os.environ, "DEPTHKIT_FUZZ_FOLDER": str(self.folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def read(self, name: str, number: int) -> str:
        """What goes wrong with a damaged file; empty if nothing does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{number} {name}\n")
        line = self._process.stdout.readline()
        if not line:
            self.close()
            code = self._process.returncode
            self._start()
            how = signal.Signals(-code).name if code < 0 else (self.folder / "printed").read_text()[-2000:]
            return f"the process ended: {how}" + " (a hang)" * (code == -signal.SIGALRM)
        answer: dict[str, Any] = json.loads(line)
        if "skipped" in answer:
            pytest.skip(answer["skipped"])
        return str(answer["problem"])

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    started = Reader(tmp_path_factory.mktemp("fuzz"))
    yield started
    started.close()


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files(reader: Reader, name: str, tmp_path: Path) -> None:
    problems = []
    for number in range(FILES // len(FORMATS)):
        if problem := reader.read(name, number):
            kept = shutil.copytree(reader.folder / "case", tmp_path / str(number))
            problems.append(f"file {number}, kept in {kept}: {problem}")
    assert not problems, f"{len(problems)} of {FILES // len(FORMATS)}:\n" + "\n".join(problems)


@pytest.mark.parametrize("name", ["depthkit", "ROS 1", "ROS 2, SQLite", "Foxglove, JSON", "7-Scenes"])
def test_commands(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They do their work, or say in one line why they cannot."""
    monkeypatch.setenv("DEPTHKIT_FUZZ_FOLDER", str(tmp_path))
    ends = set()
    for number in range(12):
        path = str(damaged(name, number, tmp_path / str(number)))
        for verb, *flags in (("info",), ("replay", "--fast"), ("repair", "--out", str(tmp_path / "out.mcap"))):
            ends.add(code := main([verb, path, *flags]))
            words = capsys.readouterr().err
            why = words.startswith(f"depthkit {verb}: ") and len(words.splitlines()) == 1
            assert code == 0 or why or (verb == "replay" and "\nunreadable " in words)
    assert 1 in ends
