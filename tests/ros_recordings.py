"""Writes ROS recordings of each kind with the rosbags library, message by message."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from mcap.writer import Writer as McapWriter
from numpy.typing import ArrayLike, NDArray
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from depthkit import transforms
from depthkit.arrays import F64
from depthkit.cameras import CameraModel

Kind = Literal["ros1", "ros1-lz4", "ros1-mcap", "sqlite", "sqlite-zstd", "mcap"]
KINDS: tuple[Kind, ...] = ("ros1", "ros1-lz4", "ros1-mcap", "sqlite", "sqlite-zstd", "mcap")


class McapOfRos1:
    """A .bag in MCAP, written with the mcap library, with the part of rosbags' Writer that is used here."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._writer = McapWriter(self._file)

    def __enter__(self) -> Self:
        self._writer.start(profile="ros1", library="test")
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.finish()  # type: ignore[no-untyped-call]  # its types are missing
        self._file.close()

    def add_connection(self, topic: str, kind: str, typestore: Typestore) -> int:
        text, _ = typestore.generate_msgdef(kind, ros_version=1)
        schema = self._writer.register_schema(kind.replace("/msg/", "/"), "ros1msg", text.encode())
        return self._writer.register_channel(topic, "ros1", schema)

    def write(self, connection: int, time: int, data: bytes) -> None:
        self._writer.add_message(connection, time, data, time)


class RosWriter:
    """A recording to be; `path` is what to open when it is closed. Times of messages count up by 1 ms."""

    def __init__(self, folder: Path, kind: Kind, surplus: int = 0) -> None:
        self.is2 = not kind.startswith("ros1")
        self.path = folder / (kind if self.is2 else "ros1.mcap" if kind == "ros1-mcap" else f"{kind}.bag")
        self._surplus = surplus
        self._store = get_typestore(Stores.ROS2_HUMBLE if self.is2 else Stores.ROS1_NOETIC)
        if not self.is2:
            definition = "geometry_msgs/TransformStamped[] transforms"
            self._store.register(get_types_from_msg(definition, "tf2_msgs/msg/TFMessage"))
        self._writer: Any
        if self.is2:
            plugin = StoragePlugin.MCAP if kind == "mcap" else StoragePlugin.SQLITE3
            self._writer = Writer2(self.path, version=9, storage_plugin=plugin)
            if kind == "sqlite-zstd":
                self._writer.set_compression(CompressionMode.MESSAGE, CompressionFormat.ZSTD)
        elif kind == "ros1-mcap":
            self._writer = McapOfRos1(self.path)
        else:
            self._writer = Writer1(self.path)
            if kind == "ros1-lz4":
                self._writer.set_compression(Writer1.CompressionFormat.LZ4)
        self._connections: dict[str, Any] = {}
        self._time = 1_700_000_000_000_000_000
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._writer)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, topic: str, kind: str, surplus: int = 0, **values: Any) -> None:
        message = self._store.types[kind](**values)
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(topic, kind, typestore=self._store)
        encode = self._store.serialize_cdr if self.is2 else self._store.serialize_ros1
        self._time += 1_000_000
        self._writer.write(self._connections[topic], self._time, bytes(encode(message, kind)) + bytes(surplus))

    def image(
        self,
        topic: str,
        frame: str,
        stamp: int,
        pixels: NDArray[Any],
        encoding: str,
        *,
        pad: int = 0,
        big: bool = False,
    ) -> None:
        """Pixels as bytes of rows with `pad` bytes behind each."""
        if big:
            pixels = pixels.astype(pixels.dtype.newbyteorder(">"))
        rows = np.frombuffer(pixels.tobytes(), np.uint8).reshape(len(pixels), -1)
        rows = np.pad(rows, ((0, 0), (0, pad)), constant_values=77)
        self.write(
            topic, "sensor_msgs/msg/Image", self._surplus, header=self._header(frame, stamp), height=pixels.shape[0],
            width=pixels.shape[1], encoding=encoding, is_bigendian=int(big), step=rows.shape[1], data=rows.ravel(),
        )  # fmt: skip

    def compressed(self, topic: str, frame: str, stamp: int, form: str, data: bytes) -> None:
        values = np.frombuffer(data, np.uint8)
        header = self._header(frame, stamp)
        self.write(topic, "sensor_msgs/msg/CompressedImage", header=header, format=form, data=values)

    def info(
        self,
        topic: str,
        frame: str,
        camera: CameraModel,
        lens: str,
        R: ArrayLike | None = None,
        P: ArrayLike | None = None,
    ) -> None:
        roi = self._store.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        matrices: dict[str, Any] = {
            "d": np.array(camera.distortion, np.float64),
            "k": camera.K.ravel(),
            "r": np.ravel(np.eye(3) if R is None else R).astype(np.float64),
            "p": np.ravel(np.column_stack([camera.K, np.zeros(3)]) if P is None else P).astype(np.float64),
        }
        self.write(
            topic, "sensor_msgs/msg/CameraInfo", header=self._header(frame, 0), height=camera.height,
            width=camera.width, distortion_model=lens, binning_x=0, binning_y=0, roi=roi,
            **{(name if self.is2 else name.upper()): value for name, value in matrices.items()},
        )  # fmt: skip

    def transform(self, topic: str, parent: str, child: str, T_parent_child: F64) -> None:
        stamped = self._store.types["geometry_msgs/msg/TransformStamped"]
        each = stamped(self._header(parent, 0), child, self.pose(T_parent_child))
        self.write(topic, "tf2_msgs/msg/TFMessage", transforms=[each])

    def pose(self, T: F64) -> Any:
        w, x, y, z = transforms.quaternion_from_rotation(T[:3, :3]).tolist()
        types = self._store.types
        return types["geometry_msgs/msg/Transform"](
            types["geometry_msgs/msg/Vector3"](*T[:3, 3].tolist()), types["geometry_msgs/msg/Quaternion"](x, y, z, w)
        )

    def _header(self, frame: str, stamp: int) -> Any:
        time = self._store.types["builtin_interfaces/msg/Time"](*divmod(stamp, 10**9))
        sequence = () if self.is2 else (0,)
        return self._store.types["std_msgs/msg/Header"](*sequence, time, frame)
