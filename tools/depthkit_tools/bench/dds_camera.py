"""A simulated RealSense camera, as librealsense's own network protocol has it (DDS), on the loopback interface.

    python -m depthkit_tools.bench.dds_camera --domain 7

It is a program of its own, which runs until it is ended or its input closes. What its pictures show is told by the
functions here: in each of the first rows, depth, infrared and colour of frame n differ from those of its neighbours.
"""

import argparse
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from pyrealsense2 import pyrealdds as dds

from depthkit.arrays import U8, U16

SERIAL, FIRMWARE = "123456789012", "7.56.1.1"
WIDTH, HEIGHT = 640, 480
FOCAL = {"Depth": 600.0, "Infrared_1": 600.0, "Infrared_2": 600.0, "Color": 610.0}
X = {"Depth": 0.0, "Infrared_1": 0.0, "Infrared_2": 0.05, "Color": -0.015}
"""Where each sensor is, in metres to the right of the depth sensor."""
EXPOSURE_US, GAIN = 8500, 16

_DIFFERENT = 4  # pictures of each stream, sent in turn: making a message takes 10 ms
_SETTLED = 0.2  # s, after which who asked for streams has the answer: switching them earlier can lock both up
_ENCODINGS = {
    "Depth": dds.video_encoding.z16,
    "Infrared_1": dds.video_encoding.y8,
    "Infrared_2": dds.video_encoding.y8,
    "Color": dds.video_encoding.rgb,
}
_SERVERS = {"Depth": dds.depth_stream_server, "Color": dds.color_stream_server}


def depth(number: int) -> U16:
    """(480, 640) uint16 steps of frame `number`: a slope, nothing in the first column."""
    steps = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)) + 1000 + number % _DIFFERENT
    steps[:, 0] = 0
    return steps.astype(np.uint16)


def infrared(number: int, side: int) -> U8:
    """(480, 640) uint8 of the left (1) or the right (2) imager."""
    row = np.arange(WIDTH) + 5 * side + number % _DIFFERENT
    return np.broadcast_to(row.astype(np.uint8), (HEIGHT, WIDTH)).copy()


def color(number: int) -> U8:
    """(480, 640, 3) uint8 RGB."""
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([u, v, np.full_like(u, 40 * (number % _DIFFERENT))], -1).astype(np.uint8)


class DdsCamera:
    """The camera's server. fps: of all streams; unit: metres a step of depth; skip: of so many frames one is lost."""

    def __init__(self, domain: int, fps: int = 30, unit: float = 0.001, skip: int = 0) -> None:
        self.fps, self.unit, self.skip = fps, unit, skip
        self._wanted: set[str] = set()
        self._asked = 0.0
        self._lock = threading.Lock()
        self._participant = dds.participant()
        self._participant.init(domain, "depthkit", {"udp": {"whitelist": ["127.0.0.1"]}})
        self._streams = {name: self._stream(name) for name in _ENCODINGS}
        self._messages = {name: [_message(_picture(name, n)) for n in range(_DIFFERENT)] for name in _ENCODINGS}
        self._server = self._announced()

    def run(self, ended: threading.Event) -> None:
        """Send frames to whoever wants them."""
        number, due = 0, time.monotonic()
        while not ended.wait(max(0.0, due - time.monotonic())):
            due += 1 / self.fps
            wanted = self._switched()
            if wanted:
                number += 1
                if not (self.skip and number % self.skip == 0):
                    self._send(number, wanted)
        self._server.broadcast_disconnect()

    def _send(self, number: int, wanted: set[str]) -> None:
        now = dds.now()
        for name in wanted:
            message = self._messages[name][number % _DIFFERENT]
            message.timestamp = now
            self._streams[name].publish_image(message)
            header = {"frame-number": number, "timestamp": now.to_ns(), "timestamp-domain": 0}
            if name == "Depth":
                header["depth-units"] = self.unit
            values = {"Actual Exposure": EXPOSURE_US, "Gain Level": GAIN}
            self._server.publish_metadata({"stream-name": name, "header": header, "metadata": values})

    def _switched(self) -> set[str]:
        with self._lock:
            if time.monotonic() - self._asked < _SETTLED:
                return {name for name, stream in self._streams.items() if stream.is_streaming()}
            wanted = set(self._wanted)
        for name, stream in self._streams.items():
            if name in wanted and not stream.is_streaming():
                stream.start_streaming(_ENCODINGS[name], WIDTH, HEIGHT)
            elif name not in wanted and stream.is_streaming():
                stream.stop_streaming()
        return wanted

    def _stream(self, name: str) -> Any:
        sensor = "RGB Camera" if name == "Color" else "Stereo Module"
        stream = _SERVERS.get(name, dds.ir_stream_server)(name, sensor)
        stream.enable_metadata()
        stream.init_profiles([dds.video_stream_profile(self.fps, _ENCODINGS[name], WIDTH, HEIGHT)], 0)
        stream.init_options(self._options() if name == "Depth" else [])
        stream.set_intrinsics({_intrinsics(FOCAL[name])})
        return stream

    def _options(self) -> list[Any]:
        options = (
            ["Depth Units", self.unit, 0.0001, 0.01, 0.0001, self.unit, "metres a step"],
            ["Stereo Baseline", 50.0, "mm", ["read-only"]],
            ["Exposure", float(EXPOSURE_US), 1.0, 165000.0, 1.0, 8500.0, "µs"],
            ["Enable Auto Exposure", False, False, "whether the camera sets its exposure"],
        )
        return [dds.option.from_json(list(option)) for option in options]

    def _announced(self) -> Any:
        about = {
            "name": "Simulated D500",
            "serial": SERIAL,
            "topic-root": f"realsense/depthkit_{SERIAL}",
            "product-line": "D500",
            "fw-version": FIRMWARE,
        }
        info = dds.message.device_info.from_json(about)
        server = dds.device_server(self._participant, info.topic_root)
        server.on_control(self._on_control)
        places = {(a, b): _shift(X[a] - X[b]) for a in X for b in X if a != b}
        server.init(list(self._streams.values()), [], places)
        server.broadcast(info)
        return server

    def _on_control(self, server: Any, kind: str, control: Mapping[str, Any], reply: Any) -> bool:
        """Who opens streams names those that are added or, with `reset`, all there are to be.

        This is the one way to learn it: callbacks about readers come with DDS locked, which publishing waits for.
        """
        if kind == "open-streams":
            named = set(control.get("stream-profiles", ()))
            with self._lock:
                self._wanted = named if control.get("reset") else self._wanted | named
                self._asked = time.monotonic()
        return True


def _picture(name: str, number: int) -> U8 | U16:
    if name == "Depth":
        return depth(number)
    return color(number) if name == "Color" else infrared(number, int(name[-1]))


def _message(picture: U8 | U16) -> Any:
    message = dds.message.image()
    message.height, message.width = picture.shape[:2]
    message.data = picture.ravel().view(np.uint8).tolist()
    return message


def _intrinsics(focal: float) -> Any:
    found = dds.video_intrinsics()
    found.width, found.height = WIDTH, HEIGHT
    found.principal_point.x, found.principal_point.y = WIDTH / 2 - 0.5, HEIGHT / 2 - 0.5
    found.focal_length.x = found.focal_length.y = focal
    found.distortion.model, found.distortion.coeffs = dds.distortion_model.brown, [0.0] * 5
    return found


def _shift(x: float) -> Any:
    found = dds.extrinsics()
    found.rotation, found.translation = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), (x, 0.0, 0.0)
    return found


def _arguments() -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domain", type=int, required=True)
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--unit", type=float, default=0.001)
    parser.add_argument("--skip", type=int, default=0)
    return vars(parser.parse_args())


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def main() -> None:
    """Serve until the input closes, as it does when whoever started this ends."""
    ended = threading.Event()
    camera = DdsCamera(**_arguments())
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    print("ready", flush=True)
    camera.run(ended)


if __name__ == "__main__":
    main()
