"""Processes that want the same state, for tests to start: `contenders.py WHAT PATH ...`. Each says one line."""

from __future__ import annotations

import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

from ftplan.backends.local import LocalBackend
from ftplan.errors import LockHeld, StateConflict, StateError
from ftplan.testing import claim_of


def save_for_ever(path: Path) -> None:
    """States of one repeated digit, each a good deal larger than a disk's block, until somebody kills us."""
    backend, number = LocalBackend(path), 0
    blob = backend.load()
    tag = blob.tag if blob else None
    print("ready", flush=True)
    while True:
        number += 1
        tag = backend.save(str(number % 10).encode() * 200_000, tag)


def take_turns(path: Path, witness: Path, name: str) -> None:
    """Takes the lock, makes sure to be alone, and gives it back."""
    backend = LocalBackend(path)
    for turn in range(3):
        backend.lock(claim_of(f"{name}-{turn}"), 60)
        witness.touch(exist_ok=False)
        witness.unlink()
        backend.unlock(f"{name}-{turn}")
    print("alone", flush=True)


def inherit(folder: Path, name: str) -> None:
    """Tries once for the lock of each state in a folder, when told to begin, and says how many were taken over."""
    states = [LocalBackend(path) for path in sorted(folder.glob("[0-9]*"))]
    print("ready", flush=True)
    sys.stdin.readline()
    taken_over = 0
    for backend in states:
        with suppress(LockHeld):
            taken_over += backend.lock(claim_of(name), 0) is not None
    print(taken_over)


def count_up(path: Path, times: int) -> None:
    """Adds one to a number so many times, each a compare-and-swap and no lock at all."""
    backend, done = LocalBackend(path), 0
    while done < times:
        blob = backend.load()
        assert blob is not None
        try:
            backend.save(str(int(blob.data) + 1).encode(), blob.tag)
        except StateConflict:
            continue
        done += 1


def save_on_a_full_disk(path: Path) -> None:
    """Saves more than there is room for."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    backend = LocalBackend(path)
    blob = backend.load()
    try:
        backend.save(b"x" * 150_000, blob.tag if blob else None)
    except StateError as error:
        print(error.problems[0].detail)


if __name__ == "__main__":
    what, path, *more = sys.argv[1:]
    match what:
        case "save":
            save_for_ever(Path(path))
        case "turns":
            take_turns(Path(path), Path(more[0]), more[1])
        case "inherit":
            inherit(Path(path), more[0])
        case "count":
            count_up(Path(path), int(more[0]))
        case "full":
            save_on_a_full_disk(Path(path))
