"""The command that measures compression, on a few drawn frames."""

import json
from pathlib import Path

import numpy as np
import pytest

from depthkit import images
from depthkit_tools.main import main
from tests import codec_images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        images.write_png(tmp_path / f"{number}.png", codec_images.room(number))
    images.write_png(tmp_path / "color.png", np.zeros((4, 4, 3), np.uint8))
    return tmp_path


def test_figures_are_those_of_the_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "codec", str(folder), "--every", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["images"] == 2
    sizes = {name: row["bits_per_pixel"] for name, row in found["methods"].items()}
    assert sizes["cm, ±10"] < sizes["cm"] < sizes["fast"] < sizes["rvl"]
    assert sizes["PNG"] > sizes["fast"]


def test_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "codec", str(folder)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| PNG")]
    assert len(lines) == 1
    assert "| 1.00× |" in lines[0]


def test_a_folder_without_depth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "codec", str(tmp_path)]) == 1
    assert "no 16-bit grey PNG files" in capsys.readouterr().err
