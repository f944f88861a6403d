"""Pictures for people: depth in colour with its scale, and a look at the cloud from the side."""

import cv2
import numpy as np

from depthkit import images, transforms
from depthkit.arrays import F32, F64, U8, Image
from depthkit.types import PointCloud

_UNKNOWN = (24, 24, 28)  # RGB of a pixel without depth
_INK = (235, 235, 235)
_BAR = 84  # width of the colour bar with its ticks, px
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
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (1 / depth - 1 / far) / (1 / near - 1 / far) if near > 0 else 1 - depth / far
    colours = _turbo(np.nan_to_num(np.clip(t, 0, 1)))
    colours[~np.isfinite(depth)] = _UNKNOWN
    return colours


def pair_preview(image: Image | None, depth: F32, title: str) -> U8:
    """The left image beside its depth in colour, with a scale in metres."""
    near, far = depth_range(depth)
    panels = [_captioned(colour_depth(depth, near, far), title), _captioned(_bar(depth.shape[0], near, far), "m")]
    if image is not None:
        panels.insert(0, _captioned(_rgb(image), "left image, rectified"))
    return np.hstack(panels)


def cloud_preview(cloud: PointCloud, width: int = 960, height: int = 640) -> U8:
    """The cloud seen from above and to the side of the camera that took it: a quick look, no viewer needed."""
    canvas = np.full((height, width, 3), _UNKNOWN, np.uint8)
    if len(cloud) == 0:
        return canvas
    T_view_cloud, distance = _orbit(cloud.points)
    p = transforms.apply(T_view_cloud, cloud.points)
    f = 0.9 * min(width, height)
    u = np.rint(p[:, 0] / p[:, 2] * f + width / 2).astype(int)
    v = np.rint(p[:, 1] / p[:, 2] * f + height / 2).astype(int)
    seen = (p[:, 2] > 0.2 * distance) & (u >= 0) & (u < width - 1) & (v >= 0) & (v < height - 1)
    order = np.flatnonzero(seen)[np.argsort(-p[seen, 2])]  # painter's algorithm: the nearest point is drawn last
    colours = cloud.colors if cloud.colors is not None else colour_depth(cloud.points[:, 2], *depth_range(p[:, 2]))
    for dv, du in ((0, 0), (0, 1), (1, 0), (1, 1)):
        canvas[v[order] + dv, u[order] + du] = colours[order]
    return canvas


def _orbit(points: F32) -> tuple[F64, float]:
    """View from a quarter of the way round the middle of the cloud, and its distance in m."""
    centre = np.median(points, axis=0).astype(np.float64)
    distance = float(centre[2]) * 1.25
    offset = transforms.rotation_from_vector((-0.28, 0.45, 0.0)) @ np.array((0.0, 0.0, -distance))
    return transforms.inverse(transforms.look_at(centre + offset, centre)), distance


def _rgb(image: Image) -> U8:
    grey_or_rgb = images.to_u8(image)
    return grey_or_rgb if grey_or_rgb.ndim == 3 else np.repeat(grey_or_rgb[..., None], 3, -1)


def _turbo(t: F32) -> U8:
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


def _captioned(panel: U8, title: str) -> U8:
    caption = np.full((_TITLE, panel.shape[1], 3), _UNKNOWN, np.uint8)
    cv2.putText(caption, title, (6, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return np.vstack([caption, panel])
