"""Frames between processes: their arrays in memory that both have, the rest as a message."""

import mmap
import os
import pickle
import tempfile
from typing import Any

from depthkit.cameras import Rig
from depthkit.types import DepthImage, FrameSet, ImuSamples

_ALIGN = 64


class SharedMemory:
    """Memory without a name, by its file descriptor: gone with the last process that has it, however that ends."""

    def __init__(self, fd: int | None = None) -> None:
        self.fd = _new() if fd is None else fd
        self._map: mmap.mmap | None = None

    def view(self, size: int) -> memoryview:
        """The first bytes of it; it grows if it has to. Views from before are of the same memory."""
        if self._map is None or len(self._map) < size:
            if os.fstat(self.fd).st_size < size:
                os.ftruncate(self.fd, size)
            self._map = mmap.mmap(self.fd, os.fstat(self.fd).st_size)
        return memoryview(self._map)[:size]

    def close(self) -> None:
        """Let go of it, once; views stay good."""
        self._map = None
        os.close(self.fd)


def pack(frames: FrameSet, memory: SharedMemory) -> tuple[bytes, list[int]]:
    """Put a frame's arrays into the memory; returns the rest of it, without its rig, and the arrays' sizes in bytes."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(_fields(frames), protocol=5, buffer_callback=buffers.append)
    parts = [buffer.raw() for buffer in buffers]
    sizes = [part.nbytes for part in parts]
    room = memory.view(sum(map(_aligned, sizes)))
    at = 0
    for part in parts:
        room[at : at + part.nbytes] = part
        at += _aligned(part.nbytes)
    return head, sizes


def unpack(head: bytes, sizes: list[int], rig: Rig, memory: SharedMemory) -> FrameSet:
    """The frame that `pack` put there, with arrays of its own."""
    room, at = memory.view(sum(map(_aligned, sizes))), 0
    copies = []
    for size in sizes:
        copies.append(bytearray(room[at : at + size]))
        at += _aligned(size)
    images, (sequence, device_ns, host_ns), depth, meta, imu = pickle.loads(head, buffers=copies)
    measured = None if depth is None else DepthImage(*depth)
    felt = None if imu is None else ImuSamples(*imu)
    return FrameSet(images, rig, sequence, device_ns, host_ns, measured, meta, felt)


def _fields(frames: FrameSet) -> tuple[Any, ...]:
    depth, imu = frames.depth, frames.imu
    return (
        dict(frames.images),
        (frames.sequence, frames.stamp_device_ns, frames.stamp_host_ns),
        None if depth is None else (depth.depth, depth.reason, depth.confidence, depth.camera, depth.stamp_ns),
        dict(frames.meta),
        None if imu is None else (imu.stamps_ns, imu.angular_velocity, imu.acceleration),
    )


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN


def _new() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("depthkit")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
