"""The simulated cameras' calibrations: as good as real ones are, no better."""

from depthkit import transforms
from depthkit.cameras import CameraModel, Rig
from depthkit.sim.options import Options

_LENSES = {
    "brown": ("brown_conrady", (-0.13, 0.07, 0.0006, -0.0004, -0.012), (-0.126, 0.064, -0.0005, 0.0003, -0.01)),
    "none": ("pinhole", (), ()),
    "fisheye": ("fisheye", (-0.012, 0.004, -0.002, 0.0003), (-0.011, 0.003, -0.001, 0.0002)),
}
_FOCAL = {"brown": 520.0, "none": 520.0, "fisheye": 320.0}  # px at a width of 640


def make(options: Options) -> Rig:
    """The rig of these options. Its frame is the left camera's (stereo) or the depth camera's (rgbd)."""
    return _rgbd(options) if options.kind == "rgbd" else _stereo(options)


def _stereo(options: Options) -> Rig:
    """Two near-equal cameras 120 mm apart, turned against each other by a fraction of a degree."""
    model, first, second = _LENSES[options.lens]
    focal = _FOCAL[options.lens]
    left = _camera(options, focal, (2.3, -3.1), first, model)
    right = _camera(options, focal + 1.7, (-1.6, 1.4), second, model)
    R_right_left = transforms.rotation_from_vector((0.0025, -0.004, 0.003))
    position = (0.12, 0.0006, -0.0011)  # of the right camera, in the left camera's frame
    T_right_left = transforms.from_rotation_translation(R_right_left, -R_right_left @ position)
    return Rig.stereo(left, right, T_right_left, {"source": options.uri})


def _rgbd(options: Options) -> Rig:
    """A depth camera without distortion, and a colour camera 25 mm to its right."""
    model, coefficients, _ = _LENSES[options.lens]
    depth = _camera(options, 500.0, (1.2, -0.8), (), "pinhole")
    color = _camera(options, _FOCAL[options.lens], (-2.1, 1.7), coefficients, model)
    R_color_depth = transforms.rotation_from_vector((-0.002, 0.003, 0.001))
    T_color_depth = transforms.from_rotation_translation(R_color_depth, -R_color_depth @ (0.025, 0.0002, 0.0004))
    return Rig({"color": color, "depth": depth}, {"color": T_color_depth}, {"source": options.uri})


def _camera(
    options: Options, focal: float, offset: tuple[float, float], coefficients: tuple[float, ...], model: str
) -> CameraModel:
    """A camera with focal length and offset of the principal point from the middle, in px at a width of 640."""
    width, height = options.size
    scale = width / 640
    cx, cy = (width - 1) / 2 + offset[0] * scale, (height - 1) / 2 + offset[1] * scale
    return CameraModel(width, height, focal * scale, focal * scale * 1.0008, cx, cy, coefficients, model)
