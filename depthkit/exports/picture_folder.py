"""Folders of PNG files, encoded by several threads, and laid out as a format wants it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from depthkit import images, threads
from depthkit.arrays import Image
from depthkit.bag.ledger import roles
from depthkit.cameras import Rig
from depthkit.exports.depth_steps import quantized
from depthkit.exports.export import LEDGER_FILE, check_rig, write_json
from depthkit.exports.layout import Layout
from depthkit.exports.ledger import ConversionLedger
from depthkit.recordings.pictures import RIG_FILE
from depthkit.threads import Backlog
from depthkit.types import DepthImage, FrameSet

_BEGINNING, _END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


class PictureFolder:
    """An `Export` that makes the folder `path`. At most two pictures a thread are in memory.

    Beside what the format asks for it holds rig.json, which `open_recording` and `--rig` read, and ledger.json.
    """

    def __init__(self, path: Path, rig: Rig, ledger: ConversionLedger, layout: Layout) -> None:
        self._path, self._rig, self._ledger, self._layout = path, rig, ledger, layout
        self._folders: dict[str, Path] = {}
        self._pool = ThreadPoolExecutor(threads.count(), "depthkit-png")
        self._writing = Backlog(2 * threads.count())
        path.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._pool:
            self._writing.__exit__(kind)
        if kind is None:
            self._finish()

    def add(self, frames: FrameSet) -> None:
        """Write the pictures that have a place in the layout; raises Unfit for a frame that has none."""
        check_rig(frames, self._rig)
        files = self._layout.place(frames)
        for role, name in files.items():
            file = self._path / name
            self._folder(role, file.parent)
            image = frames.depth if role == "depth" else frames.images[role]
            assert image is not None, "a layout places only what is there"
            self._writing.add(self._pool.submit(self._write, file, image))
        self._ledger.write(frames, {role: "no place for it" for role in roles(frames) if role not in files})

    def count(self) -> dict[str, int]:
        """The whole PNG files of each role."""
        return {role: sum(map(_is_whole, folder.glob("*.png"))) for role, folder in self._folders.items()}

    def _folder(self, role: str, folder: Path) -> None:
        if role not in self._folders:
            self._folders[role] = folder
            folder.mkdir()

    def _write(self, file: Path, image: Image | DepthImage) -> None:
        if isinstance(image, DepthImage):
            image, loss = quantized(image, self._layout.depth_scale)
            self._ledger.lose(loss)
        file.write_bytes(images.encode_png(image))

    def _finish(self) -> None:
        for name, text in self._layout.texts().items():
            (self._path / name).write_text(text, "utf-8")
        write_json(self._path / RIG_FILE, self._layout.rig().to_dict())
        self._ledger.close()
        write_json(self._path / LEDGER_FILE, self._ledger.to_dict())


def _is_whole(file: Path) -> bool:
    """Whether a file begins and ends as a PNG file does: nothing else would be a picture, or all of one."""
    with file.open("rb") as data:
        begins = data.read(len(_BEGINNING)) == _BEGINNING
        data.seek(max(data.seek(0, 2) - len(_END), 0))
        return begins and data.read() == _END
