"""Run length and variable length coding of depth, "RVL" (Wilson, "Fast lossless depth image compression", 2017).

Runs of zeros and of other values take turns; the others are written as differences, zigzag coded to be positive.
All numbers are cut into digits of 3 bits, low ones first, with a fourth bit that says that more follow. Digits fill
words of 32 bits from the top, as in ROS's compressedDepth.

Numbers stay below 2²⁴, so each has at most 8 digits; images must have fewer pixels than that.
"""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline, kernel

U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]

DAMAGED = -1
_WORD = 0xFFFFFFFF


def _numbers() -> NDArray[np.int16]:
    """(4096,): for three digits the number at their top, times 4, plus how many of them it has; 0 if it goes on."""
    first, second, third = (np.arange(4096) >> shift & 15 for shift in (8, 4, 0))
    two = first & 7 | (second & 7) << 3
    known = np.where(first < 8, first << 2 | 1, np.where(second < 8, two << 2 | 2, (two | third << 6) << 2 | 3))
    return np.where((first & second & third) < 8, known, 0).astype(np.int16)


_NUMBERS = _numbers()  # nearly all there are, so that a processor need not guess how long each is


@kernel
def encode(depth: U16, words: U32) -> int:
    """Write depth (n,) into words, which has room for 3 n / 4 + 8; returns how many it took."""
    held, digits, used = np.int64(0), 0, 0  # digits not yet written, their number, and the words written
    i, before, n = 0, np.int64(0), depth.size
    while i < n:
        start = run_end(depth, i, True)
        stop = run_end(depth, start, False)
        held, digits, used = _put(start - i, held, digits, used, words)
        held, digits, used = _put(stop - start, held, digits, used, words)
        for k in range(start, stop):
            step = np.int64(depth[k]) - before
            before += step
            held, digits, used = _put((step << 1) ^ (step >> 63), held, digits, used, words)
        i = stop
    if digits:
        words[used] = held << 4 * (8 - digits) & _WORD
        used += 1
    return used


@kernel
def run_end(depth: U16, i: int, zero: bool) -> int:
    """Where the run of zeros, or of other values, that begins at i is over."""
    while i < depth.size and (depth[i] == 0) == zero:
        i += 1
    return i


@inline
def _put(number: np.int64, held: np.int64, digits: int, used: int, words: U32) -> tuple[np.int64, int, int]:
    """Append a number's digits to the fewer than 8 held back, and write a word if it is full.

    The last two digits, which are all that most numbers have, are appended without asking if there are two, and the
    word is written in any case and counts once it is full: what a number will be cannot be foreseen by a processor.
    """
    while number > 63:
        held, number, digits = held << 4 | 8 | (number & 7), number >> 3, digits + 1
    more = int(number > 7)
    held = held << (4 + 4 * more) | ((number | 8) << 4 & 0xF0 * more) | number >> (3 * more)
    digits += 1 + more
    words[used] = held >> 4 * (digits & 7) & _WORD
    return held & _WORD, digits & 7, used + (digits >> 3)


@kernel
def decode(words: U32, depth: U16) -> int:
    """Read depth (n,), which is all zero, from words; returns how many words it took, or DAMAGED.

    Words that are missing read as 0: that too many were used shows in the end.
    """
    held, digits, used = np.int64(0), 0, 0  # digits not yet taken, their number, and the words read
    i, before, n = 0, 0, depth.size
    others, zeros_next = 0, True  # values left in this run, and whether a run of zeros comes after it
    while i < n or not zeros_next:
        if digits < 8:  # here, not in a function: counting references to words would take most of the time
            word = np.int64(words[used]) if used < words.size else np.int64(0)
            held, digits, used = (held & _WORD) << 32 | word, digits + 8, used + 1
        known = int(_NUMBERS[held >> 4 * (digits - 3) & 0xFFF])
        number, length = known >> 2, known & 3
        if length == 0:
            number, length = _first_number(held >> 4 * (digits - 8) & _WORD)
        digits -= length
        if others:
            before += (number >> 1) ^ -(number & 1)
            depth[i] = before & 0xFFFF
            i, others = i + 1, others - 1
        elif number > n - i or used > words.size + 1:
            return DAMAGED
        elif zeros_next:
            i, zeros_next = i + number, False
        else:
            others, zeros_next = number, True
    return used - (digits >> 3)


@inline
def _first_number(word: int) -> tuple[int, int]:
    """The number at the top of a word, and how many digits it has."""
    number, length = word >> 28 & 7, 1
    while word >> (32 - 4 * length) & 8 and length < 8:
        number |= (word >> (28 - 4 * length) & 7) << 3 * length
        length += 1
    return number, length
