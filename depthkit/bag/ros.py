"""ROS 2 messages as bytes (CDR), written and read with the rosbags library."""

import json
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from depthkit import transforms
from depthkit.arrays import F64, readonly
from depthkit.cameras import CameraModel, Rig

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
TRANSFORMS = "tf2_msgs/msg/TFMessage"
IMU = "sensor_msgs/msg/Imu"
TEXT = "std_msgs/msg/String"
CODED_DEPTH = "depthkit_msgs/msg/CodecDepth"
"""Our own: depth compressed by `depthkit.codec`; `step` is metres a step of its 16 bits, `mode` the codec's."""

_OWN = {CODED_DEPTH: "std_msgs/Header header\nfloat64 step\nstring mode\nuint8[] data\n"}

RIG_FRAME = "rig"
"""Name of the rig's common frame, the parent of every camera's frame."""
IMU_FRAME = "imu"

_PIXELS = {
    "mono8": ("u1", ()),
    "mono16": ("<u2", ()),
    "16UC1": ("<u2", ()),
    "rgb8": ("u1", (3,)),
    "rgb16": ("<u2", (3,)),
    "32FC1": ("<f4", ()),
}
"""dtype and channels of each image encoding."""


Cdr = tuple[memoryview, ...]
"""A serialised message, in parts, so that pixels need not be copied."""


class Message(NamedTuple):
    """A serialised message, its topic, and its ROS 2 type."""

    topic: str
    kind: str
    parts: Cdr

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(part.nbytes for part in self.parts)


def definition(kind: str) -> bytes:
    """The text of a message type and of all types inside it, as MCAP's "ros2msg" schemas hold it."""
    text, _ = _store().generate_msgdef(kind, ros_version=2)
    return text.encode()


def encoding(pixels: NDArray[Any]) -> str:
    """ROS's name for the pixels of a (H, W) or (H, W, 3) uint8 or uint16 or a (H, W) float32 image."""
    if pixels.dtype == np.float32:
        return "32FC1"
    return f"{'rgb' if pixels.ndim == 3 else 'mono'}{8 * pixels.itemsize}"


def image(pixels: NDArray[Any], frame: str, stamp_ns: int) -> Cdr:
    """An Image message of a C-contiguous image, whose pixels it shares; `frame` names the camera's frame."""
    height, width = pixels.shape[:2]
    fields = {"height": height, "width": width, "encoding": encoding(pixels), "is_bigendian": 0}
    return _with_data(IMAGE, pixels.reshape(-1).view(np.uint8).data, frame, stamp_ns, **fields, step=pixels.strides[0])


def read_image(data: memoryview) -> NDArray[Any]:
    """The read-only pixels of an Image message that `image` made; they share memory with `data`."""
    message: Any = _store().deserialize_cdr(data, IMAGE)
    dtype, channels = _PIXELS[message.encoding]
    return readonly(message.data.view(dtype).reshape(message.height, message.width, *channels))


def compressed_image(data: bytes, form: str, frame: str, stamp_ns: int) -> Cdr:
    """A CompressedImage message; `form` is its `format`, as image_transport's plugins write it."""
    return _with_data(COMPRESSED_IMAGE, memoryview(data), frame, stamp_ns, format=form)


def coded_depth(data: bytes, step: float, mode: str, frame: str, stamp_ns: int) -> Cdr:
    """A CodecDepth message."""
    return _with_data(CODED_DEPTH, memoryview(data), frame, stamp_ns, step=step, mode=mode)


def payload(data: memoryview, kind: str) -> bytes:
    """The compressed data in a message that `compressed_image` or `coded_depth` made."""
    message: Any = _store().deserialize_cdr(data, kind)
    return bytes(message.data)


def pixel_bytes(encoding: str) -> int:
    """Bytes of a pixel in an Image message."""
    dtype, channels = _PIXELS[encoding]
    return np.dtype((dtype, channels)).itemsize


def camera_info(camera: CameraModel, frame: str, stamp_ns: int) -> Cdr:
    """A CameraInfo message for the image as it left the camera: R is the identity and P repeats K."""
    distortion_model, d = _distortion(camera)
    message = _store().types[CAMERA_INFO](
        header=_header(frame, stamp_ns),
        height=camera.height,
        width=camera.width,
        distortion_model=distortion_model,
        d=d,
        k=camera.K.reshape(9),
        r=np.eye(3).reshape(9),
        p=np.column_stack([camera.K, np.zeros(3)]).reshape(12),
        binning_x=0,
        binning_y=0,
        roi=_store().types["sensor_msgs/msg/RegionOfInterest"](
            x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        ),
    )
    return (_store().serialize_cdr(message, CAMERA_INFO),)


def imu(angular_velocity: F64, acceleration: F64, stamp_ns: int) -> Cdr:
    """An Imu message of one sample (3,), (3,), which knows no orientation and no covariances."""
    types = _store().types
    unknown, no_orientation = np.zeros(9), np.array([-1.0, *[0.0] * 8])
    message = types[IMU](
        header=_header(IMU_FRAME, stamp_ns),
        orientation=types["geometry_msgs/msg/Quaternion"](x=0, y=0, z=0, w=1),
        orientation_covariance=no_orientation,
        angular_velocity=_vector(angular_velocity),
        angular_velocity_covariance=unknown,
        linear_acceleration=_vector(acceleration),
        linear_acceleration_covariance=unknown,
    )
    return (_store().serialize_cdr(message, IMU),)


def read_imu(data: memoryview) -> tuple[list[float], list[float]]:
    """Angular velocity and acceleration of an Imu message."""
    message: Any = _store().deserialize_cdr(data, IMU)
    turn, push = message.angular_velocity, message.linear_acceleration
    return [turn.x, turn.y, turn.z], [push.x, push.y, push.z]


def rig_transforms(rig: Rig, stamp_ns: int) -> Cdr:
    """A TFMessage that places each camera's frame, named by its role, and that of an IMU in the rig's."""
    poses = dict(rig.T_camera_rig) | ({} if rig.T_imu_rig is None else {IMU_FRAME: rig.T_imu_rig})
    placed = [_transform(role, transforms.inverse(T), stamp_ns) for role, T in poses.items()]
    return (_store().serialize_cdr(_store().types[TRANSFORMS](transforms=placed), TRANSFORMS),)


def text(values: dict[str, Any]) -> Cdr:
    """A String message that holds `values` as JSON. Raises TypeError or ValueError for what JSON cannot hold."""
    message = _store().types[TEXT](data=json.dumps(values, ensure_ascii=False, allow_nan=False))
    return (_store().serialize_cdr(message, TEXT),)


def read_text(data: memoryview) -> dict[str, Any]:
    """The values of a String message that `text` made."""
    message: Any = _store().deserialize_cdr(data, TEXT)
    values: dict[str, Any] = json.loads(message.data)
    return values


@cache
def _store() -> Typestore:
    store = get_typestore(Stores.ROS2_HUMBLE)  # whose types here are the same in every ROS 2 release so far
    for kind, text in _OWN.items():
        store.register(get_types_from_msg(text, kind))
    return store


def _with_data(kind: str, data: memoryview, frame: str, stamp_ns: int, **fields: Any) -> Cdr:
    """A message whose last field, `data`, is left where it is: serialised without it, all but its length is there."""
    message = _store().types[kind](header=_header(frame, stamp_ns), **fields, data=np.empty(0, np.uint8))
    head = _store().serialize_cdr(message, kind)
    length = np.uint32(data.nbytes).tobytes()
    return memoryview(bytes(head[: -len(length)]) + length), data


def _header(frame: str, stamp_ns: int) -> Any:
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    stamp = _store().types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=nanoseconds)
    return _store().types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)


def _distortion(camera: CameraModel) -> tuple[str, F64]:
    """ROS's name for the lens model and its coefficients, which ROS keeps in OpenCV's order too."""
    d = np.array(camera.distortion, np.float64)
    if camera.model == "fisheye":
        return "equidistant", d
    if len(d) > 5:
        return "rational_polynomial", d
    return "plumb_bob", np.pad(d, (0, 5 - len(d)))


def _transform(child: str, T_parent_child: F64, stamp_ns: int) -> Any:
    w, x, y, z = transforms.quaternion_from_rotation(T_parent_child[:3, :3]).tolist()
    types = _store().types
    return types["geometry_msgs/msg/TransformStamped"](
        header=_header(RIG_FRAME, stamp_ns),
        child_frame_id=child,
        transform=types["geometry_msgs/msg/Transform"](
            translation=_vector(T_parent_child[:3, 3]),
            rotation=types["geometry_msgs/msg/Quaternion"](x=x, y=y, z=z, w=w),
        ),
    )


def _vector(values: F64) -> Any:
    x, y, z = values.tolist()
    return _store().types["geometry_msgs/msg/Vector3"](x=x, y=y, z=z)
