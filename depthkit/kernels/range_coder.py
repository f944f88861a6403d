"""Adaptive binary range coding with mixed predictions, in integers: the same bits on every machine.

An interval of 48-bit numbers is split at each bit in proportion to the bit's probability (Martin, "Range encoding",
1979), and its upper 16 bits are written once they are settled. The probability is a mix of those of several contexts,
each of which counts what followed it; the mix is logistic, with weights learned on the way (Mahoney, "Adaptive weighing
of context models for lossless data compression", 2005).

Encoder and decoder run the same functions. A decoder hands in bits that mean nothing, and goes on with those it gets.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import merged

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
Lines = tuple[int, int, int, int, int]

INPUTS = 5  # contexts that are mixed
LOW, HIGH, VALUE, USED, DECODING = range(5)  # places in Coder.state
UNIT = 256  # of a logit in the domain where predictions are mixed
CERTAIN = 2047  # the largest logit
RATE = 28  # of learning weights
LIMIT = 127  # observations after which a context forgets as fast as it learns

_TOP = 32  # bits of the interval below the word that is written next
_BELOW_48 = (1 << 48) - 1


class Coder(NamedTuple):
    """All state of coding and of what was learned.

    state: (5,) low and high end of the interval, the decoder's number in it, words used, and 1 if decoding;
    words: (n,) those written or read; slots: probability of 1 in 22 bits, above 10 bits of how often it was seen;
    weights: (sets, INPUTS) in 1/65536; logits: (4096,) of probabilities; chances: (4096,) 16-bit probabilities of
    logits from −2048; shares: (LIMIT + 1,) how far a slot moves towards what it sees, by how often it has seen
    something, in 1/65536. What is never negative is unsigned, which spares asking whether an index is.
    """

    state: I64
    words: U16
    slots: U32
    weights: I32
    logits: I32
    chances: I32
    shares: U16


@merged
def mixed(bit: int, k: int, lines: Lines, chosen: int, coder: Coder) -> int:
    """Code decision k with its slot in the line of each context and its weights, `chosen` + k."""
    slots, weights, logits = coder.slots, coder.weights[chosen + k], coder.logits
    total = np.int64(0)
    for i in range(INPUTS):
        total += np.int64(logits[slots[lines[i] + k] >> 20]) * weights[i]
    chance = np.int64(coder.chances[min(max(total >> 16, np.int64(-CERTAIN)), np.int64(CERTAIN)) + CERTAIN + 1])
    bit = split(bit, chance, coder)
    error = ((bit << 16) - chance) * RATE
    for i in range(INPUTS):
        logit = np.int64(logits[slots[lines[i] + k] >> 20])
        weights[i] += (logit * error + (1 << 19)) >> 20
        learn(bit, lines[i] + k, coder)
    return bit


@merged
def single(bit: int, place: int, coder: Coder) -> int:
    """Code a bit with one slot."""
    chance = min(max(np.int64(coder.slots[place] >> 16), np.int64(16)), np.int64(65520))
    bit = split(bit, chance, coder)
    learn(bit, place, coder)
    return bit


@merged
def learn(bit: int, place: int, coder: Coder) -> None:
    """Move a slot's probability towards a bit, the less the more it has seen."""
    slot = np.int64(coder.slots[place])
    chance, seen = slot >> 10, slot & 1023
    chance += (((bit << 22) - bit - chance) * np.int64(coder.shares[seen])) >> 16
    coder.slots[place] = chance << 10 | min(seen + 1, np.int64(LIMIT))


@merged
def split(bit: int, chance: int, coder: Coder) -> int:
    """Narrow the interval to a bit's part, with `chance` / 65536 for 1; words that are settled are moved out."""
    state = coder.state
    low, high = state[LOW], state[HIGH]
    middle = low + ((high - low) >> 16) * chance
    if state[DECODING]:
        bit = 1 if state[VALUE] <= middle else 0
    if bit:
        high = middle
    else:
        low = middle + 1
    while (low ^ high) >> _TOP == 0:
        move_word(high >> _TOP, coder)
        low, high = low << 16 & _BELOW_48, high << 16 & _BELOW_48 | 0xFFFF
    state[LOW], state[HIGH] = low, high
    return bit


@merged
def move_word(word: int, coder: Coder) -> None:
    """Write a word, or read the one that comes 48 bits later; those that are missing read as 0."""
    state, words = coder.state, coder.words
    used = state[USED]
    if state[DECODING]:
        more = np.int64(words[used]) if used < words.size else np.int64(0)
        state[VALUE] = state[VALUE] << 16 & _BELOW_48 | more
    else:
        words[used] = word
    state[USED] = used + 1
