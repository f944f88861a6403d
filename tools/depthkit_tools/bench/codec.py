"""Measure how small 16-bit depth images become and how fast, against PNG and, where installed, JPEG XL and JPEG-LS.

    depthkit bench codec FOLDER

FOLDER holds depth images as 16-bit grey PNG files, of one camera in the order of their names. All methods do each image
in turns, on one thread; each decoded image is compared with the original. "cm, frame before" is predicted from the
image before it, so it says something only for images that follow each other. The others are OpenCV's PNG and, with the
package imagecodecs, its JPEG XL at effort 7 and JPEG-LS.
"""

import importlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tyro.conf import Positional

from depthkit import codec, images
from depthkit.arrays import U16
from depthkit.errors import InputError
from depthkit_tools.bench.report import machine, machine_line
from depthkit_tools.console import print_json, say


@dataclass(frozen=True)
class Config:
    """Flags of `depthkit bench codec`."""

    folder: Positional[Path]
    """Folder with 16-bit depth images, as PNG."""
    every: int = 1
    """Take only every so many-th image."""
    max_error: int = 10
    """Bound of the methods that are not lossless, in steps of the images."""
    json: bool = False
    """Print the figures as JSON instead of the table."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way to compress: encode(depth, frame before) and decode(data, frame before); `error` is its bound."""

    name: str
    encode: Callable[[U16, U16], Any]
    decode: Callable[[Any, U16], Any]
    error: int = 0


@dataclass(slots=True)
class Sums:
    """Of one method, over images."""

    pixels: int = 0
    coded: int = 0
    encode_s: float = 0.0
    decode_s: float = 0.0

    def figures(self) -> dict[str, float]:
        """Bits a pixel, and MB/s of raw pixels."""
        raw_mb = 2e-6 * self.pixels
        speeds = {"encode_mb_s": raw_mb / self.encode_s, "decode_mb_s": raw_mb / self.decode_s}
        return {"bits_per_pixel": 8 * self.coded / self.pixels, **speeds}


def run(config: Config) -> int:
    """Measure all methods and print the table."""
    if config.every < 1 or config.max_error < 1:
        raise InputError("every and max-error must be at least 1")
    methods = [*_ours(config.max_error), *_theirs(config.max_error)]
    sums = {method.name: Sums() for method in methods}
    for number, (before, depth) in enumerate(_pairs(config.folder, config.every)):
        say(f"image {number + 1}")
        for method in methods:
            if number == 0:
                _measure(method, depth, before, Sums())  # which compiles
            _measure(method, depth, before, sums[method.name])
    figures = {name: each.figures() for name, each in sums.items()}
    facts = machine()
    if config.json:
        print_json({"machine": facts, "images": number + 1, "methods": figures})
    else:
        print(markdown(facts, figures))
    return 0


def markdown(facts: dict[str, Any], figures: dict[str, dict[str, float]]) -> str:
    """The figures as a table; sizes are compared with those of OpenCV's PNG."""
    lines = [machine_line(facts), "", "| method | bits a pixel | smaller than PNG | encode MB/s | decode MB/s |"]
    lines.append("|---|--:|--:|--:|--:|")
    for name, row in figures.items():
        times = figures["PNG"]["bits_per_pixel"] / row["bits_per_pixel"]
        speeds = f"{row['encode_mb_s']:.0f} | {row['decode_mb_s']:.0f}"
        lines.append(f"| {name} | {row['bits_per_pixel']:.3f} | {times:.2f}× | {speeds} |")
    return "\n".join(lines)


def _pairs(folder: Path, every: int) -> Iterator[tuple[U16, U16]]:
    """The image before, and the image, for every so many-th; the first stands before itself."""
    paths = sorted(folder.rglob("*.png"))
    found = [path for path in paths if _is_depth(path)]
    if not found:
        raise InputError(f"no 16-bit grey PNG files in {folder}: give a folder of depth images")
    for i in range(0, len(found), every):
        depth = _read(found[i])
        before = _read(found[max(i - 1, 0)])
        yield before if before.shape == depth.shape else np.zeros_like(depth), depth


def _is_depth(path: Path) -> bool:
    """By the PNG header alone: 16 bits, grey."""
    return path.read_bytes()[24:26] == b"\x10\x00"


def _read(path: Path) -> U16:
    return images.read(path)  # type: ignore[return-value]  # `_is_depth` says that it is uint16


def _measure(method: Method, depth: U16, before: U16, sums: Sums) -> None:
    start = time.perf_counter()
    data = method.encode(depth, before)
    middle = time.perf_counter()
    decoded = method.decode(data, before)
    end = time.perf_counter()
    if np.abs(np.subtract(decoded, depth, dtype=np.int64)).max() > method.error:
        raise InputError(
            f"{method.name} did not give an image back as it should: this is a bug of it, or of this bench"
        )
    sums.pixels, sums.coded = sums.pixels + depth.size, sums.coded + len(data)
    sums.encode_s, sums.decode_s = sums.encode_s + middle - start, sums.decode_s + end - middle


def _ours(error: int) -> Iterator[Method]:
    yield Method("rvl", lambda depth, _: codec.encode(depth, "rvl"), lambda data, _: codec.decode(data))
    yield Method("fast", lambda depth, _: codec.encode(depth, "fast"), lambda data, _: codec.decode(data))
    yield Method("cm", lambda depth, _: codec.encode(depth, "cm"), lambda data, _: codec.decode(data))
    yield Method("cm, frame before", lambda depth, before: codec.encode(depth, "cm", previous=before), codec.decode)
    bounded = f"cm, ±{error}"
    yield Method(
        bounded, lambda d, _: codec.encode(d, "cm", max_error=error), lambda data, _: codec.decode(data), error
    )


def _theirs(error: int) -> Iterator[Method]:
    yield Method("PNG", lambda depth, _: cv2.imencode(".png", depth)[1], lambda data, _: cv2.imdecode(data, -1))
    try:
        ic: Any = importlib.import_module("imagecodecs")
    except ImportError:
        return
    jxl = partial(ic.jpegxl_encode, lossless=True, effort=7, numthreads=1)
    yield Method("JPEG XL, effort 7", lambda d, _: jxl(d), lambda data, _: ic.jpegxl_decode(data, numthreads=1))
    yield Method("JPEG-LS", lambda d, _: ic.jpegls_encode(d), lambda data, _: ic.jpegls_decode(data))
    near = f"JPEG-LS, ±{error}"
    yield Method(near, lambda d, _: ic.jpegls_encode(d, level=error), lambda data, _: ic.jpegls_decode(data), error)
