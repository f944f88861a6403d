"""Words to the user: progress on stderr, results on stdout."""

import json
import sys
import time
from collections.abc import Sequence
from typing import Any


def say(text: str) -> None:
    """A line about what is going on, on stderr."""
    print(text, file=sys.stderr, flush=True)


def print_json(values: Any) -> None:
    """The machine-readable result, the only thing on stdout under `--json`."""
    print(json.dumps(values, indent=2, allow_nan=False))


class StatusLine:
    """One line on stderr that is rewritten a few times a second; on a pipe, a new line every two seconds."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._period = 0.2 if self._live else 2.0
        self._next = time.monotonic() + self._period

    def show(self, text: str) -> None:
        """Show `text` unless the line was renewed just before."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._period
        sys.stderr.write(f"\r{text}\x1b[K" if self._live else f"{text}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """End the line."""
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def megabytes(size: int) -> str:
    """A size in bytes, in words."""
    return f"{size / 1e6:.1f} MB"
