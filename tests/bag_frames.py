"""Small frames to record, drawn at random or made from a number, and what "the same frames" means."""

import struct
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from depthkit import transforms
from depthkit.arrays import U16, Image
from depthkit.bag import BagWriter, Packing
from depthkit.bag.packing import DEFAULT_PACKING
from depthkit.cameras import CameraModel, Rig
from depthkit.types import DepthImage, FrameSet, ImuSamples
from tests import codec_images, oracle_steps

HOST0 = 1_700_000_000_000_000_000
PERIOD = 33_333_333

LEFT = CameraModel(16, 12, 20.5, 20.25, 7.5, 5.5, (0.1, -0.02, 1e-3, -1e-3), "brown_conrady")
RIGHT = CameraModel(16, 12, 20.75, 20.5, 7.25, 5.75)
COLOR = CameraModel(10, 8, 12.0, 12.5, 4.5, 3.5, (0.01, 0.02, -0.003, 0.0004), "fisheye")
DEPTH = CameraModel(6, 4, 8.0, 8.0, 2.5, 1.5)
RIG = Rig(
    {"left": LEFT, "right": RIGHT, "color": COLOR, "depth": DEPTH},
    {
        "right": transforms.from_rotation_translation(
            transforms.rotation_from_vector([0.01, -0.02, 0.03]), [-0.06, 0, 0]
        ),
        "color": transforms.from_rotation_translation(
            transforms.rotation_from_vector([2.0, 1.0, -2.0]), [0.02, 0.1, 3]
        ),
    },
    {"source": "made up for a test"},
    transforms.from_rotation_translation(transforms.rotation_from_vector([0.5, -1, 2]), [0.01, -0.02, 0.03]),
)


def frame_set(i: int, rig: Rig = RIG) -> FrameSet:
    """Frame `i`: noise in every role and kind, and a depth image, all of it depending on `i`."""
    rng = np.random.default_rng(i)
    images: dict[str, Image] = {
        "left": rng.integers(0, 256, (12, 16), np.uint8),
        "right": rng.integers(0, 65536, (12, 16), np.uint16),
        "color": rng.integers(0, 256, (8, 10, 3), np.uint8),
    }
    depth = rng.uniform(0.3, 9, (4, 6)).astype(np.float32)
    reason = rng.integers(0, 4, (4, 6), np.uint16)
    depth[reason > 0] = np.nan
    device = DepthImage(depth, reason, rng.random((4, 6), np.float32), DEPTH, HOST0 + i)
    stamp = 5_000 + i * PERIOD
    felt = ImuSamples(stamp + np.arange(-2, i % 3 - 1), *rng.normal(0, 9, (2, 1 + i % 3, 3)))
    return FrameSet(images, rig, i, stamp, HOST0 + i * PERIOD, device, {"exposure_us": 100 + i}, felt)


def device_depth(steps: U16, step: float) -> DepthImage:
    """Depth of a device that counts steps, of any size, and knows only whether there is a depth."""
    camera = CameraModel(steps.shape[1], steps.shape[0], 50.0, 50.0, 3.5, 2.5)
    return DepthImage(*oracle_steps.to_metres(steps, step), camera, HOST0)


def device_frames(i: int, step: float = 0.001) -> FrameSet:
    """Frame `i` with smooth depth in steps, as a device's, and holes; the images are noise."""
    return replace(frame_set(i), depth=device_depth(codec_images.room(i), step))


def record(path: Path, count: int) -> list[FrameSet]:
    """Record the first `count` frames and return them."""
    frames = [frame_set(i) for i in range(count)]
    write(path, frames)
    return frames


def write(path: Path, frames: Iterable[FrameSet], packing: Packing = DEFAULT_PACKING) -> None:
    """Record these frames."""
    with BagWriter(path, RIG, packing=packing) as writer:
        for each in frames:
            writer.write(each)


def same(a: FrameSet, b: FrameSet) -> bool:
    """Whether two frames hold the same, bit for bit (NaNs by their bits too)."""
    return _plain(a) == _plain(b)


def _plain(frames: FrameSet) -> list[Any]:
    depth, imu = frames.depth, frames.imu
    arrays: list[NDArray[Any]] = [] if depth is None else [depth.depth, depth.reason, depth.confidence]
    return [
        frames.sequence,
        frames.stamp_device_ns,
        frames.stamp_host_ns,
        {role: _bits(image) for role, image in frames.images.items()},
        [_bits(array) for array in arrays],
        None if depth is None else (depth.camera, depth.stamp_ns),
        None if imu is None else [_bits(each) for each in (imu.stamps_ns, imu.angular_velocity, imu.acceleration)],
        dict(frames.meta),
        frames.rig.to_dict(),
    ]


def _bits(array: NDArray[Any]) -> tuple[str, tuple[int, ...], bytes]:
    return array.dtype.str, array.shape, array.tobytes()


# --- drawn at random -------------------------------------------------------------------------------------------------

_NUMBERS = st.floats(-1e6, 1e6)
_POSITIVE = st.floats(1e-3, 1e6)


@st.composite
def cameras(draw: st.DrawFn) -> CameraModel:
    """A camera of any model, a few pixels in size."""
    model, count = draw(
        st.sampled_from([("pinhole", 0), ("fisheye", 4), *(("brown_conrady", n) for n in (4, 5, 8, 12))])
    )
    width, height = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    return CameraModel(
        width, height, draw(_POSITIVE), draw(_POSITIVE), draw(_NUMBERS), draw(_NUMBERS),
        tuple(draw(st.lists(_NUMBERS, min_size=count, max_size=count))), model,
    )  # fmt: skip


@st.composite
def rigs(draw: st.DrawFn) -> Rig:
    """One to three cameras, placed anywhere."""
    roles = draw(
        st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True), min_size=1, max_size=3, unique=True)
    )
    roles = [role for role in roles if role not in ("rig", "depth")] or ["left"]
    vectors = st.lists(st.floats(-3, 3), min_size=3, max_size=3)
    poses = {
        role: transforms.from_rotation_translation(transforms.rotation_from_vector(draw(vectors)), draw(vectors))
        for role in roles
    }
    return Rig(
        {role: draw(cameras()) for role in roles}, poses, draw(st.dictionaries(st.text(), st.text(), max_size=2))
    )


@st.composite
def frame_sets(draw: st.DrawFn, rig: Rig) -> FrameSet:
    """Any frame of that rig: some of its cameras, any pixels, maybe depth with any bits, any stamps and meta."""
    roles = draw(st.lists(st.sampled_from(sorted(rig.cameras)), unique=True))
    return FrameSet(
        {role: draw(_images(rig.camera(role))) for role in roles},
        rig,
        draw(st.integers(-(2**70), 2**70)),
        draw(st.integers(0, 2**63 - 1)),
        draw(st.integers(0, 2**31 * 10**9 - 1)),
        draw(st.none() | _depths()),
        draw(st.dictionaries(st.text(), _plain_values, max_size=3)),
        draw(st.none() | _imu_samples()),
    )


@st.composite
def _imu_samples(draw: st.DrawFn) -> ImuSamples:
    count = draw(st.integers(0, 4))
    stamps = draw(hnp.arrays(np.int64, count))
    return ImuSamples(stamps, *(draw(hnp.arrays(np.float64, (count, 3))) for _ in range(2)))


_plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def _images(camera: CameraModel) -> st.SearchStrategy[Any]:
    shape = st.sampled_from([(camera.height, camera.width), (camera.height, camera.width, 3)])
    return shape.flatmap(lambda size: hnp.arrays(np.uint8, size) | hnp.arrays(np.uint16, size))


@st.composite
def _depths(draw: st.DrawFn) -> DepthImage:
    camera = draw(cameras())
    shape = camera.height, camera.width
    depth, confidence = (draw(hnp.arrays(np.uint32, shape)).view(np.float32) for _ in range(2))
    reason = draw(hnp.arrays(np.uint16, shape))
    return DepthImage(depth, reason, confidence, camera, draw(st.integers()))


# --- a second look at the bytes --------------------------------------------------------------------------------------


class Cdr:
    """Reads little-endian CDR by hand, as the OMG's specification lays it out."""

    def __init__(self, data: bytes) -> None:
        assert data[:4] == b"\x00\x01\x00\x00"  # plain CDR, little-endian
        self._data, self._at = data[4:], 0

    def number(self, kind: str) -> Any:
        """The next number, of a struct format letter, aligned to its own size."""
        size = struct.calcsize(kind)
        self._at += -self._at % size
        (value,) = struct.unpack_from("<" + kind, self._data, self._at)
        self._at += size
        return value

    def string(self) -> str:
        """The next string; its length counts the final zero byte."""
        return self.bytes().rstrip(b"\0").decode()

    def bytes(self) -> bytes:
        """The next sequence of bytes."""
        length = self.number("I")
        self._at += length
        return self._data[self._at - length : self._at]
