"""The tasks on images, and how depthkit and OpenCV do them. Each job gets its input ready-made, as it likes it best."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2

from depthkit import images, stereo
from depthkit.opencv_matcher import semi_global
from depthkit.stereo import Sgm
from depthkit_tools.bench.points import make_cloud, save_cloud
from depthkit_tools.bench.scene import Scene, scene
from depthkit_tools.bench.timing import Contest, Job, Rival

_SGBM_MODES = {"3WAY (3 paths)": 3, "HH4 (4 paths)": 4, "SGBM (5 paths)": 5, "HH (8 paths)": 8}
_BLOCK = 15  # px, the window of cv2.StereoBM


def contests(size: str, num_disparities: int) -> Iterator[Contest]:
    """All tasks at an image size as in "640x480", one after the other."""
    inputs = scene(size)
    yield from _rectify(inputs)
    yield _match(inputs, num_disparities)
    yield make_cloud(inputs)
    with tempfile.TemporaryDirectory(prefix="depthkit-bench-") as folder:
        yield save_cloud(inputs, Path(folder))


def _rectify(inputs: Scene) -> Iterator[Contest]:
    fixed = cv2.convertMaps(*inputs.maps, cv2.CV_16SC2)
    for name, image in (("grey", inputs.left), ("RGB", inputs.color)):
        rivals = (
            Rival("cv2.remap, fixed-point maps", partial(cv2.remap, image, *fixed, cv2.INTER_LINEAR)),
            Rival("cv2.remap, float32 maps", partial(cv2.remap, image, *inputs.maps, cv2.INTER_LINEAR)),
        )
        yield Contest(f"rectify an image, {name}", partial(inputs.rectifier.left, image), rivals)


def _match(inputs: Scene, num_disparities: int) -> Contest:
    pair = images.to_u8(inputs.rectifier.left(inputs.left)), images.to_u8(inputs.rectifier.right(inputs.right))
    semi_globals: dict[str, Job] = {
        f"cv2.StereoSGBM {mode}": partial(semi_global(Sgm(num_disparities, paths=paths)).compute, *pair)
        for mode, paths in _SGBM_MODES.items()
    }
    block = Rival("cv2.StereoBM", partial(_block_matcher(num_disparities).compute, *pair), "local: no smoothness")
    rivals = (*(Rival(name, job) for name, job in semi_globals.items()), block)
    ours = partial(stereo.match, *pair, Sgm(num_disparities))
    return Contest(f"match a pair, {num_disparities} disparities", ours, rivals)


def _block_matcher(num_disparities: int) -> cv2.StereoBM:
    """OpenCV's fastest, with the left-right check and speckle filter that depthkit has."""
    matcher = cv2.StereoBM.create(num_disparities, _BLOCK)
    matcher.setDisp12MaxDiff(1)
    matcher.setSpeckleWindowSize(Sgm().speckle)
    matcher.setSpeckleRange(round(Sgm().speckle_range))
    return matcher
