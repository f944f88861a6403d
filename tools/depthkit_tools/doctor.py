"""What is installed, what is missing, and the exact command that adds it.

depthkit doctor
"""

import importlib.util
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from depthkit import kernels, threads
from depthkit.capture import drivers, load_driver
from depthkit.errors import DriverError
from depthkit_tools.console import print_json, table

EXTRAS = {"bench": ("open3d",), "dev": ("pytest", "hypothesis", "mypy", "ruff")}


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit doctor`."""

    warm: bool = False
    """Compile all kernels that the commands use now, instead of when they are first used."""
    json: bool = False
    """Print a JSON list."""


@dataclass(frozen=True)
class Check:
    """One thing looked at: its group, name, whether it is there, and its version or the command that adds it."""

    group: str
    name: str
    ok: bool
    detail: str


def run(config: Config) -> int:
    """Print the checks; exit 1 when something depthkit itself needs is broken."""
    checks = [*_machine(), *(_warmed() if config.warm else []), *_packages(), *_extras(), *_drivers()]
    if config.json:
        print_json([asdict(check) for check in checks])
    else:
        print(table([(check.group, check.name, "ok" if check.ok else "—", check.detail) for check in checks]))
    return int(not all(check.ok for check in checks if check.group in ("machine", "package")))


def _machine() -> list[Check]:
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    simd = [name for name in ("avx512bw", "avx2", "sse4.2", "neon") if features.get(name)]
    free = shutil.disk_usage(Path.cwd()).free
    return [
        Check("machine", "python", sys.version_info >= (3, 11), f"{platform.python_version()}, {platform.platform()}"),
        Check("machine", "cpu", True, f"{threads.count()} threads, {', '.join(simd) or 'no SIMD known here'}"),
        Check("machine", "disk", free > 1e9, f"{free / 1e9:.1f} GB free here"),
        _cache(),
    ]


def _cache() -> Check:
    """Kernels compile once only if there is a folder to keep them in."""
    folder = kernels.cache.folder()
    missing = "no folder can be written, so each process compiles anew: set NUMBA_CACHE_DIR to one that can"
    return Check("machine", "kernel cache", folder is not None, folder or missing)


def _warmed() -> list[Check]:
    from depthkit_tools.warm import warm  # which needs all packages, unlike the rest of the doctor

    return [Check("machine", "kernels", True, warm())]


def _packages() -> list[Check]:
    required = [line for line in metadata.requires("depthkit") or () if "extra ==" not in line]
    names = [line.split(">")[0].split("=")[0].split(";")[0].strip() for line in required]
    return [_package(name) for name in names]


def _package(name: str) -> Check:
    try:
        return Check("package", name, True, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check("package", name, False, f"pip install {name}")


def _drivers() -> list[Check]:
    """Which cameras could be opened if they were there; each driver says itself what it lacks."""
    checks = []
    for scheme in sorted(drivers()):
        try:
            found = len(load_driver(scheme).discover())
            checks.append(Check("driver", scheme, True, f"opens {scheme}:…, of which {found or 'none'} found now"))
        except DriverError as error:
            checks.append(Check("driver", scheme, False, str(error)))
    return checks


def _extras() -> list[Check]:
    checks = []
    for extra, modules in EXTRAS.items():
        missing = [module for module in modules if importlib.util.find_spec(module) is None]
        detail = f"missing {', '.join(missing)}: pip install 'depthkit[{extra}]'" if missing else ", ".join(modules)
        checks.append(Check("extra", extra, not missing, detail))
    return checks
