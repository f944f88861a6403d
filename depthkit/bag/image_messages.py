"""Images of cameras as messages: as they are, or as PNG or JPEG the way ROS's compressed_image_transport says it."""

from collections.abc import Mapping

import numpy as np

from depthkit import images
from depthkit.arrays import Image
from depthkit.bag import ros
from depthkit.bag.packing import How, Packing
from depthkit.bag.ros import Message


def pack(image: Image, role: str, stamp_ns: int, packing: Packing) -> tuple[How, Message]:
    """The message of an image, and how it is packed."""
    if packing.images == "raw":
        return {}, Message(f"/{role}/image_raw", ros.IMAGE, ros.image(image, role, stamp_ns))
    how: dict[str, object] = {"as": "png"}
    if packing.images == "jpeg" and image.dtype == np.uint8:  # which JPEG is limited to
        how = {"as": "jpeg", "quality": packing.jpeg_quality}
    data = images.encode_jpeg(image, packing.jpeg_quality) if how["as"] == "jpeg" else images.encode_png(image)
    message = ros.compressed_image(data, _format(image, str(how["as"])), role, stamp_ns)
    return {**how, "bytes": len(message)}, Message(_compressed(role), ros.COMPRESSED_IMAGE, message)


def unpack(role: str, how: How, messages: Mapping[str, bytes]) -> Image:
    """The image of that role, of the messages by topic; InputError for a damaged one."""
    if not how:
        return ros.read_image(messages[f"/{role}/image_raw"])
    return images.decode(ros.payload(messages[_compressed(role)], ros.COMPRESSED_IMAGE), f"the {role!r} image")


def _compressed(role: str) -> str:
    return f"/{role}/image_raw/compressed"


def _format(image: Image, form: str) -> str:
    """Encoding before compression, and the order of channels in the file: OpenCV's, whatever a reader makes of it."""
    order = f"bgr{8 * image.itemsize}" if image.ndim == 3 else ""
    return f"{ros.encoding(image)}; {form} compressed {order}"
