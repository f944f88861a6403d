"""depthkit: from any depth camera, live or recorded, to a metric point cloud."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depthkit.cameras import CameraModel, Rig
    from depthkit.capture import Camera, list_cameras, open_camera
    from depthkit.errors import DepthkitError
    from depthkit.pipeline import Pipeline
    from depthkit.types import DepthImage, Disparity, FrameSet, PointCloud, Reason

__version__ = "0.1.0"

__all__ = [
    "Camera",
    "CameraModel",
    "DepthImage",
    "DepthkitError",
    "Disparity",
    "FrameSet",
    "Pipeline",
    "PointCloud",
    "Reason",
    "Rig",
    "list_cameras",
    "open_camera",
]

_HOMES = {
    "cameras": ("CameraModel", "Rig"),
    "capture": ("Camera", "list_cameras", "open_camera"),
    "errors": ("DepthkitError",),
    "pipeline": ("Pipeline",),
    "types": ("DepthImage", "Disparity", "FrameSet", "PointCloud", "Reason"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = {"bag", "cloud", "codec", "depth", "exports", "images", "rectify", "stereo", "transforms", *_HOMES}


def __getattr__(name: str) -> Any:
    """Load a public name or module on first use, so that `import depthkit` costs next to nothing."""
    if name in _HOME_OF:
        return getattr(importlib.import_module(f"depthkit.{_HOME_OF[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"depthkit.{name}")
    raise AttributeError(f"module 'depthkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES, "__version__"})
