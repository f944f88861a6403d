"""Factory calibration of a ZED camera, SN<serial>.conf: an INI file with a section a camera and resolution.

Lengths are millimetres, rotations radians. [STEREO] gives the axis–angle vector (RX, CV, RZ) of R and
t = (Baseline, TY, TZ) with p_right = R p_left − t: that is how Stereolabs' open-source reader rectifies. (Its tool that
writes such files gives TY and TZ the other sign; they are tenths of a millimetre.)
"""

import configparser
import re

import numpy as np

from depthkit import transforms
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import CalibrationError
from depthkit_calib.formats.source import Source, Values, stereo_rig

_RESOLUTIONS = {
    "VGA": (672, 376),
    "SVGA": (960, 600),
    "HD": (1280, 720),
    "FHD": (1920, 1080),
    "FHD1200": (1920, 1200),
    "2K": (2208, 1242),
    "QHDPLUS": (3200, 1800),
    "4K": (3840, 2160),
}


def matches(source: Source) -> bool:
    """A file that has a section of the format."""
    return (
        re.search(r"^\s*\[(LEFT_CAM_\w+|RIGHT_CAM_\w+|STEREO)\]", source.text, re.MULTILINE | re.IGNORECASE) is not None
    )


def read(source: Source) -> Rig:
    """The two cameras at the resolution `source.size`, distortion included, and the factory's pose of the right one."""
    sections = _sections(source)
    name = _resolution(source, sections)
    left, right = (_camera(source, sections, side, name) for side in ("LEFT", "RIGHT"))
    stereo = _section(source, sections, "STEREO")
    vector = [stereo.number(f"{key}_{name}") for key in ("RX", "CV", "RZ")]
    offsets = [stereo.number(stereo.first(f"{key}_{name}", key)) for key in ("TY", "TZ")]
    t = np.array([stereo.number("Baseline"), *offsets]) / 1000
    T = transforms.from_rotation_translation(transforms.rotation_from_vector(vector), -t)
    key = "Baseline in [STEREO]"
    return stereo_rig(source, "ZED factory calibration", left, right, T, key, "it must be in millimetres")


def _sections(source: Source) -> dict[str, Values]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    try:
        parser.read_string(source.text)
    except configparser.Error as error:
        raise CalibrationError(f"{source.path}: not a readable INI file: {error.message.splitlines()[0]}") from error
    return {name.upper(): Values(f"{source.path}: [{name}]", parser[name]) for name in parser.sections()}


def _section(source: Source, sections: dict[str, Values], name: str) -> Values:
    if name not in sections:
        raise CalibrationError(f"{source.path}: missing section [{name}]")
    return sections[name]


def _resolution(source: Source, sections: dict[str, Values]) -> str:
    there = {size: name for name, size in _RESOLUTIONS.items() if f"LEFT_CAM_{name}" in sections}
    if source.size in there:
        return there[source.size]
    listed = ", ".join(f"{width}×{height}" for width, height in there) or "none"
    wanted = "say which: size=(width, height)" if source.size is None else "not {}×{}".format(*source.size)
    raise CalibrationError(f"{source.path}: holds calibrations for {listed} images; {wanted}")


def _camera(source: Source, sections: dict[str, Values], side: str, name: str) -> CameraModel:
    values = _section(source, sections, f"{side}_CAM_{name}")
    # Newer files keep one set of coefficients for all resolutions in a section of their own.
    lens = values if "k1" in values else sections.get(f"{side}_DISTO", values)
    keys = ["k1", "k2", "p1", "p2", "k3"] + [key for key in ("k4", "k5", "k6", "s1", "s2", "s3", "s4") if key in lens]
    return values.camera(_RESOLUTIONS[name], [lens.number(key) for key in keys], "brown_conrady")
