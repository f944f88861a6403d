"""Reading single messages of a topic by their place, fast where they are asked for in order."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

_NEAR = 8
"""Messages that are rather read than sought past."""


class Place(NamedTuple):
    """A message: its number on its topic, its time, and its number among those of the same time."""

    number: int
    time: int
    twin: int


def places(times: Iterable[int]) -> Iterator[Place]:
    """The places of a topic's messages with these times, in order."""
    before, twin = None, 0
    for number, time in enumerate(times):
        twin = twin + 1 if time == before else 0
        before = time
        yield Place(number, time, twin)


class Cursor:
    """A topic of a recording; `messages_from(time)` gives its messages from that time on."""

    def __init__(self, messages_from: Callable[[int], Iterator[bytes]]) -> None:
        self._messages_from = messages_from
        self._messages: Iterator[bytes] | None = None
        self._next = 0

    def at(self, place: Place) -> bytes:
        """The bytes of a message."""
        messages, first = self._messages, self._next
        if messages is None or not 0 <= place.number - first < _NEAR:
            messages, first = self._messages_from(place.time), place.number - place.twin
        self._messages = None  # until it is known that they can be read
        ahead = place.number - first
        (data,) = itertools.islice(messages, ahead, ahead + 1)
        self._messages, self._next = messages, place.number + 1
        return data
