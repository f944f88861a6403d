"""Kernels are compiled once, which the user is told of, and never is code run that is not of their sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import depthkit
from depthkit.kernels.cache import KernelFiles
from tests.conftest import ROOT

ANNOUNCED = "compiling kernels for this machine"

KERNEL = """
from depthkit.kernels.jit import kernel
from depthkit.kernels.helper import scaled

@kernel
def total(values):
    return scaled(values.sum())
"""
HELPER = """
from depthkit.kernels.jit import inline

@inline
def scaled(value):
    return value * 2
"""
RUN = """
import logging, sys
import numpy as np
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
from depthkit.kernels import sample
print(*[sample.total(np.arange(4, dtype=kind)) for kind in sys.argv[1:]])
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with a copy of what compiles kernels, one small kernel, and a helper in another file."""
    folder = tmp_path / "package"
    (folder / "depthkit" / "kernels").mkdir(parents=True)
    for name in ("__init__.py", "kernels/__init__.py", "kernels/jit.py", "kernels/cache.py"):
        shutil.copy(Path(depthkit.__file__).parent / name, folder / "depthkit" / name)
    (folder / "depthkit" / "kernels" / "sample.py").write_text(KERNEL)
    (folder / "depthkit" / "kernels" / "helper.py").write_text(HELPER)
    return folder


def start(package: Path, *kinds: str, code: str = RUN, **environment: str) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    home = {"HOME": str(package.parent), "XDG_CACHE_HOME": str(package.parent / "caches"), "PYTHONPATH": str(package)}
    command = [sys.executable, "-c", code, *kinds]
    return subprocess.Popen(
        command, env={**clean, **home, **environment}, cwd=package, text=True, stdout=subprocess.PIPE
    )


def outcome(process: subprocess.Popen[str]) -> tuple[str, int]:
    """What the kernel returned, and how many were compiled for that."""
    *compiled, result = process.communicate(timeout=100)[0].splitlines()
    assert process.returncode == 0
    assert set(compiled) <= {"compiling depthkit.kernels.sample.total"}
    return result, len(compiled)


def run(package: Path, *kinds: str, **environment: str) -> tuple[str, int]:
    return outcome(start(package, *(kinds or ["int32"]), **environment))


@pytest.mark.parametrize("chosen", [False, True])
def test_a_change_in_another_file_is_seen(chosen: bool, package: Path, tmp_path: Path) -> None:
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "chosen")} if chosen else {}
    helper = package / "depthkit" / "kernels" / "helper.py"
    assert run(package, **environment) == ("12", 1)
    assert run(package, **environment) == ("12", 0)
    times = helper.stat()
    helper.write_text(HELPER.replace("* 2", "* 3"))
    os.utime(helper, ns=(times.st_atime_ns, times.st_mtime_ns))  # as unpacking an archive may leave it
    assert run(package, **environment) == ("18", 1)
    assert run(package, **environment) == ("18", 0)
    assert len(list((package if not chosen else tmp_path / "chosen").rglob("*.nbc"))) == 1


def test_each_processor_has_its_own_code(package: Path) -> None:
    assert run(package) == ("12", 1)
    assert run(package, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="") == ("12", 1)
    assert run(package) == run(package, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="") == ("12", 0)


def test_checks_of_bounds_are_compiled_in_when_asked_for(package: Path) -> None:
    assert run(package) == ("12", 1)
    assert run(package, NUMBA_BOUNDSCHECK="1") == ("12", 1)


def test_processes_that_start_together_get_their_own_code(package: Path) -> None:
    kinds = ["int8", "uint8", "int16", "float32", "float64", "int8"]
    results = [outcome(process) for process in [start(package, kind) for kind in kinds]]
    assert [result for result, _ in results] == ["12", "12", "12", "12.0", "12.0", "12"]
    assert run(package, *kinds) == ("12 12 12 12.0 12.0 12", 0)


def test_where_the_package_cannot_be_written_to_a_folder_of_the_user_keeps_them(package: Path) -> None:
    block(package)
    assert run(package) == ("12", 1)
    assert run(package) == ("12", 0)


def test_without_any_folder_kernels_are_compiled_each_time(package: Path) -> None:
    block(package)
    nowhere = {"XDG_CACHE_HOME": os.devnull, "HOME": os.devnull, "LOCALAPPDATA": os.devnull}
    assert run(package, **nowhere) == run(package, **nowhere) == ("12", 1)
    code = "from depthkit.kernels import cache; print(cache.folder())"
    assert start(package, code=code, **nowhere).communicate()[0] == "None\n"


def block(package: Path) -> None:
    """Make it impossible to write beside the kernels, also for the administrator."""
    (package / "depthkit" / "kernels" / "__pycache__").write_text("a file where a folder should be")


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on file size plays the full disk, and Windows has none")
def test_a_full_disk_is_no_reason_not_to_run(package: Path) -> None:
    full = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    full += "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    assert outcome(start(package, "int32", code=full + RUN)) == ("12", 1)
    assert run(package) == ("12", 1)


def test_a_damaged_file_is_compiled_anew(package: Path) -> None:
    run(package)
    (kept,) = package.rglob("*.nbc")
    for length in (0, kept.stat().st_size // 2):
        os.truncate(kept, length)
        assert run(package) == ("12", 1)
        assert run(package) == ("12", 0)


def test_files_say_what_they_are_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depthkit.kernels.cache.fingerprint", lambda: "now")
    files: Any = KernelFiles  # Numba's class has no types
    now, later = (files(str(tmp_path), "kernel", stamp) for stamp in ("now", "later"))
    now.save(("key",), "code")
    assert now.load(("key",)) == "code"
    assert now.load(("other key",)) is None
    assert later.load(("key",)) is None
    later.save(("key",), "code of files that have changed")
    assert now.load(("key",)) == "code"
    monkeypatch.setattr(KernelFiles, "_name", lambda *_: next(tmp_path.glob("*.nbc")).name)
    assert now.load(("key with the same name",)) is None


@pytest.fixture(scope="module")
def warmed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine where kernels were compiled ahead, for one number of disparities, to save time."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp("warmed"))}
    code = "from depthkit_tools import warm; warm.DISPARITIES = (128,); print(warm.warm()); print(warm.warm())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert int(first.split(" compiled in ")[0]) > 50
    assert second == "all there already"
    return environment


def command(environment: dict[str, str], folder: Path, *args: object) -> str:
    """Run `depthkit …` in that folder; what it says."""
    words = [sys.executable, "-m", "depthkit_tools.main", *map(str, args)]
    return subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=True).stderr


def pair(name: str, kind: str) -> tuple[object, ...]:
    folder = ROOT / "sample_data" / name
    return "stereo", folder / f"left.{kind}", folder / f"right.{kind}", "--rig", folder / "rig.toml", "--out", "out"


@pytest.mark.parametrize(
    "args",
    [
        pair("room", "png"),
        (*pair("office", "jpg"), "--paths", 8),
        (*pair("aloe", "jpg"), "--paths", 4, "--median", 3),
        ("stereo", "sim:stereo?lens=none&size=320x240", "--out", "out"),
        ("stream", "sim:rgbd?size=320x240", "--cloud", "--frames", 2),
        ("record", "sim:stereo?lens=fisheye&size=320x240", "out.mcap", "--frames", 1),
    ],
    ids=["room", "office", "aloe", "no-lens", "depth-camera", "fisheye"],
)
def test_nothing_is_left_to_compile_for_the_commands(
    args: tuple[object, ...], warmed: dict[str, str], tmp_path: Path
) -> None:
    assert ANNOUNCED not in command(warmed, tmp_path, *args)


def test_a_second_process_compiles_nothing_to_match(warmed: dict[str, str]) -> None:
    code = """
import numpy as np
from depthkit import kernels, stereo
image = np.random.default_rng(0).integers(0, 255, (48, 256), np.uint8)
stereo.match(image, image)
loaded = [kernels.simd_sgm.band, kernels.census.features, kernels.disparity.settle]
print(*[sum(getattr(each.stats, count).values()) for each in loaded for count in ("cache_hits", "cache_misses")])
"""
    environment = {**warmed, "DEPTHKIT_SIMD": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0"] * 3


def test_compiling_does_not_count_as_a_camera_without_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr("depthkit.sim.camera.SimCamera.frame", lambda camera, number: made.append(number))
    depthkit.open_camera("sim:stereo?size=64x48")
    assert made == [0]


def test_compiling_is_announced_once_and_only_the_first_time(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "empty")}
    args = *pair("room", "png"), "--engine", "opencv"  # which takes the fewest kernels
    assert command(environment, tmp_path, *args).count(ANNOUNCED) == 1
    assert ANNOUNCED not in command(environment, tmp_path, *args)
