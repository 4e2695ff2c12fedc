"""`python watched.py REPORT WORDS...` is `ftplan WORDS...` that writes into REPORT whatever reaches out of its process:
sockets, other processes, files and folders that are written, as Python's own audit sees them."""

from __future__ import annotations

import json
import os
import sys

FAR = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.",
)
NEAR = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "sqlite3.connect")
seen: list[tuple[str, str]] = []


def note(event: str, arguments: tuple[object, ...]) -> None:
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if event in NEAR or event.startswith(FAR) or writes:
        seen.append((event, str(arguments[0]) if arguments else ""))


def watch() -> None:
    report, *words = sys.argv[1:]
    sys.argv = ["ftplan", *words]
    sys.addaudithook(note)
    from ftplan.__main__ import main

    try:
        main()
    finally:
        found = list(seen)
        with open(report, "w", encoding="utf-8") as file:
            json.dump(found, file)


if __name__ == "__main__":
    watch()
