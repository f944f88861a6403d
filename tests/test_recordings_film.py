"""Decoding by number: what damage spoils, in whatever order pictures are asked for, and how often each is decoded."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depthkit.arrays import Image
from depthkit.errors import BagError
from depthkit.recordings.video import Film
from tests.video_clips import H264, LOSSLESS, av, pair, write_video

COUNT = 40


class Counted:
    """A decoder that counts the packets it is given."""

    def __init__(self, context: Any) -> None:
        self.context, self.count = context, 0
        self.flush_buffers = context.flush_buffers

    def decode(self, packet: Any) -> Any:
        self.count += packet is not None
        return self.context.decode(packet)


class Reel:
    """A film of a file's packets, of which some are missing or, by seed, have rotten; what must be lost is known."""

    def __init__(
        self, path: Path, damaged: Collection[int] = (), rot: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        self._container = av.open(str(path))
        stream = self._container.streams.video[0]
        packets = [packet for packet in self._container.demux(stream) if packet.size]
        listed = [(packet.pts, packet.is_keyframe, bytes(packet)) for packet in packets]
        data = [rotten(data, rot.get(number)) for number, (_, _, data) in enumerate(listed)]
        self.stamps = {number: pts for number, (pts, _, _) in enumerate(listed)}
        self.keys = [number for number, (_, is_key, _) in enumerate(listed) if is_key]
        self.codec = Counted(stream.codec_context)

        def packets_from(start: int) -> Iterator[tuple[int, Any]]:
            for number in range(start, len(listed)):
                yield number, None if number in damaged else av.Packet(data[number])

        self.film = Film(self.codec, packets_from, self.stamps, self.keys)
        self.order = sorted(self.stamps, key=self.stamps.__getitem__)
        self.lost = {number for each in damaged for number in self._predicted_from(each)}

    def _predicted_from(self, damaged: int) -> set[int]:
        key = min((key for key in self.keys if key > damaged), default=None)
        end = self.stamps[key] if key is not None else max(self.stamps.values()) + 1
        return {number for number, stamp in self.stamps.items() if number >= damaged and stamp < end} | {damaged}

    def read(self, number: int) -> Image | None:
        """The picture; None if it is lost."""
        try:
            return self.film.picture(number)
        except BagError:
            return None

    def reads(self, number: int) -> bool:
        """Whether the picture comes out; wrong if it does, and is not what it should be."""
        seen = self.read(number)
        assert seen is None or np.array_equal(seen, pair(self.order.index(number)))
        return seen is not None


def rotten(data: bytes, seed: int | None) -> bytes:
    """With a tenth of its bytes changed, but for the first few."""
    if seed is None:
        return data
    rng, values = np.random.default_rng(seed), np.frombuffer(data, np.uint8).copy()
    values[rng.integers(8, len(data), len(data) // 10)] ^= 255
    return values.tobytes()


@pytest.fixture(scope="module", params=["x264", "x265", "open gop", "ffv1"])
def reel_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reel")
    return write_video(folder / "reel.mkv", map(pair, range(COUNT)), LOSSLESS[request.param])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, COUNT - 1), max_size=3), st.lists(st.integers(0, COUNT - 1), max_size=25))
def test_lost_is_what_damage_spoils_in_any_order(reel_path: Path, damaged: set[int], wanted: list[int]) -> None:
    in_order, anyhow = Reel(reel_path, damaged), Reel(reel_path, damaged)
    assert {number for number in in_order.order if not in_order.reads(number)} == in_order.lost
    assert [anyhow.reads(number) for number in wanted] == [number not in anyhow.lost for number in wanted]
    assert {number for number in anyhow.order if not anyhow.reads(number)} == anyhow.lost


def test_in_order_nothing_is_decoded_twice(reel_path: Path) -> None:
    reel = Reel(reel_path, {17})
    for number in reel.order:
        for _ in range(2):
            reel.reads(number)
    assert reel.codec.count <= COUNT


def test_a_number_is_decoded_from_the_last_key(reel_path: Path) -> None:
    reel = Reel(reel_path, set())
    number = reel.keys[-1]
    assert reel.reads(number)
    assert reel.codec.count <= COUNT - number


def test_what_decoders_notice_spoils_no_other_picture(tmp_path: Path) -> None:
    """What they conceal, and what is predicted from it, is lost, even where it is shown before it."""
    path = write_video(tmp_path / "walk.mkv", map(pair, range(COUNT)), H264)
    whole = Reel(path)
    right = {number: whole.film.picture(number) for number in whole.order}
    noticed = 0
    for number in range(1, COUNT):
        in_order, anyhow = Reel(path, rot={number: 0}), Reel(path, rot={number: 0})
        seen = {each: in_order.read(each) for each in in_order.order}
        if seen[number] is None:
            noticed += 1
            shuffled = {each: anyhow.read(each) for each in np.random.default_rng(number).permutation(COUNT).tolist()}
            for pictures in (seen, shuffled):
                assert all(each is None or np.array_equal(each, right[n]) for n, each in pictures.items())
            assert {n for n in seen if seen[n] is None} == {n for n in seen if shuffled[n] is None}
    assert noticed > 10
