"""A GigE Vision camera in Python, for what libaravis's simulated one cannot do: all components in one payload, resends.

Source of the protocol: AIA, GigE Vision Video Streaming and Device Control over Ethernet Standard 2.1.
"""

import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.gige_camera import HOST

_PORT, _XML = 3956, 0x10000
_CAPABILITY, _HEARTBEAT, _CCP, _STREAM_PORT, _PACKET_SIZE = 0x934, 0x938, 0xA00, 0xD00, 0xD04
_STREAM_HOST, _CAN, _ACQUISITION = 0xD18, 0xD20, 0x124
RESENDS = 1 << 2  # of what it says that it can do
_KEPT = 50  # frames, to send again
CHUNK = 0x4711  # number of the chunk
_IMAGE, _MULTIPART, _CHUNKS = 0x0001, 0x000A, 0x4000
_LEADER, _TRAILER, _DATA, _DATA_OF_PARTS = 1, 2, 3, 7
_OVERHEAD, _OVERHEAD_OF_PARTS = 20 + 8 + 20, 20 + 8 + 20 + 8
_EXTENDED_IDS = 0x80 << 24


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a payload: the SFNC's number of its component, PFNC's of its format, size px, its bytes."""

    component: int
    form: int
    width: int
    height: int
    data: bytes


class MultipartCamera:
    """Sends `frames` over and over; of each the packet `dropped` is sent only when it is asked for again.

    Frames of one part are images with a chunk after them, of 8 bytes.
    """

    def __init__(
        self, genicam: Path, frames: Sequence[Sequence[Part]], dropped: int | None = None, chunk: bytes = bytes(8)
    ) -> None:
        self._chunk = chunk
        self._xml, self._frames, self._dropped = genicam.read_bytes(), frames, dropped
        self._memory = bytearray(_XML)
        self._sent: dict[tuple[int, int], bytes] = {}
        self._ended = threading.Event()
        for address, text in ((0x48, "Depthkit"), (0x68, "Multipart"), (0x88, "1.0"), (0xD8, "DKM")):
            self._memory[address : address + len(text)] = text.encode()
        url = f"Local:camera.xml;{_XML:x};{len(self._xml):x}".encode()
        self._memory[0x200 : 0x200 + len(url)] = url
        values = {0x0: 0x20001, 0x4: 0x80000001, 0x24: 0x7F000001, 0x600: 1, 0x904: 1, 0x940: 1_000_000_000}
        for register, value in {**values, _CAPABILITY: RESENDS, _HEARTBEAT: 3000, _CAN: 0xFFFFFFFF}.items():
            self._set(register, value)
        self._set(_PACKET_SIZE, 1500)

    def __enter__(self) -> Self:
        self._control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._control.bind((HOST, _PORT))
        except OSError as error:
            self._control.close()
            pytest.skip(f"the port of GigE Vision (UDP {_PORT}) is in use: {error}")
        self._control.settimeout(0.05)
        self._stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._answer, self._send)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._control.close()
        self._stream.close()

    def take_control_away(self) -> None:
        """As if another program had it."""
        self._set(_CCP, 0)

    def _get(self, register: int) -> int:
        return int.from_bytes(self._memory[register : register + 4], "big")

    def _set(self, register: int, value: int) -> None:
        self._memory[register : register + 4] = value.to_bytes(4, "big")

    def _answer(self) -> None:
        while not self._ended.is_set():
            try:
                packet, sender = self._control.recvfrom(2048)
            except TimeoutError:
                continue
            _, command, _, number = struct.unpack(">HHHH", packet[:8])
            answer = self._answer_to(command, packet[8:])
            if answer is not None:
                self._control.sendto(struct.pack(">HHHH", 0, command + 1, len(answer), number) + answer, sender)

    def _answer_to(self, command: int, data: bytes) -> bytes | None:
        words = struct.unpack(f">{len(data) // 4}I", data[: len(data) // 4 * 4])
        if command == 0x40:
            self._resend(data)
            return None
        if command == 0x2:
            return bytes(self._memory[:0xF8])
        if command == 0x80:
            return b"".join(self._memory[register : register + 4] for register in words)
        if command == 0x82:
            for register, value in zip(words[::2], words[1::2], strict=True):
                self._set(register, value)
            return struct.pack(">HH", 0, len(words) // 2)
        address, size = words[0], words[1] & 0xFFFF
        source = self._memory[address : address + size] if address < _XML else self._xml[address - _XML :][:size]
        return data[:4] + bytes(source).ljust(size, b"\0")

    def _resend(self, data: bytes) -> None:
        first, last = struct.unpack(">II", data[4:12])
        (block,) = struct.unpack(">Q", data[12:20])
        for packet in range(first, last + 1):
            if (block, packet) in self._sent:
                self._stream.sendto(self._sent[block, packet], self._target())

    def _target(self) -> tuple[str, int]:
        return socket.inet_ntoa(self._memory[_STREAM_HOST : _STREAM_HOST + 4]), self._get(_STREAM_PORT) & 0xFFFF

    def _send(self) -> None:
        block = 0
        while not self._ended.wait(0.01):
            if not (self._get(_ACQUISITION) and self._get(_CCP)):
                continue
            block += 1
            packets = enumerate(self._packets(self._frames[block % len(self._frames)]))
            made = {number: _header(block, number, *each) for number, each in packets}
            self._sent = {key: packet for key, packet in self._sent.items() if key[0] > block - _KEPT}
            self._sent |= {(block, number): packet for number, packet in made.items()}
            for number, packet in made.items():
                if number != self._dropped:
                    self._stream.sendto(packet, self._target())

    def _packets(self, parts: Sequence[Part]) -> Iterator[tuple[int, int, bytes]]:
        """Kind of each packet, number of parts in a leader, and what follows the header."""
        stamp = time.monotonic_ns()
        if len(parts) == 1:
            yield from self._packets_of_image(parts[0], stamp)
            return
        leader = struct.pack(">HHQ", 0, _MULTIPART, stamp) + b"".join(map(_described, parts))
        yield _LEADER, len(parts), leader
        room = (self._get(_PACKET_SIZE) & 0xFFFF) - _OVERHEAD_OF_PARTS
        begin = 0
        for index, part in enumerate(parts):
            for at in range(0, len(part.data), room):
                where = struct.pack(">BBHI", index, 0, 0, begin + at)
                yield _DATA_OF_PARTS, 0, where + part.data[at : at + room]
            begin += len(part.data)
        yield _TRAILER, 0, struct.pack(">II", _MULTIPART, 0)

    def _packets_of_image(self, part: Part, stamp: int) -> Iterator[tuple[int, int, bytes]]:
        image = struct.pack(">IIIIIHH", part.form, part.width, part.height, 0, 0, 0, 0)
        yield _LEADER, 0, struct.pack(">HHQ", 0, _IMAGE | _CHUNKS, stamp) + image
        data = part.data + struct.pack(">II", 1, len(part.data))
        data += self._chunk + struct.pack(">II", CHUNK, len(self._chunk))
        room = (self._get(_PACKET_SIZE) & 0xFFFF) - _OVERHEAD
        for at in range(0, len(data), room):
            yield _DATA, 0, data[at : at + room]
        yield _TRAILER, 0, struct.pack(">II", _IMAGE | _CHUNKS, 0)


def _header(block: int, number: int, kind: int, parts: int, data: bytes) -> bytes:
    return struct.pack(">HHIQI", 0, 0, _EXTENDED_IDS | kind << 24 | parts, block, number) + data


def _described(part: Part) -> bytes:
    image = struct.pack(">IIIIHHI", part.width, part.height, 0, 0, 0, 0, 0)
    return struct.pack(">HHIIHBBIHH", 1, 0, len(part.data), part.form, 0, 0, 0, 0, part.component, 0) + image
