"""The tasks on images, and how depthkit and OpenCV do them. Each job gets its input ready-made, as it likes it best."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2

from depthkit_tools.bench.inputs import Inputs, simulated
from depthkit_tools.bench.points import make_cloud, save_cloud
from depthkit_tools.bench.timing import Contest, Rival


def contests(size: str) -> Iterator[Contest]:
    """All tasks but matching, at an image size as in "640x480", one after the other."""
    inputs = simulated(size)
    yield from _rectify(inputs)
    yield make_cloud(inputs)
    with tempfile.TemporaryDirectory(prefix="depthkit-bench-") as folder:
        yield save_cloud(inputs, Path(folder))


def _rectify(inputs: Inputs) -> Iterator[Contest]:
    fixed = cv2.convertMaps(*inputs.maps, cv2.CV_16SC2)
    for name, image in (("grey", inputs.left), ("RGB", inputs.color)):
        rivals = (
            Rival("cv2.remap, fixed-point maps", partial(cv2.remap, image, *fixed, cv2.INTER_LINEAR)),
            Rival("cv2.remap, float32 maps", partial(cv2.remap, image, *inputs.maps, cv2.INTER_LINEAR)),
        )
        yield Contest(f"rectify an image, {name}", partial(inputs.rectifier.left, image), rivals)
