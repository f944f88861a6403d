"""Matching on one core with the vector instructions of older CPUs, each in a process of its own: Numba reads them once.

OpenCV keeps all its instructions; only its threads are taken away.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import cv2

from depthkit_tools.bench.matching import Task, eight_paths
from depthkit_tools.bench.timing import Row, measure
from depthkit_tools.console import print_json, say

INSTRUCTIONS = {
    "AVX2": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+popcnt"},
    "SSE4.2": {"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": "+sse4.2,+popcnt"},
}
_CHILD = "import sys; from depthkit_tools.bench import one_core; one_core.child(*sys.argv[1:])"


def one_core_rows(task: str, rounds: int) -> Iterator[Row]:
    """8 paths against OpenCV's mode HH for each set of instructions that this CPU has."""
    if platform.machine() not in ("x86_64", "AMD64"):
        say("one core: the instruction sets are those of x86-64, which this CPU is not")
        return
    for name, variables in INSTRUCTIONS.items():
        say(f"one core, {name}")
        command = [sys.executable, "-c", _CHILD, task, str(rounds)]
        environment = {**os.environ, **variables, "DEPTHKIT_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            say(f"one core, {name}: no figures (exit {done.returncode}) {done.stderr.strip().rpartition(chr(10))[2]}")
            continue
        for row in (Row(**values) for values in json.loads(done.stdout)):
            yield replace(row, task=f"{row.task}, {name}", note="one thread each")


def child(task: str, rounds: str) -> None:
    """What the process does: print its rows as JSON."""
    cv2.setNumThreads(1)
    wanted = Task.parse(task)
    contest = eight_paths(wanted, wanted.pair(), local=False)
    print_json([row.to_dict() for row in measure(contest, wanted.size, wanted.rounds(int(rounds)))])
