"""Which processes a run has left behind: they are known by what they have inherited in their environment."""

from __future__ import annotations

import os
import time
from pathlib import Path

DEADLINE_SECONDS = 60.0


def marked(mark: bytes) -> list[int]:
    """The processes with `mark` in their environment, but for this one."""
    others = [folder for folder in Path("/proc").glob("[0-9]*") if folder.name != str(os.getpid())]
    return [int(folder.name) for folder in others if mark in _environment(folder)]


def ended(mark: bytes) -> bool:
    """Whether no process with `mark` in its environment is left, or soon will be."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (left := marked(mark)) and time.monotonic() < deadline:
        pass
    return not left


def _environment(folder: Path) -> bytes:
    """That of a process; nothing where it has ended or is somebody else's."""
    try:
        return (folder / "environ").read_bytes()
    except OSError:
        return b""
