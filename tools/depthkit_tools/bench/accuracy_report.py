"""The figures of accuracy in words: tables a scene and of the means, as Markdown, and plain values for JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from depthkit.stereo import Sgm
from depthkit_tools.bench.accuracy import Result, best, means, rounded, worse

Compared = Sequence[tuple[Mapping[str, Any], Sequence[Result]]]
"""The facts of each scene (`Scene.facts`), and what the matchers made of it."""


def notes(opencv_speckle: int) -> list[str]:
    """What the figures are of, a line each."""
    return [
        "Pixels compared: those with a truth that both cameras see, and whose candidates are all in the right image "
        "(x ≥ num_disparities: OpenCV answers nowhere else).",
        "bad-t: % of the answered pixels that are off by more than t px; D1: by more than 3 px and 5 %; EPE: mean "
        "error in px; t2: % of all compared pixels that are off by more than 2 px or have no answer; ms: median.",
        f"Segments dropped as speckle: depthkit below {Sgm().speckle} px, OpenCV "
        f"{f'below {opencv_speckle} px' if opencv_speckle else 'none'}. OpenCV's modes: blockSize 3, P1 72, P2 288, "
        "uniquenessRatio 5, disp12MaxDiff 1, preFilterCap 63; BM: block 15.",
        "Bold: worse than the best of OpenCV's semi-global modes (3WAY, HH4, SGBM, HH) on that scene.",
    ]


def markdown(compared: Compared) -> str:
    """A table a scene, one of the means, and where depthkit is behind."""
    average = _table(means([results for _, results in compared]), {})
    scenes = [_scene_table(facts, results) for facts, results in compared]
    return "\n\n".join([*scenes, f"### Mean of {len(compared)} scenes\n\n{average}", *_behind(compared)])


def to_dict(compared: Compared) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "scenes": [
            {
                **facts,
                "matchers": {result.matcher: rounded(result.figures) for result in results},
                "opencv_best": best(results).matcher,
                "worse": worse(results),
            }
            for facts, results in compared
        ],
        "means": {name: rounded(figures) for name, figures in means([results for _, results in compared]).items()},
    }


def _scene_table(facts: Mapping[str, Any], results: Sequence[Result]) -> str:
    figures = {result.matcher: result.figures for result in results}
    about = (
        "{width}×{height}, {num_disparities} disparities (from {range_from}), {pixels} pixels compared "
        "(seen by both: {seen_from}); layout: {layout}"
    )
    return f"### {facts['scene']}\n{about.format(**facts)}\n\n{_table(figures, worse(results))}"


def _table(figures: Mapping[str, Mapping[str, float]], marked: Mapping[str, Sequence[str]]) -> str:
    names = list(next(iter(figures.values())))
    lines = [f"| matcher | {' | '.join(names)} |", f"|---|{'--:|' * len(names)}"]
    for matcher, values in figures.items():
        cells = [_cell(name, values[name], name in marked.get(matcher, ())) for name in names]
        lines.append(f"| {matcher} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(name: str, value: float, marked: bool) -> str:
    text = "–" if value != value else f"{value:.1f}" if name in ("density", "ms") else f"{value:.2f}"
    return f"**{text}**" if marked else text


def _behind(compared: Compared) -> list[str]:
    """A line on each of depthkit's settings: in what it is worse than OpenCV's best, on which scenes."""
    lines = []
    for matcher in worse(compared[0][1]):
        marks = [(facts["scene"], measures) for facts, results in compared if (measures := worse(results)[matcher])]
        text = "; ".join(f"{scene}: {', '.join(measures)}" for scene, measures in marks) or "nowhere"
        lines.append(f"{matcher}, worse than OpenCV's best: {text}.")
    return lines
