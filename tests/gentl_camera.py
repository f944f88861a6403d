"""The GenTL producer that comes with genicam, whose cameras see a bouncing ball, and what harvesters makes of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

genicam = pytest.importorskip("genicam", reason="needs genicam: pip install 'depthkit[gentl]'")
core = pytest.importorskip("harvesters.core", reason="needs harvesters: pip install 'depthkit[gentl]'")

VIKY = Path(genicam.__file__).parent / "viky.cti"
if not VIKY.is_file():
    pytest.skip(
        "this genicam has no simulated producer (viky.cti): pip install genicam==1.6.0", allow_module_level=True
    )

from depthkit_drivers.gentl_device import GenTlDevice  # noqa: E402  # once it is known that genicam is there

__all__ = ["ENTRY_POINTS", "VIKY", "GenTlDevice", "gentl", "harvested"]

gentl = genicam.gentl
ENTRY_POINTS = "[depthkit.drivers]\ngentl = depthkit_drivers.gentl:GenTlDriver\n"


def harvested(serial: str, frames: int, settings: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """What harvesters itself gives as the first frames after opening, of 200×100 px, as fast as it goes.

    By their number: (H, W) or (H, W, C) by PFNC's name of the format.
    """
    found = {}
    with core.Harvester() as harvester:
        harvester.add_file(str(VIKY))
        harvester.update()
        acquirer = harvester.create({"serial_number": serial})
        nodes = acquirer.remote_device.node_map
        for name, value in {"Width": 200, "Height": 100, "AcquisitionFrameRate": 200.0, **settings}.items():
            getattr(nodes, name).value = value
        acquirer.start()
        for _ in range(frames):
            with acquirer.fetch(timeout=10) as buffer:
                found[buffer.frame_id] = {each.data_format: _pixels(each) for each in buffer.payload.components}
        acquirer.destroy()
    return found


def _pixels(component: Any) -> Any:
    channels = int(component.num_components_per_pixel)
    shape = (component.height, component.width, channels)[: 2 + (channels > 1)]
    return component.data.copy().reshape(shape)
