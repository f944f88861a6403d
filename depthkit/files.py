"""Reading files, and writing them whole or not at all; errors name the file and the remedy."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from depthkit.errors import InputError


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path` that becomes `path` when the block ends well, and is removed when not.

    Raises InputError for a missing or unwritable folder and for a full disk.
    """
    final = Path(path)
    with explained(final):
        handle, name = tempfile.mkstemp(prefix=f".{final.name}.", suffix=final.suffix, dir=final.parent or ".")
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(final)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def folder_beside(path: str | Path) -> Iterator[Path]:
    """A hidden folder beside `path`, to make it in and move it out of; the folder is gone when the block ends.

    Raises InputError for a missing or unwritable folder and for a full disk.
    """
    final = Path(path)
    with explained(final), tempfile.TemporaryDirectory(prefix=f".{final.name}.", dir=final.parent) as folder:
        yield Path(folder)


@contextlib.contextmanager
def explained(path: str | Path) -> Iterator[None]:
    """Turn an OSError about writing `path` into an InputError that names the remedy."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {path}: {_remedy(error, Path(path))}") from error


def read_bytes(path: str | Path) -> bytes:
    """The content of a file; InputError if it is missing or cannot be read."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"no such file: {path}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _remedy(error: OSError, path: Path) -> str:
    if error.errno == errno.ENOSPC:
        return "the disk is full; free some space or choose another folder"
    if error.errno == errno.ENOENT:
        return f"the folder {path.parent} does not exist; make it first"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"no permission to write in {path.parent}; choose another folder"
    return str(error.strerror or error)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
