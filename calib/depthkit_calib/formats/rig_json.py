"""The rig.json that depthkit writes beside pictures: `Rig.to_dict`, for programs rather than people."""

import json

from depthkit.cameras import Rig
from depthkit.errors import CalibrationError
from depthkit_calib.formats.source import Source


def matches(source: Source) -> bool:
    """A JSON file with a table of cameras."""
    return source.path.suffix.lower() == ".json" and '"cameras"' in source.text


def read(source: Source) -> Rig:
    """The rig, to the last bit."""
    try:
        values = json.loads(source.text)
    except json.JSONDecodeError as error:
        raise CalibrationError(f"{source.path}: not valid JSON: {error}") from error
    return Rig.from_dict(values, str(source.path))
