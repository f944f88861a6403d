"""Stereo matching on real pairs with measured truth, beside OpenCV's matchers on the same pixels."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from depthkit import images, truth
from depthkit.evaluate import DisparityErrors, evaluate
from depthkit.opencv_matcher import match_opencv
from depthkit.stereo import Sgm, match
from depthkit.types import Disparity
from depthkit_tools.bench.scenes import Scene, find, load


@cache
def scene(data: Path, name: str) -> Scene:
    listed, _ = find(data / "stereo")
    return load(next(files for files in listed if files.name == name))


def errors(result: Disparity, on: Scene) -> DisparityErrors:
    return evaluate(result.values, on.truth, on.counted)


# Most of the compared pixels that may be off by 2 px, and off or missing, in %.
BOUNDS = {
    "middlebury2001/sawtooth": (0.8, 1.1),
    "middlebury2001/venus": (0.4, 0.7),
    "middlebury2001/tsukuba": (3.3, 4.5),
    "middlebury2003/teddy": (2.2, 3.0),
    "middlebury2005/art": (5.5, 9.5),
    "middlebury2005/dolls": (2.6, 4.0),
    "middlebury2006/cloth3": (1.0, 1.6),
    "middlebury2006/aloe": (2.2, 6.0),
    "middlebury2014/motorcycle_Q": (3.6, 5.2),
    "eth3d/playground": (1.0, 1.6),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_scenes_are_matched_as_well_as_opencv_does_at_best(shared_data: Path, name: str) -> None:
    on = scene(shared_data, name)
    ours = errors(match(on.left, on.right, Sgm(on.num_disparities)), on)
    most_bad, most_total = BOUNDS[name]
    assert ours.bad[2.0] < most_bad
    assert ours.total[2.0] < most_total
    theirs = [errors(match_opencv(on.left, on.right, Sgm(on.num_disparities, paths=p, speckle=0)), on) for p in (3, 4)]
    slack = 0.1  # percentage points
    for threshold in (0.5, 1.0, 2.0):
        assert ours.bad[threshold] < min(t.bad[threshold] for t in theirs) + slack
    assert ours.total[2.0] < min(t.total[2.0] for t in theirs) + slack
    assert ours.density > 93


@pytest.mark.parametrize("paths", [4, 8])
def test_more_paths_beat_opencv_with_as_many(shared_data: Path, paths: int) -> None:
    on = scene(shared_data, "middlebury2003/teddy")
    ours = errors(match(on.left, on.right, Sgm(64, paths=paths)), on)
    theirs = errors(match_opencv(on.left, on.right, Sgm(64, paths=paths, speckle=0)), on)
    assert ours.bad[2.0] < 0.8 * theirs.bad[2.0]
    assert ours.total[2.0] < 0.9 * theirs.total[2.0]


def test_the_aloe_pair_that_ships(sample_data: Path) -> None:
    folder = sample_data / "aloe"
    if not (folder / "left.jpg").exists():
        pytest.skip("the aloe pair is not in sample_data")
    left, right = (images.to_u8(images.to_grey(images.read(folder / f"{side}.jpg"))) for side in ("left", "right"))
    true = truth.read_disparity(folder / "disparity.png")
    counted = truth.not_hidden(true) & (np.arange(true.shape[1]) >= 224)
    assert evaluate(match(left, right, Sgm(224)).values, true, counted).bad[2.0] < 2.5
