"""Pictures for people: depth in colour with its scale, and a look at the cloud from the side."""

import cv2
import numpy as np

from depthkit import images, transforms
from depthkit.arrays import F32, F64, U8, Image
from depthkit.types import PointCloud

_UNKNOWN = (24, 24, 28)  # RGB of a pixel without depth
_MISSING = (0, 0, 0)  # RGB of a pixel that has a truth but no value
_NO_TRUTH = (110, 110, 110)
_RIGHT_TO_WRONG = ((49, 54, 149), (116, 173, 209), (255, 255, 191), (253, 174, 97), (165, 0, 38))  # RGB
_MOST = 4  # error that is as wrong as can be
_INK = (235, 235, 235)
_BAR = 84  # width of the colour bar with its ticks, px
_PANEL = 960  # most px a picture is wide
_TITLE = 28  # height of a caption, px


def depth_range(depth: F32 | F64) -> tuple[float, float]:
    """Nearest and farthest depth to show in m: all but the outer 2 % of the pixels; (0, 1) if there are none."""
    known = depth[np.isfinite(depth)]
    if known.size == 0:
        return 0.0, 1.0
    near, far = np.percentile(known, (2, 98))
    return float(near), float(max(far, near * 1.01 + 1e-3))


def colour_depth(depth: F32, near: float, far: float) -> U8:
    """(H, W, 3) RGB: red is near, blue is far, by inverse depth; unknown is dark grey."""
    if near <= 0:
        return colour_disparity(-depth, -far, 0)
    with np.errstate(divide="ignore"):
        return colour_disparity(1 / depth, 1 / far, 1 / near)


def colour_disparity(values: F32 | F64, least: float, most: float) -> U8:
    """(H, W, 3) RGB: blue is `least` (far), red is `most` (near); unknown is dark grey."""
    colours = _turbo(np.nan_to_num(np.clip((values - least) / (most - least), 0, 1)))
    colours[~np.isfinite(values)] = _UNKNOWN
    return colours


def pair_preview(image: Image | None, depth: F32, title: str) -> U8:
    """The left image beside its depth in colour, with a scale in metres; large images are shown smaller."""
    step = -(-depth.shape[1] // _PANEL)
    depth, image = depth[::step, ::step], None if image is None else _rgb(image)[::step, ::step]
    near, far = depth_range(depth)
    panels = [captioned(colour_depth(depth, near, far), title), captioned(_bar(depth.shape[0], near, far), "m")]
    if image is not None:
        panels.insert(0, captioned(image, "left image, rectified"))
    return np.hstack(panels)


def error_preview(values: F32, truth: F32, unit: str = "%") -> U8:
    """Errors in colour: in px of a disparity, or in % of a depth. Blue is right, red is wrong by 4 or more."""
    step = -(-truth.shape[1] // _PANEL)
    colours = colour_error(values[::step, ::step], truth[::step, ::step], unit)
    return captioned(colours, f"error: blue 0, red {_MOST} {unit} or more; black missing, grey no truth")


def colour_error(values: F32, truth: F32, unit: str) -> U8:
    """(H, W, 3) RGB: from blue for no error to red; black where there is a truth but no value, grey without a truth."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.abs(values - truth) * (1 if unit == "px" else 100 / truth)
    steps = np.linspace(0, _MOST, len(_RIGHT_TO_WRONG))
    channels = [np.interp(np.nan_to_num(error), steps, channel) for channel in zip(*_RIGHT_TO_WRONG, strict=True)]
    colours = np.stack(channels, -1).astype(np.uint8)
    colours[np.isnan(values)] = _MISSING
    colours[np.isnan(truth)] = _NO_TRUTH
    return colours


def captioned(panel: U8, title: str) -> U8:
    """The picture with a line of text above it."""
    caption = np.full((_TITLE, panel.shape[1], 3), _UNKNOWN, np.uint8)
    cv2.putText(caption, title, (6, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return np.vstack([caption, panel])


def cloud_preview(cloud: PointCloud, width: int = 960, height: int = 640) -> U8:
    """The cloud seen from above and to the side of the camera that took it: a quick look, no viewer needed."""
    canvas = np.full((height, width, 3), _UNKNOWN, np.uint8)
    if len(cloud) == 0:
        return canvas
    p = transforms.apply(_orbit(cloud.points), cloud.points)
    with np.errstate(divide="ignore", invalid="ignore"):
        xy = p[:, :2] / p[:, 2:]
    low, high = np.percentile(xy[p[:, 2] > 0], (1, 99), axis=0)
    f = 0.9 * min(np.array((width, height)) / np.maximum(high - low, 1e-6))
    u, v = np.rint((xy - (low + high) / 2) * f + (width / 2, height / 2)).T
    seen = (p[:, 2] > 0) & (u >= 0) & (u < width - 1) & (v >= 0) & (v < height - 1)
    u, v = np.where(seen, u, 0).astype(int), np.where(seen, v, 0).astype(int)
    order = np.flatnonzero(seen)[np.argsort(-p[seen, 2])]  # painter's algorithm: the nearest point is drawn last
    depths = cloud.points[:, 2:]  # a picture one pixel wide
    colours = cloud.colors if cloud.colors is not None else colour_depth(depths, *depth_range(depths))[:, 0]
    for dv, du in ((0, 0), (0, 1), (1, 0), (1, 1)):
        canvas[v[order] + dv, u[order] + du] = colours[order]
    return canvas


def _orbit(points: F32) -> F64:
    """`T_view_cloud` of a view from a little above and to the right of the camera, at the middle of the cloud."""
    centre = np.median(points, axis=0).astype(np.float64)
    offset = transforms.rotation_from_vector((-0.2, -0.35, 0.0)) @ np.array((0.0, 0.0, -1.25 * centre[2]))
    return transforms.inverse(transforms.look_at(centre + offset, centre))


def _rgb(image: Image) -> U8:
    grey_or_rgb = images.to_u8(image)
    return grey_or_rgb if grey_or_rgb.ndim == 3 else np.repeat(grey_or_rgb[..., None], 3, -1)


def _turbo(t: F32 | F64) -> U8:
    steps = np.rint(t * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(steps, cv2.COLORMAP_TURBO)[..., ::-1], np.uint8)


def _bar(height: int, near: float, far: float) -> U8:
    """Colour bar from near (top) to far (bottom), with depths written beside it."""
    bar = np.full((height, _BAR, 3), _UNKNOWN, np.uint8)
    bar[:, 4:24] = _turbo(np.linspace(1, 0, height, dtype=np.float32)[:, None])
    for t in np.linspace(0, 1, 6):
        z = 1 / ((1 - t) / near + t / far) if near > 0 else t * far
        row = int(10 + t * (height - 16))
        cv2.putText(bar, f"{z:.2f}", (29, row), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
    return bar
