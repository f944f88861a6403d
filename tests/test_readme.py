"""What the README shows is run: its commands and its Python, in order, in a folder with the sample data."""

import re
import shlex
from pathlib import Path

import pytest

from depthkit_tools.main import VERBS, main
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def beside_sample_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample_data: Path) -> None:
    (tmp_path / "sample_data").symlink_to(sample_data)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("beside_sample_data")
def test_commands() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("depthkit ")]
    assert {command[0] for command in commands} >= {verb for verb in VERBS if verb.split()[0] not in ("demo", "bench")}
    for command in commands:
        assert main(command) == 0, command


@pytest.mark.usefixtures("beside_sample_data")
def test_python() -> None:
    scope: dict[str, object] = {}
    for block in blocks("python"):
        exec(block, scope)
        assert Path("room.ply").stat().st_size > 1_000_000
        Path("room.ply").unlink()


def test_the_two_commands_are_on_the_first_screen_and_in_the_makefile() -> None:
    first_screen = "\n".join(README.splitlines()[:25])
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"make {target}" in first_screen
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_files_named_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
