"""Kernels on vectors of bytes: each operation, and the whole aggregation against the scalar kernels, bit for bit."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthkit import aggregation, stereo
from depthkit.kernels import matching, simd
from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import U8
from depthkit.stereo import Sgm
from tests.sgm_parts import aggregator, features

pytestmark = pytest.mark.skipif(not simd.available(), reason="vectors are values of compiled code (NUMBA_DISABLE_JIT)")

BLOCKS = (1, 2, 3, 4)
PAIRS: dict[str, tuple[Any, Callable[[Any, Any], Any]]] = {
    "add_capped": (simd.add_capped, lambda a, b: np.minimum(a.astype(int) + b, 255)),
    "least_of": (simd.least_of, np.minimum),
    "largest_of": (simd.largest_of, np.maximum),
    "differing": (simd.differing, np.bitwise_xor),
    "common": (simd.common, np.bitwise_and),
    "either": (simd.either, np.bitwise_or),
    "average": (simd.average, lambda a, b: (a.astype(int) + b + 1) // 2),
}


def stored(candidates: U8, blocks: int) -> U8:
    """Bytes by candidate as a vector stores them."""
    out = np.empty_like(candidates)
    out[[simd.place(k, blocks) for k in range(candidates.size)]] = candidates
    return out


def by_candidate(vector: U8, blocks: int) -> U8:
    return vector[[simd.place(k, blocks) for k in range(vector.size)]]


def two(blocks: int) -> tuple[U8, U8]:
    a, b = np.random.default_rng(blocks).integers(0, 256, (2, simd.BLOCK * blocks)).astype(np.uint8)
    return a, b


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("blocks", BLOCKS)
def test_operations_on_two_vectors(name: str, blocks: int) -> None:
    operation, twin = PAIRS[name]

    def run(a: U8, b: U8, out: U8, count: Any) -> None:
        simd.store(out, 0, operation(simd.load(a, 0, count), simd.load(b, 0, count)))

    a, b = two(blocks)
    out = np.zeros_like(a)
    import numba

    numba.njit(run)(a, b, out, (0,) * blocks)
    np.testing.assert_array_equal(out, twin(a, b))


@kernel
def _between_lanes(a: U8, out: U8, blocks: Any) -> Any:
    vector, lanes = simd.load(a, 0, blocks), a.size
    simd.store(out, 0, simd.least_beside(vector))
    simd.store(out, lanes, simd.after(vector))
    simd.store(out, 2 * lanes, simd.spread_least(vector))
    simd.store(out, 3 * lanes, simd.count_bits(vector))
    least = simd.spread_least(vector)
    return simd.first_equal(vector, least), simd.least(vector), simd.first_lane(vector)


def test_a_choice_by_bits() -> None:
    @kernel
    def run(mask: U8, a: U8, b: U8, out: U8, count: Any) -> None:
        simd.store(out, 0, simd.where(simd.load(mask, 0, count), simd.load(a, 0, count), simd.load(b, 0, count)))

    a, b = two(2)
    mask, out = np.roll(a, 1), np.zeros_like(a)
    run(mask, a, b, out, (0, 0))
    np.testing.assert_array_equal(out, (a & mask) | (b & ~mask))


@pytest.mark.parametrize("blocks", BLOCKS)
def test_operations_between_candidates(blocks: int) -> None:
    a, _ = two(blocks)
    out = np.zeros(4 * a.size, np.uint8)
    where, least, candidate_0 = _between_lanes(stored(a, blocks), out, (0,) * blocks)
    beside, after, spread, bits = (by_candidate(part, blocks) for part in out.reshape(4, -1))
    first, last = (a[:1], a[-1:]) if blocks == 1 else ([255], [255])  # with one block a candidate at the end is its own
    np.testing.assert_array_equal(beside, np.minimum([*first, *a[:-1]], [*a[1:], *last]))
    np.testing.assert_array_equal(after, [*a[1:], 255])
    np.testing.assert_array_equal(spread, a.min())
    np.testing.assert_array_equal(bits, [int(value).bit_count() for value in a])
    assert (where, least, candidate_0) == (int(np.argmin(a)), a.min(), a[0])


def winners(left: U8, right: U8, sgm: Sgm) -> matching.Winners:
    views = matching.Views(features(left, sgm), features(right, sgm), left)
    found: matching.Winners = aggregator(left.shape, sgm)(views)
    return found


def check_both_ways(left: U8, right: U8, sgm: Sgm) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregation, "ROWS_A_BAND", 12)
        fast = winners(left, right, sgm)
        patch.setenv("DEPTHKIT_SIMD", "0")
        slow = winners(left, right, sgm)
    np.testing.assert_array_equal(fast.best, slow.best)
    known = slow.best >= 0  # the others of a pixel without candidates mean nothing
    np.testing.assert_array_equal(np.moveaxis(fast.sums, 1, 2)[known], np.moveaxis(slow.sums, 1, 2)[known])
    for name in ("second", "agrees"):
        np.testing.assert_array_equal(getattr(fast, name)[known], getattr(slow, name)[known], name)


@settings(deadline=None)  # the first of each kind compiles
@given(
    height=st.integers(5, 40),
    width=st.integers(5, 90),
    num_disparities=st.sampled_from((1, 2, 33, 63, 64, 65, 100, 128, 150)),
    min_disparity=st.integers(-20, 20),
    paths=st.sampled_from((3, 4, 5, 8)),
    lr_check=st.sampled_from((None, 0, 1, 3)),
    contrast=st.sampled_from((0, 3, 255)),
    cost=st.sampled_from(("stable", "census")),
    seed=st.integers(0, 99),
)
def test_aggregation_is_that_of_the_scalar_kernels(
    height: int,
    width: int,
    num_disparities: int,
    min_disparity: int,
    paths: int,
    lr_check: int | None,
    contrast: int,
    cost: Literal["stable", "census"],
    seed: int,
) -> None:
    left, right = np.random.default_rng(seed).integers(0, contrast + 1, (2, height, width)).astype(np.uint8)
    check_both_ways(left, right, Sgm(num_disparities, min_disparity, paths, cost=cost, lr_check=lr_check))


@pytest.mark.parametrize("paths", [3, 8])
def test_totals_that_stop_at_255(paths: int) -> None:
    left, right = np.random.default_rng(7).integers(0, 2, (2, 30, 70)).astype(np.uint8) * 255
    check_both_ways(left, right, Sgm(70, 0, paths, P1=55, P2=55, P2_min=55))


def test_the_memory_of_one_pair_does_for_the_next() -> None:
    rng = np.random.default_rng(3)
    pairs = rng.integers(0, 256, (3, 2, 30, 80)).astype(np.uint8)
    setting = matching.Setting(40, 0, upwards=True, diagonal=True, P1=10, P2=50, P2_min=12, lr_check=1)
    kept = aggregation.Aggregator(30, 80, setting, 7)
    for left, right in pairs:
        views = matching.Views(features(left), features(right), left)
        again = kept(views)
        fresh = aggregation.Aggregator(30, 80, setting, 7)(views)
        for name in ("best", "sums", "second", "agrees"):
            np.testing.assert_array_equal(getattr(again, name), getattr(fresh, name), name)


def test_a_matcher_takes_pairs_of_any_size_in_turn() -> None:
    matcher, rng = stereo.StereoMatcher(Sgm(num_disparities=20)), np.random.default_rng(5)
    for height, width in ((30, 60), (30, 60), (21, 33), (30, 60)):
        left, right = rng.integers(0, 256, (2, height, width)).astype(np.uint8)
        again, fresh = matcher.match(left, right), stereo.match(left, right, matcher.sgm)
        np.testing.assert_array_equal(again.values, fresh.values)
        np.testing.assert_array_equal(again.reason, fresh.reason)


DIGEST = """
import hashlib, cv2, numpy as np
from depthkit import stereo
right = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (50, 120)).astype(np.uint8), (0, 0), 1.2)
left = np.roll(right, 5, 1)
for paths, cost in (3, "stable"), (8, "stable"), (3, "census"):
    found = stereo.match(left, right, stereo.Sgm(num_disparities=70, paths=paths, cost=cost))
    print(hashlib.sha256(found.values.tobytes() + found.reason.tobytes() + found.confidence.tobytes()).hexdigest())
"""
X86 = platform.machine() in ("x86_64", "AMD64")


@pytest.mark.skipif(not X86, reason="these instruction sets are those of x86-64")
def test_the_same_bits_whatever_the_instruction_set(tmp_path: Path) -> None:
    sets = {
        "SSE4.2": {"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": "+sse4.2,+popcnt"},
        "AVX2": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+popcnt"},
        "all of this machine": {},
        "scalars": {"DEPTHKIT_SIMD": "0"},
    }
    command = [sys.executable, "-c", DIGEST]
    runs = {
        name: subprocess.Popen(
            command, env={**os.environ, **variables, "NUMBA_CACHE_DIR": str(tmp_path)}, stdout=subprocess.PIPE
        )
        for name, variables in sets.items()
    }
    digests = {name: run.communicate()[0] for name, run in runs.items()}
    assert all(run.returncode == 0 for run in runs.values())
    assert len(set(digests.values())) == 1, digests
