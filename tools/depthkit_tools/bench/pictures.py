"""A scene in one picture: image and truth, what both sides find, and where they are wrong."""

from collections.abc import Mapping

import numpy as np

from depthkit.arrays import F32, U8
from depthkit_tools.bench.accuracy import Result
from depthkit_tools.bench.scenes import Scene
from depthkit_tools.preview import captioned, colour_disparity, colour_error

_PANEL = 640  # most px a panel is wide


def comparison(scene: Scene, found: Mapping[str, F32], ours: Result, theirs: Result) -> U8:
    """(H, W, 3) RGB of six panels: left image, truth; depthkit's disparities, OpenCV's; the errors of each.

    found: disparities by matcher, of which those of two results are shown, in the colours of the truth; errors are
    shown where they are counted.
    """
    step = -(-scene.truth.shape[1] // _PANEL)
    truth, left = scene.truth[::step, ::step], scene.left[::step, ::step]
    sides = [found[result.matcher][::step, ::step] for result in (ours, theirs)]
    names = [f"{result.matcher}: bad-2 {result.figures['bad-2']:.2f} %" for result in (ours, theirs)]
    least, most = (float(bound) for bound in np.nanpercentile(scene.truth, (1, 99)))
    compared = np.where(scene.counted[::step, ::step], truth, np.float32(np.nan))
    rows: tuple[dict[str, U8], ...] = (
        {"left image": np.repeat(left[..., None], 3, -1), "truth": _coloured(truth, least, most)},
        {name: _coloured(side, least, most) for name, side in zip(names, sides, strict=True)},
        {
            "its error: blue 0, red 4 px or more": colour_error(sides[0], compared, "px"),
            "black missing, grey not compared": colour_error(sides[1], compared, "px"),
        },
    )
    return np.vstack([np.hstack([captioned(panel, title) for title, panel in row.items()]) for row in rows])


def _coloured(values: F32, least: float, most: float) -> U8:
    return colour_disparity(values, least, max(most, least + 1))
