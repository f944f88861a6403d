"""How the public stereo data sets lay out their scenes: which file of a folder is what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from depthkit.errors import InputError
from depthkit.images import read
from depthkit.truth import KITTI_SCALE


@dataclass(frozen=True, slots=True)
class SceneFiles:
    """The files of a scene, and what is known of it.

    truth, right_truth: disparities of the left and the right image, `scale` steps a px; mask: 255 where both cameras
    see the point; seen_truth: the truth of only what both see, as KITTI has it; num_disparities: the search range the
    data set names.
    """

    name: str
    layout: str
    left: Path
    right: Path
    truth: Path
    scale: float = 1.0
    right_truth: Path | None = None
    mask: Path | None = None
    seen_truth: Path | None = None
    num_disparities: int | None = None


@dataclass(frozen=True, slots=True)
class PairLayout:
    """A folder a scene. truths: of the left and the right image, the first pair that is there counts.

    scales: steps a px of the truth, by the height of the images; empty: it is in px.
    """

    name: str
    pair: tuple[str, str]
    truths: tuple[tuple[str, str], ...]
    mask: str = ""
    scales: Mapping[int, float] = field(default_factory=dict)


_OLD = {288: 16, 380: 8, 381: 8, 383: 8, 375: 4, 750: 2, 1500: 1}  # Middlebury 2001 and 2003
PAIR_LAYOUTS = (
    PairLayout(
        "Middlebury 2014 or ETH3D",
        ("im0.png", "im1.png"),
        (("disp0GT.pfm", "disp1GT.pfm"), ("disp0.pfm", "disp1.pfm")),
        "mask0nocc.png",
    ),
    PairLayout(
        "Middlebury 2005 or 2006",
        ("view1.png", "view5.png"),
        (("disp1.png", "disp5.png"),),
        scales={1110: 1, 555: 2, 370: 3},
    ),
    PairLayout("Middlebury 2003", ("im2.png", "im6.png"), (("disp2.png", "disp6.png"),), scales=_OLD),
    PairLayout("Middlebury 2001", ("im2.ppm", "im6.ppm"), (("disp2.pgm", "disp6.pgm"),), scales=_OLD),
    PairLayout(
        "Tsukuba", ("scene1.row3.col3.ppm", "scene1.row3.col4.ppm"), (("truedisp.row3.col3.pgm", ""),), scales=_OLD
    ),
)

KITTI_LAYOUTS = (  # left and right images, truth of all pixels and of those that both cameras see
    ("image_2", "image_3", "disp_occ_0", "disp_noc_0"),  # 2015
    ("colored_0", "colored_1", "disp_occ", "disp_noc"),  # 2012
    ("image_0", "image_1", "disp_occ", "disp_noc"),
)


def scenes_in(folder: Path, name: str) -> list[SceneFiles]:
    """The scenes whose files are right in this folder; none if it is laid out otherwise.

    Raises InputError for a pair of a known data set without its truth.
    """
    for layout in PAIR_LAYOUTS:
        if all((folder / file).is_file() for file in layout.pair):
            return [_pair(folder, name, layout)]
    for directories in KITTI_LAYOUTS:
        if all((folder / directory).is_dir() for directory in directories[:2]):
            return _kitti(folder, name, *(folder / directory for directory in directories))
    return []


def _pair(folder: Path, name: str, layout: PairLayout) -> SceneFiles:
    left, right = (folder / file for file in layout.pair)
    there = [truths for truths in layout.truths if (folder / truths[0]).is_file()]
    if not there:
        wanted = " or ".join(truth for truth, _ in layout.truths)
        raise InputError(f"{name} has {left.name} and {right.name} but no truth, which would be {wanted}")
    truth, right_truth = there[0]
    return SceneFiles(
        name,
        layout.name,
        left,
        right,
        folder / truth,
        scale=_scale(name, left, layout.scales),
        right_truth=_file(folder, right_truth),
        mask=_file(folder, layout.mask),
        num_disparities=_ndisp(folder / "calib.txt"),
    )


def _kitti(folder: Path, name: str, left: Path, right: Path, occ: Path, noc: Path) -> list[SceneFiles]:
    """One scene a number: frame 10, the one that has a truth."""
    truths = occ if occ.is_dir() else noc
    if not truths.is_dir():
        raise InputError(f"{name} has {left.name} and {right.name} but no truth, which would be {occ.name}")
    return [
        SceneFiles(
            f"{name}/{path.stem}",
            "KITTI",
            left / path.name,
            right / path.name,
            path,
            scale=KITTI_SCALE,
            seen_truth=_file(noc, path.name),
        )
        for path in sorted(truths.glob("*_10.png"))
    ]


def _scale(name: str, left: Path, scales: Mapping[int, float]) -> float:
    if not scales:
        return 1.0
    height = len(read(left))
    if height not in scales:
        known = ", ".join(map(str, sorted(scales)))
        raise InputError(
            f"{name} is {height} rows high, from which the scale of its truth is not known (it is for {known}): "
            "name it in a scenes.json"
        )
    return scales[height]


def _ndisp(calib: Path) -> int | None:
    """The search range a Middlebury calib.txt names."""
    lines = calib.read_text(errors="replace").splitlines() if calib.is_file() else []
    values = [line.partition("=")[2].strip() for line in lines if line.startswith("ndisp=")]
    return int(values[0]) if values and values[0].isdigit() else None


def _file(folder: Path, name: str) -> Path | None:
    return folder / name if name and (folder / name).is_file() else None
