"""Words to the user: progress on stderr, results on stdout."""

import contextlib
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from depthkit import kernels


def say(text: str) -> None:
    """A line about what is going on, on stderr."""
    print(text, file=sys.stderr, flush=True)


def print_json(values: Any) -> None:
    """The machine-readable result, the only thing on stdout under `--json`."""
    print(json.dumps(values, indent=2, allow_nan=False))


@contextlib.contextmanager
def hearing_of_kernels(listener: logging.Handler) -> Iterator[None]:
    """Give `listener` a record of each kernel that is compiled meanwhile: of none if all were compiled before."""
    log = logging.getLogger("depthkit.kernels")
    log.setLevel(logging.INFO)
    log.addHandler(listener)
    try:
        yield
    finally:
        log.removeHandler(listener)


class CompilingNotice(logging.Handler):
    """Says once what the user is waiting for."""

    def __init__(self) -> None:
        super().__init__()
        self._said = False

    def emit(self, record: logging.LogRecord) -> None:
        """Called for the first kernel that is compiled, and for all after it."""
        if not self._said:
            self._said = True
            kept = "once" if kernels.cache.folder() else "and each time, as 'depthkit doctor' explains"
            say(f"compiling kernels for this machine, {kept}: this can take half a minute …")


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
