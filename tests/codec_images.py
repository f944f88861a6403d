"""Depth images to compress, drawn and real."""

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from depthkit import images
from depthkit.arrays import U16

STEPS = st.sampled_from([0, 0, 0, 1, 2, 7, 8, 63, 64, 500, 501, 4095, 32767, 32768, 65534, 65535])


def drawn(most: int = 12) -> st.SearchStrategy[U16]:
    """Small images of extreme values, long runs and everything between."""
    shapes = arrays.array_shapes(min_dims=2, max_dims=2, max_side=most)
    kinds: Any = st.one_of(STEPS, st.integers(0, 65535), st.integers(495, 505))
    return shapes.flatmap(lambda shape: arrays.arrays(np.uint16, shape, elements=kinds))


def room(seed: int = 0, shape: tuple[int, int] = (48, 64)) -> U16:
    """A wall, a box before it and holes, in the steps of a structured light camera."""
    rng = np.random.default_rng(seed)
    v, u = np.mgrid[: shape[0], : shape[1]]
    disparity = 240 + 0.4 * u + 0.2 * v + 60 * ((abs(u - 30) < 12) & (abs(v - 20) < 9)) + rng.normal(0, 0.4, shape)
    depth: U16 = np.rint(575 * 75 * 8 / np.rint(disparity)).astype(np.uint16)
    depth[(u < 4) | (rng.random(shape) < 0.02)] = 0
    return depth


def real(folder: Path, count: int = 3) -> list[U16]:
    """Frames of a structured light camera that follow each other."""
    paths = sorted((folder / "rgbd" / "7scenes_0_199").glob("*.depth.png"))[:count]
    return [images.read(path) for path in paths]  # type: ignore[misc]  # they are uint16


def steps() -> U16:
    """A few rows of whole numbers only, so that they are the same on every machine."""
    v, u = np.mgrid[:12, :20]
    noise = (u * 7 + v * 13 + u * v * 5) % 11
    depth = np.where(u + v > 22, 3000, 800) + 3 * u + (noise == 0) * 40 + (noise < 3) * 3
    return np.where((noise == 5) | (u < 2), 0, depth).astype(np.uint16)
