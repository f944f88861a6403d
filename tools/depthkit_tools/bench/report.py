"""The figures in words: what machine they are from, and a table."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2

from depthkit import __version__, threads
from depthkit_tools.bench.timing import Row

_PACKAGES = ("numpy", "numba", "opencv-python", "open3d", "open3d-cpu")


def machine() -> dict[str, Any]:
    """CPU, threads and versions of what takes part."""
    return {
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "threads": {"depthkit": threads.count(), "opencv": cv2.getNumThreads(), "open3d": "its default"},
        "versions": {"python": platform.python_version(), "depthkit": __version__, **_versions()},
    }


def machine_line(facts: dict[str, Any]) -> str:
    """The same in words."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    count = facts["threads"]
    return (
        f"{facts['cpu']}, {facts['cpus']} CPUs; threads: depthkit {count['depthkit']}, OpenCV {count['opencv']}, "
        f"Open3D {count['open3d']}; {versions}."
    )


def markdown(facts: dict[str, Any], rows: Sequence[Row]) -> str:
    """A Markdown table under a line on the machine."""
    lines = [
        machine_line(facts),
        "",
        "| task | size | depthkit ms | MiB | against | ms | ratio | note |",
        "|---|---|--:|--:|---|--:|--:|---|",
    ]
    for row in rows:
        mib, theirs, ratio = _cell(row.work_mib, 0), _cell(row.rival_ms, 2), _cell(row.ratio, 2)
        ours = f"| {row.task} | {row.size} | {row.depthkit_ms:.2f} | {mib} |"
        lines.append(f"{ours} {row.rival} | {theirs} | {ratio} | {row.note} |")
    return "\n".join(lines)


def _cell(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    """The CPU's own name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
