"""Naive twins of the kernels that compress depth."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from depthkit.arrays import U16


def rvl(depth: U16) -> bytes:
    """Wilson's RVL, a digit at a time, as text."""
    digits = "".join(hexadecimal for number in numbers(depth.ravel().tolist()) for hexadecimal in digits_of(number))
    words = [digits[i : i + 8].ljust(8, "0") for i in range(0, len(digits), 8)]
    return b"".join(bytes.fromhex(word)[::-1] for word in words)


def numbers(values: list[int]) -> Iterator[int]:
    """Lengths of the runs, a run of zeros first, and the differences in the others."""
    runs = [list(run) for _, run in groupby(values, key=bool)]
    if runs[0][0]:
        runs = [[], *runs]
    if len(runs) % 2:
        runs = [*runs, []]
    before = 0
    for zeros, others in zip(runs[::2], runs[1::2], strict=True):
        yield len(zeros)
        yield len(others)
        for value in others:
            step, before = value - before, value
            yield 2 * step if step >= 0 else -2 * step - 1


def digits_of(number: int) -> Iterator[str]:
    """Octal digits, the low one first, each as a hexadecimal one that is above 7 if more follow."""
    octal = f"{number:o}"[::-1]
    for place, digit in enumerate(octal):
        yield f"{int(digit) + 8 * (place + 1 < len(octal)):x}"


def ranks(depth: U16) -> tuple[U16, U16]:
    """The values present but for 0, and each pixel's place among them."""
    values = sorted(set(depth.ravel().tolist()) - {0})
    places = {0: 0, **{value: place + 1 for place, value in enumerate(values)}}
    return np.array(values, np.uint16), np.vectorize(places.__getitem__, otypes=[np.uint16])(depth)
