"""The architecture, read from the source: who may import whom, and what is kept out of the library."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / "depthkit", *sorted(ROOT.glob("*/depthkit_*"))]

# The library from the ground up. A module imports only from lines above its own, a package also from itself.
LAYERS = """
    errors kernels threads recycling
    arrays files image_headers uris
    lenses transforms images mosaics ply codec pairing
    cameras
    types
    remap
    rectify aggregation matching
    block_matching filling
    sgm levels
    halves regions
    pair_matcher
    stereo depth cloud
    scan3d
    quality evaluate truth opencv_matcher imu kinect
    bag
    recordings grabber
    live
    capture
    sim pipeline recorder exports hotplug
""".strip().splitlines()
LEVEL = {f"depthkit.{name}": level for level, line in enumerate(LAYERS) for name in line.split()}

# The other packages: whose modules each may import besides its own.
BELOW = {
    "depthkit_drivers": {"depthkit", "depthkit_calib"},
    "depthkit_calib": {"depthkit"},
    "depthkit_tools": {"depthkit", "depthkit_calib"},
}

KERNELS_MAY_IMPORT = {"numba", "numpy", "math", "llvmlite", "typing", "collections"}
BESIDES = {
    "depthkit.kernels": {"importlib", "types"},
    "depthkit.kernels.jit": {"logging"},
    "depthkit.kernels.cache": {"contextlib", "functools", "hashlib", "pathlib", "pickle", "sys"},
}


def module_name(path: Path) -> str:
    source = next(folder for folder in SOURCES if path.is_relative_to(folder))
    parts = path.relative_to(source.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for source in SOURCES for path in sorted(source.rglob("*.py"))}
LIBRARY = [name for name in MODULES if name.startswith("depthkit.")]
QUIET = [name for name in MODULES if not name.startswith("depthkit_tools")]


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """Dotted names that a module imports, anywhere in it; of ours, the module and not the name in it."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports of ours are absolute"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names if name != "depthkit.__version__"}
    return frozenset(found)


def ours(module: str) -> set[str]:
    return {name for name in imports(module) if name.split(".")[0] in {"depthkit", *BELOW}}


def unit(module: str) -> str:
    """The module, or the package, just below `depthkit`."""
    return ".".join(module.split(".")[:2])


def test_there_is_something_to_check() -> None:
    assert {"depthkit.cameras", "depthkit.kernels.jit", "depthkit_calib.formats.opencv"} <= set(MODULES)
    assert "depthkit.errors" in ours("depthkit.arrays")


@pytest.mark.parametrize("module", LIBRARY)
def test_inside_the_library_imports_go_down(module: str) -> None:
    assert unit(module) in LEVEL, "give the new module its place in LAYERS"
    for other in ours(module):
        assert unit(other) in LEVEL, f"{module} imports {other}, which is above the library"
        same = unit(other) == unit(module)
        assert same or LEVEL[unit(other)] < LEVEL[unit(module)], f"{module} imports upwards: {other}"


@pytest.mark.parametrize("package", BELOW)
def test_the_other_packages_import_what_is_below_them(package: str) -> None:
    for module in MODULES:
        if module.split(".")[0] == package:
            above = {other for other in ours(module) if other.split(".")[0] not in {package, *BELOW[package]}}
            assert not above, f"{module} may not import {above}"


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith("depthkit_drivers")])
def test_drivers_are_found_through_entry_points_only(module: str) -> None:
    texts = {node.value for node in ast.walk(tree(module)) if isinstance(node, ast.Constant)}
    named = {text for text in texts if isinstance(text, str) and text.startswith("depthkit_drivers")}
    assert not named
    assert not {name for name in imports(module) if name.startswith("depthkit_drivers")}


def test_nothing_imports_itself_in_a_circle() -> None:
    graph = {module: ours(module) - {module} for module in MODULES if module != "depthkit"}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


@pytest.mark.parametrize("module", [name for name in LIBRARY if unit(name) == "depthkit.kernels"])
def test_kernels_know_nothing_but_numbers(module: str) -> None:
    allowed = KERNELS_MAY_IMPORT | BESIDES.get(module, set())
    for name in imports(module):
        assert name.startswith("depthkit.kernels") or name.split(".")[0] in allowed, f"{module} imports {name}"


@pytest.mark.parametrize("module", [name for name in MODULES if unit(name) != "depthkit.kernels"])
def test_numba_is_in_the_kernels_only(module: str) -> None:
    assert not {name for name in imports(module) if name.split(".")[0] == "numba"}


@pytest.mark.parametrize("module", MODULES)
def test_fastmath_is_nowhere(module: str) -> None:
    # It lets the compiler assume that there are no NaNs, and NaN is how depthkit says "unknown".
    assert not [node for node in ast.walk(tree(module)) if isinstance(node, ast.keyword) and node.arg == "fastmath"]


@pytest.mark.parametrize("module", QUIET)
def test_the_library_never_prints_and_never_exits(module: str) -> None:
    names = {ast.unparse(node.func) for node in ast.walk(tree(module)) if isinstance(node, ast.Call)}
    assert not names & {"print", "exit", "quit", "sys.exit", "os._exit", "SystemExit"}
    assert not {"sys.stdout", "sys.stderr"} & {
        ast.unparse(n) for n in ast.walk(tree(module)) if isinstance(n, ast.Attribute)
    }
