"""The short report the demo leaves beside its pictures."""

from pathlib import Path
from typing import Any

from depthkit import __version__
from depthkit.files import replacing


def write_summary(path: Path, figures: dict[str, Any]) -> None:
    """Write the demo's figures as a page of Markdown that shows its pictures."""
    sections = [_recording(figures), _simulated(figures["simulated"])]
    if "aloe" in figures:
        sections += [_aloe(figures["aloe"]), _office(figures["office"])]
    text = f"# depthkit {__version__}: demo\n\n" + "\n\n".join(sections) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(text)


def _recording(figures: dict[str, Any]) -> str:
    record, replay = figures["record"], figures["replay"]
    return (
        f"## Recording\n`{record['source']}` recorded to `simulated.mcap` ({record['bytes'] / 1e6:.1f} MB); "
        f"{replay['frames']} frames replayed twice with the same content, {replay['missing']} missing. "
        f"SHA-256 of all frames: `{replay['sha256'][:16]}…`"
    )


def _simulated(errors: dict[str, Any]) -> str:
    at_2m = errors["median_error_at_2_m"]
    near = f", {at_2m:.2%} around 2 m" if at_2m is not None else ""
    return (
        "## Simulated room, against its exact depth\n"
        f"{errors['density']:.1%} of the pixels have a depth; its median error is {errors['median_error']:.2%}{near}; "
        f"{errors['within_2_percent']:.1%} are within 2 %.\n\n"
        "![depth](simulated/preview.png)\n![cloud](simulated/cloud.png)\n![error](simulated/error.png)"
    )


def _aloe(errors: dict[str, Any]) -> str:
    return (
        "## Real pair (Middlebury 2006, aloe), against its measured disparities\n"
        f"{errors['density']:.1f} % of the pixels with truth have a disparity, {errors['bad_2_px']:.1f} % of these are "
        "wrong by more than 2 px, occluded pixels included. The offset of this crop is not published: the cloud shows "
        "the shape, not the size.\n\n"
        "![depth](aloe/preview.png)\n![cloud](aloe/cloud.png)\n![error](aloe/error.png)"
    )


def _office(figures: dict[str, Any]) -> str:
    return (
        "## Real raw pair, rectified by its calibration\n"
        f"{figures['density']:.1%} of the pixels have a depth. A chessboard repeats itself and the wall behind it is "
        "plain: what could not be told apart is left unknown. Sizes assume squares of 25 mm.\n\n"
        "![depth](office/preview.png)\n![cloud](office/cloud.png)"
    )
