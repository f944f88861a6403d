"""Fixtures shared by all tests."""

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A shell starts what runs in its background deaf to Ctrl-C, which tests send to themselves and to what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings and truth that are not ours to redistribute; tests that need it skip without it."""
    folder = Path(os.environ.get("DEPTHKIT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the folder of real data sets is absent (set DEPTHKIT_DATA to use yours)")
    return folder


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The recordings and pairs that ship with depthkit."""
    return ROOT / "sample_data"
