"""Compression of 16-bit depth images: lossless, or with an error that no pixel exceeds.

    data = codec.encode(depth)                               # (H, W) uint16, 0 unknown
    depth = codec.decode(data)                               # the same, bit for bit
    data = codec.encode(depth, "cm", previous=frame_before)  # smaller; decode needs the same frame
    data = codec.encode(depth, "cm", max_error=10)           # every known pixel within 10 steps
    data = codec.encode(depth, "cm", max_error=codec.Bound(2, "disparity", at=1000))  # within 2 · (depth / 1000)²

| mode | what it does | for |
|---|---|---|
| `rvl` | run lengths and differences (Wilson 2017); the payload is that of ROS's compressedDepth | speed |
| `fast` | ranks of the values present, RVL, Zstandard | recording |
| `cm` | ranks, context mixing and a range coder, optionally with the frame before | size |

docs/codec.md has the format, the sources of the methods, sizes and speeds.
"""

from typing import Literal, get_args

from depthkit.arrays import U16, readonly, require
from depthkit.codec import bounds, cm, container, fast, rvl
from depthkit.codec.bounds import Bound
from depthkit.codec.container import MAX_PIXELS, Header
from depthkit.errors import CodecError, InputError

Mode = Literal["rvl", "fast", "cm"]
_NUMBERS: dict[str, int] = {"rvl": 1, "fast": 2, "cm": 3}


def encode(depth: U16, mode: Mode = "fast", *, previous: U16 | None = None, max_error: float | Bound = 0) -> bytes:
    """Compress a depth image (H, W) uint16, 0 where unknown, so that `decode` gives it back bit for bit.

    previous: in mode "cm", the frame before as it was decoded, of the same shape, to predict from; without it, a key
    frame is made. max_error: how many steps each known pixel may be off, or a `Bound` that grows with depth; what is
    unknown stays unknown.
    Raises InputError for an array of another kind, an empty one, or one of more than MAX_PIXELS or a side above 65535.
    """
    if mode not in _NUMBERS:
        raise InputError(f"no mode {mode!r}: choose one of {', '.join(get_args(Mode))}")
    require("depth", depth, "uint16", (None, None), "images.quantize makes uint16 of metres")
    if not 0 < depth.size <= MAX_PIXELS or max(depth.shape) > 65535:
        raise InputError(f"depth of shape {depth.shape} cannot be coded: 1 to {MAX_PIXELS} pixels can, sides to 65535")
    if previous is not None:
        _check_previous(previous, depth.shape[0], depth.shape[1])
        if mode != "cm":
            raise InputError(f"mode {mode!r} does not predict from the frame before: use mode 'cm', or leave it out")
    bound = max_error if isinstance(max_error, Bound) else Bound(max_error)
    depth = readonly(bounds.moved(depth, bound) if bound.error else depth)
    payload = _payload(depth, mode, previous)
    header = Header(_NUMBERS[mode], previous is not None, depth.shape[0], depth.shape[1], len(payload))
    return container.pack(header, depth, payload)


def decode(data: bytes, previous: U16 | None = None) -> U16:
    """The depth image (H, W) uint16 that `encode` was given.

    previous: the frame before, needed if the image was predicted from it and ignored if not.
    Raises CodecError for data that are damaged in whatever way, or were predicted from another frame or one that is
    missing, InputError if `previous` is of another shape; memory stays below the bound at MAX_PIXELS.
    """
    header, crc, payload = container.unpack(bytes(data))
    shape = header.height, header.width
    if header.predicted and previous is None:
        raise CodecError("this depth image was predicted from the frame before: decode that first and give it")
    if header.predicted and previous is not None:
        _check_previous(previous, *shape)
    depth = _pixels(header.mode, payload, shape, previous if header.predicted else None)
    if container.checksum(header, depth) != crc:
        raise CodecError(
            "a compressed depth image is damaged, or was predicted from another frame: its checksum is wrong"
        )
    return depth


def _payload(depth: U16, mode: Mode, previous: U16 | None) -> bytes:
    if mode == "rvl":
        return rvl.encode(depth)
    return fast.encode(depth) if mode == "fast" else cm.encode(depth, previous)


def _pixels(mode: int, payload: bytes, shape: tuple[int, int], previous: U16 | None) -> U16:
    if mode == _NUMBERS["rvl"]:
        return rvl.decode(payload, shape)
    if mode == _NUMBERS["fast"]:
        return fast.decode(payload, shape)
    if mode == _NUMBERS["cm"]:
        return cm.decode(payload, shape, previous)
    raise CodecError(f"compressed depth of mode {mode} is damaged, or from a newer depthkit: update it")


def _check_previous(previous: U16, height: int, width: int) -> None:
    require("previous", previous, "uint16", (height, width), "it must be the frame before, of the same camera")
