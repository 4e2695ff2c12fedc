"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


def write_whole(target: Path, data: bytes) -> None:
    """`target` holds `data` durably, readable by its owner alone, or else what it held before. Raises OSError."""
    with _temporary(target) as (descriptor, name):
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    _sync_folder(target.parent)


def rescued(beside: Path, data: bytes) -> str:
    """The path of an emergency copy of `data`: beside the state at `beside`, else in the home folder or the temporary
    one. Raises OSError when none of them can be written."""
    name = f"{beside.name}.emergency-{time.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(3)}"
    for folder in _rescue_folders(beside.parent):
        with contextlib.suppress(OSError):
            write_whole(folder / name, data)
            return str(folder / name)
    raise OSError("no folder can be written")


def free_name(path: Path) -> str:
    """A name beside `path` that nothing has, for a state that is damaged."""
    stamp = time.strftime("%Y%m%dT%H%M%S")
    names = (f"{path.name}.damaged-{stamp}{more}" for more in ("", *(f"-{n}" for n in range(1, 100))))
    return next(name for name in names if not os.path.lexists(path.with_name(name)))


def _rescue_folders(beside: Path) -> Iterator[Path]:
    yield beside
    # Path.home raises RuntimeError for a user without one, as containers have them.
    with contextlib.suppress(RuntimeError):
        yield Path.home()
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir())


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[tuple[int, str]]:
    """A new file in the folder of `target`, readable by its owner alone, gone again if it was not renamed."""
    name = str(target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp"))
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        yield descriptor, name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` durable: without it, a power cut may bring the old name back."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
