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


def coded(bits: list[int], chances: list[int]) -> list[int]:
    """Words of the range coder, for bits that are 1 with chances in 1/65536, on text of 48 binary digits."""
    low, high, words = "0" * 48, "1" * 48, []
    for bit, chance in zip(bits, chances, strict=True):
        middle = int(low, 2) + (int(high, 2) - int(low, 2)) // 65536 * chance
        low, high = (low, f"{middle:048b}") if bit else (f"{middle + 1:048b}", high)
        if low[:16] == high[:16]:
            words.append(int(low[:16], 2))
            low, high = low[16:] + "0" * 16, high[16:] + "1" * 16
    return [*words, int(low[:16], 2) + 1]


class Mixer:
    """A mix of the predictions of contexts, each of which is known by any name."""

    def __init__(self, logits: list[int], chances: list[int]) -> None:
        self.logits, self.chances = logits, chances
        self.seen: dict[object, tuple[int, int]] = {}
        self.weights: dict[object, list[int]] = {}

    def chance(self, names: list[object], chosen: object) -> int:
        """Probability of 1 in 1/65536."""
        weights = self.weights.setdefault(chosen, [19660] * len(names))
        total = sum(self._logit(name) * weight for name, weight in zip(names, weights, strict=True))
        return self.chances[min(max(total // 65536, -2047), 2047) + 2048]

    def learn(self, names: list[object], chosen: object, bit: int) -> None:
        """Move weights along the slope of the coding cost, and each context towards the bit."""
        error = 65536 * bit - self.chance(names, chosen)
        for i, name in enumerate(names):
            self.weights[chosen][i] += (self._logit(name) * error * 14 + 2**19) // 2**20
        for name in names:
            chance, count = self.seen.get(name, (2**20, 0))
            chance += ((2**21 - 1) * bit - chance) * (65536 // (count + 2)) // 65536
            self.seen[name] = chance, min(count + 1, 255)

    def _logit(self, name: object) -> int:
        return self.logits[self.seen.get(name, (2**20, 0))[0] // 512]
