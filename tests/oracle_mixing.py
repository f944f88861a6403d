"""Naive twin of mode "cm": its model on lists, every number a Python integer, its memory by name, intervals as text."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

LOGITS = [max(-2047, min(2047, round(256 * math.log((2 * i + 1) / (8191 - 2 * i))))) for i in range(4096)]
CHANCES = [round(65536 / (1 + math.exp((2048 - i) / 256))) for i in range(4096)]
Image = list[list[int]]


def coded(bits: list[int], chances: list[int]) -> list[int]:
    """Words of the range coder, for bits that are 1 with chances in 1/65536, on text of 48 binary digits."""
    low, high, words = "0" * 48, "1" * 48, []
    for bit, chance in zip(bits, chances, strict=True):
        middle = int(low, 2) + (int(high, 2) - int(low, 2)) // 65536 * chance
        low, high = (low, f"{middle:048b}") if bit else (f"{middle + 1:048b}", high)
        while low[:16] == high[:16]:
            words.append(int(low[:16], 2))
            low, high = low[16:] + "0" * 16, high[16:] + "1" * 16
    return [*words, int(low[:16], 2) + 1]


class Bits(Protocol):
    """What bits go to or come from: given a bit, and its chance in 1/65536, says which it is."""

    def __call__(self, bit: int, chance: int) -> int: ...


@dataclass
class Writer:
    """Keeps the bits."""

    bits: list[int] = field(default_factory=list)
    chances: list[int] = field(default_factory=list)

    def __call__(self, bit: int, chance: int) -> int:
        self.bits.append(bit)
        self.chances.append(chance)
        return bit


@dataclass
class Reader:
    """Finds the bits in words, whatever it is given: a bit is 1 if what follows lies in its part of the interval."""

    words: list[int]
    low: int = 0
    high: int = 2**48 - 1
    begin: int = 0

    def __call__(self, bit: int, chance: int) -> int:
        three = [self.words[i] if i < len(self.words) else 0 for i in range(self.begin, self.begin + 3)]
        middle = self.low + (self.high - self.low) // 65536 * chance
        bit = int(three[0] * 2**32 + three[1] * 2**16 + three[2] <= middle)
        self.low, self.high = (self.low, middle) if bit else (middle + 1, self.high)
        while self.low // 2**32 == self.high // 2**32:
            self.low, self.high = self.low % 2**32 * 2**16, self.high % 2**32 * 2**16 + 65535
            self.begin += 1
        return bit


class Memory:
    """What followed contexts of any name, and the weights of sets of any name."""

    def __init__(self, bits: Bits) -> None:
        self.bits = bits
        self.seen: dict[object, tuple[int, int]] = {}
        self.weights: dict[object, list[int]] = {}

    def single(self, bit: int, name: object) -> int:
        """Code a bit with one context."""
        bit = self.bits(bit, min(max(self._chance(name) // 64, 16), 65520))
        self._count(bit, name)
        return bit

    def mixed(self, bit: int, names: list[object], chosen: object) -> int:
        """Code a bit with many: weights move along the slope of the cost, and each context towards the bit."""
        weights = self.weights.setdefault(chosen, [16384] * len(names))
        logits = [LOGITS[self._chance(name) // 1024] for name in names]
        total = sum(logit * weight for logit, weight in zip(logits, weights, strict=True)) // 65536
        chance = CHANCES[min(max(total, -2047), 2047) + 2048]
        bit = self.bits(bit, chance)
        for i, logit in enumerate(logits):
            weights[i] += (logit * (65536 * bit - chance) * 28 + 2**19) // 2**20
        for name in names:
            self._count(bit, name)
        return bit

    def _chance(self, name: object) -> int:
        """Of 1, in 1/2²²."""
        return self.seen.get(name, (2**21, 0))[0]

    def _count(self, bit: int, name: object) -> None:
        chance, count = self.seen.get(name, (2**21, 0))
        chance += ((2**22 - 1) * bit - chance) * (2 * 65536 // (2 * count + 3)) // 65536
        self.seen[name] = chance, min(count + 1, 127)


def words_of(ranks: Image, before: Image) -> list[int]:
    """What encoding an image of ranks gives."""
    writer = Writer()
    walk((len(ranks), len(ranks[0])), lambda y, x: ranks[y][x], before, Memory(writer))
    return coded(writer.bits, writer.chances)


def ranks_of(words: list[int], shape: tuple[int, ...], before: Image) -> Image:
    """What decoding words gives."""
    return walk(shape, lambda y, x: 1, before, Memory(Reader(words)))


def walk(shape: tuple[int, ...], actual: Callable[[int, int], int], before: Image, memory: Memory) -> Image:
    """Code all pixels in order; `actual` is looked at for the pixel that is coded only."""
    height, width = shape
    done: Image = [[0] * width for _ in range(height)]
    errors, hits = [0] * width, [0] * width
    for y in range(height):
        for x in range(width):
            pixel = Pixel(y, x, done, before, errors, hits)
            if memory.single(int(actual(y, x) > 0), ("known", pixel.known())):
                done[y][x], hits[x] = code(actual(y, x), pixel, memory)
                errors[x] = min(abs(done[y][x] - pixel.guesses()[0]), 255)
            else:
                errors[x], hits[x] = errors[x] // 2, 5
    return done


def code(rank: int, pixel: "Pixel", memory: Memory) -> tuple[int, int]:
    """The rank of a known pixel, and which guess was right or 4."""
    lines, weights, tried = pixel.lines(), pixel.weights(), []

    def mixed(bit: bool, k: int) -> int:
        return memory.mixed(int(bit), [(*line, k) for line in lines], (*weights, k))

    for k, guess in enumerate(pixel.guesses()):
        if guess and guess not in tried:
            if mixed(rank == guess, k):
                return guess, k
            tried.append(guess)
    first = tried[0]
    below = mixed(rank < first, 4)
    length = 1
    while length < 16:
        more = abs(rank - first) >= 2**length
        name = "length", length, pixel.around(), pixel.spread()
        if not (mixed(more, 4 + length) if length < 4 else memory.single(int(more), name)):
            break
        length += 1
    size = "1"
    for bit in f"{abs(rank - first):b}"[1:].ljust(length - 1, "0")[: length - 1]:
        size += str(memory.single(int(bit), ("bits", length, size if len(size) < 5 else "")))
    return min(max(first + (-1 if below else 1) * int(size, 2), 1), 65535), 4


@dataclass
class Pixel:
    """What a pixel is seen in; images are 0 outside."""

    y: int
    x: int
    done: Image
    before: Image
    errors: list[int]
    hits: list[int]

    def now(self, down: int, right: int) -> int:
        return at(self.done, self.y + down, self.x + right)

    def then(self, down: int, right: int) -> int:
        return at(self.before, self.y + down, self.x + right)

    def column(self, values: list[int], right: int) -> int:
        return at([values], 0, self.x + right)

    def known(self) -> int:
        places = [(0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-1, 2), (-1, -2), (0, -3), (-2, 1), (-2, -1)]
        pixels = [self.now(*place) for place in places] + [self.then(0, 0), self.then(0, 1), self.then(1, 0)]
        return flags(*(value > 0 for value in pixels))

    def guesses(self) -> list[int]:
        w, n, nw, ne, ww, before = *self.wn(), self.now(-1, 1), self.now(0, -2), self.then(0, 0)
        first = w or n or ne or nw or ww or before or 1
        if w and n and nw:
            first = sorted([w, n, w + n - nw])[1]
        return [first, w or nw, n or ne, before or nw]

    def wn(self) -> tuple[int, int, int]:
        return self.now(0, -1), self.now(-1, 0), self.now(-1, -1)

    def around(self) -> int:
        return min(sum(self.column(self.errors, i) for i in (-1, 0, 1, 2)).bit_length(), 9)

    def weights(self) -> tuple[object, ...]:
        first, before = self.guesses()[0], self.then(0, 0)
        return self.column(self.hits, -1), self.column(self.hits, 0), before > 0, before == first

    def lines(self) -> list[tuple[int, int]]:
        """Number of the context, and of one of its 8192 lines, which more than one thing seen may share."""
        kinds = enumerate([self.equal(), self.slopes(), self.noise(), self.shape(), self.texture()])
        return [(i, seen * 0x9E3779B1 % 2**32 // 2**19) for i, seen in kinds]

    def equal(self) -> int:
        (w, n, nw), ne, ww, nn, nee = self.wn(), self.now(-1, 1), self.now(0, -2), self.now(-2, 0), self.now(-1, 2)
        return flags(w == n, n == nw, n == ne, w == ww, w == nw, n == nn, ne == nee) + 128 * self.spread()

    def slopes(self) -> int:
        (w, n, nw), ne = self.wn(), self.now(-1, 1)
        return digits(19, *(9 + max(-9, min(9, slope)) for slope in (w - nw, n - nw, ne - n)))

    def noise(self) -> int:
        before = self.then(0, 0)
        if not before:
            return 2**17 + self.around() + 16 * self.spread() + 512 * (self.known() % 16)
        same = [self.now(*place) == self.then(*place) for place in [(0, -1), (-1, 0), (-1, 1), (-1, -1)]]
        still = flags(*same, before == self.then(0, 1), before == self.then(1, 0))
        return still + 64 * step(before - self.guesses()[0]) + 1024 * self.around()

    def shape(self) -> int:
        first, before, (w, n, _) = self.guesses()[0], self.then(0, 0), self.wn()
        if before:
            west, north = step(w - self.then(0, -1)), step(n - self.then(-1, 0))
            return min(max(before - first, -10), 10) + 10 + 32 * (west + 9 * north)
        ne, ww, nn, nne = self.now(-1, 1), self.now(0, -2), self.now(-2, 0), self.now(-2, 1)
        across, down = 2 * w - ww if w and ww else first, 2 * n - nn if n and nn else first
        plane = n + ne - (nne or n) if n and ne else first
        return 2**17 + digits(9, step(across - first), step(down - first), step(plane - first))

    def texture(self) -> int:
        (w, n, nw), ne, ww = self.wn(), self.now(-1, 1), self.now(0, -2)
        nn, nee = self.now(-2, 0), self.now(-1, 2)
        near = [step(w - nw), step(n - nw), step(ne - n), step(ww - w)]
        return digits(9, *near, step(nn - n), step(nee - ne))

    def spread(self) -> int:
        (w, n, nw), ne = self.wn(), self.now(-1, 1)
        return (abs(w - nw) + abs(n - nw) + (abs(ne - n) if ne else 0)).bit_length() if w and n and nw else 18


def at(image: Image, y: int, x: int) -> int:
    return image[y][x] if 0 <= y < len(image) and 0 <= x < len(image[0]) else 0


def flags(*facts: bool) -> int:
    return digits(2, *facts)


def digits(base: int, *each: int) -> int:
    """A number from its digits, the low one first."""
    return sum(digit * base**place for place, digit in enumerate(each))


def step(difference: int) -> int:
    size = [0, 1, 2, 3, 3, 3, 4][min(abs(difference), 6)]
    return 4 + (size if difference > 0 else -size)
