"""ZED's SVO2: written with PyAV and mcap's writer in the layout that was found out, without loss."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import CompressionType

from depthkit import open_camera
from depthkit.cameras import CameraModel, Rig
from depthkit.errors import BagError, CalibrationError
from depthkit.recordings import Recording, open_recording, picture_sizes, svo_messages
from depthkit_tools.main import main
from depthkit_tools.recordings import open_with_rig
from tests.rig_files import ZED
from tests.test_recordings_ros import foreign, survive
from tests.video_clips import (
    CAMERA,
    HEIGHT,
    LOSSLESS,
    SERIAL,
    STEREO,
    WIDTH,
    X264,
    message,
    packets,
    pair,
    picture,
    stamp_ns,
    write_svo2,
)  # fmt: skip

COUNT = 40
CONF = f"SN{SERIAL}.conf"


@pytest.fixture(scope="module", params=["x264", "x265"])
def messages(request: pytest.FixtureRequest) -> list[bytes]:
    coded = packets(map(pair, range(COUNT)), LOSSLESS[request.param])
    return [message(each, stamp_ns(i)) for i, each in enumerate(coded)]


def are_exact(recording: Recording, numbers: Sequence[int]) -> bool:
    return all(
        np.array_equal(recording[i].image("left"), picture(i))
        and np.array_equal(recording[i].image("right"), picture(i + 5))
        and recording[i].stamp_device_ns == stamp_ns(i)
        for i in numbers
    )


@pytest.mark.parametrize("compression", [CompressionType.NONE, CompressionType.LZ4, CompressionType.ZSTD])
def test_every_frame(tmp_path: Path, messages: list[bytes], compression: CompressionType) -> None:
    path = write_svo2(tmp_path / "walk.svo2", messages, compression=compression)
    with foreign(path, rig=STEREO) as recording:
        assert [frames.sequence for frames in recording] == [*range(COUNT)]
        assert are_exact(recording, [*range(COUNT), 39, 0, 12, 11, 13, 24, 23, 1, 38])
        ledger = recording.ledger()
        assert ledger.pictures == {"left": COUNT, "right": COUNT}
        assert [ledger.unreadable, ledger.left_over] == [{}, {}]
        why = f"{3 * COUNT} messages: only pictures of one camera are read"
        assert ledger.ignored == {f"Camera_SN{SERIAL}/sensors": why}
        assert recording.digest() == recording.digest()
        assert recording.info().form == "ZED SVO2 recording"


def test_the_calibration_that_is_needed_is_named(tmp_path: Path, messages: list[bytes]) -> None:
    path = write_svo2(tmp_path / "walk.svo2", messages)
    with pytest.raises(CalibrationError, match=rf"give {CONF} .*\?SN={SERIAL}\) as --rig {CONF}, .*\(48, 32\)\)"):
        open_camera(path)
    small = CameraModel(WIDTH - 2, HEIGHT, 50, 50, 20, 16)
    with pytest.raises(CalibrationError, match=r"has pictures of 48×32, but the rig is for 46×32"):
        open_recording(path, rig=Rig({"left": CAMERA, "right": small}))
    assert picture_sizes(path) == [(WIDTH, HEIGHT)]


def test_the_commands_find_the_factory_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By --rig FILE, and beside the recording; of its resolutions, the one of the pictures."""
    frames = [np.zeros((720, 2560, 3), np.uint8)] * 2
    coded = packets(frames, ("libx264", "yuv420p", {"preset": "ultrafast"}))
    path = write_svo2(tmp_path / "walk.svo2", [message(each, stamp_ns(i)) for i, each in enumerate(coded)])
    vga = "[LEFT_CAM_VGA]\nfx=1\nfy=1\ncx=1\ncy=1\nk1=0\nk2=0\np1=0\np2=0\nk3=0\n"
    elsewhere = tmp_path / "calibrations" / "zed.conf"
    elsewhere.parent.mkdir()
    elsewhere.write_text(vga + ZED)
    assert main(["info", str(path)]) == 1
    assert CONF in capsys.readouterr().err
    assert main(["info", str(path), "--rig", str(elsewhere)]) == 0
    (tmp_path / CONF).write_text(vga + ZED)
    assert main(["replay", str(path), "--fast"]) == 0
    with open_with_rig(path, None) as recording:
        assert recording.rig.left.size == (1280, 720)
        assert recording.rig.baseline == pytest.approx(0.12014, abs=1e-5)
        assert len(recording) == 2


@pytest.mark.parametrize("listed", [COUNT - 1, COUNT + 2])
def test_the_footer_is_compared(tmp_path: Path, messages: list[bytes], listed: int) -> None:
    with foreign(write_svo2(tmp_path / "walk.svo2", messages, listed), rig=STEREO) as recording:
        assert recording.ledger().ignored["svo_footer"] == f"it lists {listed} pictures, but the file holds {COUNT}"
        assert are_exact(recording, range(COUNT))


@pytest.mark.parametrize("change", ["cut", "sizes", "empty"])
def test_damaged_messages_are_counted(tmp_path: Path, messages: list[bytes], change: str) -> None:
    """With all that is predicted from them; the time of a message stands in for a stamp that is gone."""
    changed = {"cut": messages[5][:-90], "sizes": bytes(8) + messages[5][8:], "empty": b""}[change]
    path = write_svo2(tmp_path / "walk.svo2", [*messages[:5], changed, *messages[6:]])
    with foreign(path, rig=STEREO) as recording:
        good = [*range(5), *range(12, COUNT)]
        for _ in range(2):
            assert [frames.sequence for frames in recording] == good
        assert recording.ledger().unreadable.keys() == {*range(5, 12)}
        assert "packet is not whole" in recording.ledger().unreadable[5]
        assert "predicted from picture 5" in recording.ledger().unreadable[6]
        assert are_exact(recording, good[::-1])


def test_what_changed_since_it_was_written_is_found(tmp_path: Path, messages: list[bytes]) -> None:
    """By the checksums of MCAP's chunks, whatever the decoder would make of it."""
    path = write_svo2(tmp_path / "walk.svo2", messages)
    data = bytearray(path.read_bytes())
    data[data.index(messages[15]) + len(messages[15]) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BagError, match=r"does not match its checksum"):
        open_recording(path, rig=STEREO)


def test_clocks_that_are_set_back(tmp_path: Path, messages: list[bytes]) -> None:
    """Frames stay in the order they were taken in."""
    early = message(svo_messages.coded(messages[9]) or b"", stamp_ns(2))
    path = write_svo2(tmp_path / "walk.svo2", [*messages[:9], early, *messages[10:]])
    with foreign(path, rig=STEREO) as recording:
        assert [frames.sequence for frames in recording] == [*range(COUNT)]
        assert recording[9].stamp_device_ns == stamp_ns(2)
        assert recording.info().frames == COUNT
    absurd = message(svo_messages.coded(messages[9]) or b"", 2**63)
    path = write_svo2(tmp_path / "odd.svo2", [*messages[:9], absurd, *messages[10:]])
    with pytest.raises(BagError, match="makes no sense"):
        open_recording(path, rig=STEREO)


def test_streams_without_keys(tmp_path: Path) -> None:
    """Parts of the pictures are refreshed in turn; those before the first whole one are lost, all others exact."""
    refreshing = {**X264[2], "bf": "0", "x264-params": "intra-refresh=1:keyint=10"}
    first, *rest = packets(map(pair, range(COUNT)), (*X264[:2], refreshing))
    parameters = first[: first.index(b"\0\0\1\x65") - 1]  # all before the slices of an IDR picture
    coded = [parameters + rest[0], *rest[1:]]
    path = write_svo2(tmp_path / "walk.svo2", [message(each, stamp_ns(i)) for i, each in enumerate(coded)])
    with foreign(path, rig=STEREO) as recording:
        read = [frames.sequence for frames in recording]
        assert 10 < len(read) < len(recording) == COUNT - 1
        assert read == [*range(read[0], COUNT - 1)]
        assert "no whole picture before it" in recording.ledger().unreadable[0]
        assert all(np.array_equal(recording[i].image("left"), picture(i + 1)) for i in (*read, *read[::-1]))


def test_what_cannot_be_read(tmp_path: Path, messages: list[bytes]) -> None:
    (tmp_path / "old.svo").write_bytes(b"RIFF")
    with pytest.raises(BagError, match=r"make an .svo2 of it with the SDK's"):
        open_recording(tmp_path / "old.svo", rig=STEREO)
    whole = write_svo2(tmp_path / "whole.svo2", messages).read_bytes()
    (tmp_path / "cut.svo2").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BagError, match=r"cut off: 'mcap recover cut.svo2"):
        open_recording(tmp_path / "cut.svo2", rig=STEREO)
    with pytest.raises(BagError, match=r"neither H.264 nor H.265"):
        open_recording(write_svo2(tmp_path / "jpeg.svo2", [bytes(40) + b"\xff\xd8\xff" + bytes(99)]), rig=STEREO)
    with pytest.raises(BagError, match=r"holds no pictures; its topics are svo_footer"):
        open_recording(write_svo2(tmp_path / "none.svo2", []), rig=STEREO)


def test_bits_that_rot(tmp_path: Path, messages: list[bytes]) -> None:
    data = write_svo2(tmp_path / "walk.svo2", messages).read_bytes()
    rng = np.random.default_rng(3)
    for _ in range(20):
        rotten = np.frombuffer(data, np.uint8).copy()
        rotten[rng.integers(0, len(data), 5)] = rng.integers(0, 256, 5)
        (tmp_path / "rotten.svo2").write_bytes(rotten.tobytes())
        survive(tmp_path / "rotten.svo2", rig=STEREO)
