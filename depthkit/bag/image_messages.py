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
    how, data = _compress(image, packing)
    parts = ros.compressed_image(data, _format(image, how["as"]), role, stamp_ns)
    message = Message(_compressed(role), ros.COMPRESSED_IMAGE, parts)
    return {**how, "bytes": message.size}, message


def unpack(role: str, how: How, messages: Mapping[str, memoryview]) -> Image:
    """The image of that role, of the messages by topic; InputError for a damaged one."""
    if not how:
        return ros.read_image(messages[f"/{role}/image_raw"])
    return images.decode(ros.payload(messages[_compressed(role)], ros.COMPRESSED_IMAGE), f"the {role!r} image")


def _compress(image: Image, packing: Packing) -> tuple[How, bytes]:
    """JPEG if it is asked for and the image has 8 bits, else PNG."""
    if packing.images == "png" or image.dtype == np.uint16:
        return {"as": "png"}, images.encode_png(image)
    quality = packing.jpeg_quality
    return {"as": "jpeg", "quality": quality}, images.encode_jpeg(images.to_u8(image), quality)


def _compressed(role: str) -> str:
    return f"/{role}/image_raw/compressed"


def _format(image: Image, form: str) -> str:
    """Encoding before compression, and the order of channels in the file: OpenCV's, whatever a reader makes of it."""
    order = f"bgr{8 * image.itemsize}" if image.ndim == 3 else ""
    return f"{ros.encoding(image)}; {form} compressed {order}"
