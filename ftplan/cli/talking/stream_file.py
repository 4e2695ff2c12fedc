"""The file of -json-into: the lines that -json would print, while the terminal is told the same in words."""

from __future__ import annotations

import errno
import os
import sys
from datetime import datetime, timezone

from ftplan.errors import Problem, UsageError

# What leads to something that is open already, a pipe of the shell's for one. Links there are the system's own.
_OPEN_ALREADY = ("/dev/", "/proc/")


class StreamFile:
    """A file that is written a line at a time: each is there before anything else happens, so that whoever follows it
    is not behind, and a run that is killed leaves all that it said."""

    def __init__(self, path: str) -> None:
        """Empties the file and writes the first line of a stream. Raises `UsageError` where it cannot be written."""
        from ftplan.views.json_stream import version_line

        self._path = path
        self._file: int | None = None
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _following(path), 0o666)
            self._write(version_line(datetime.now(timezone.utc)))
        except (OSError, ValueError) as error:
            self.close()
            raise UsageError(_unwritable(path, error)) from None

    def line(self, text: str) -> None:
        """Writes one line. A file that can be written no more is given up with a warning: jobs that were paid for are
        not left alone because a disk is full."""
        try:
            self._write(text)
        except OSError as error:
            self.close()
            _warn(self._path, error)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, text: str) -> None:
        rest = memoryview(f"{text}\n".encode())
        while self._file is not None and rest:
            rest = rest[os.write(self._file, rest) :]


def _following(path: str) -> int:
    # A link that a pull request brings along would decide which file is emptied.
    return 0 if path.startswith(_OPEN_ALREADY) else os.O_NOFOLLOW


def _unwritable(path: str, error: OSError | ValueError) -> Problem:
    why = f"{error.strerror or error}" if isinstance(error, OSError) else str(error)
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        why = "it is a symbolic link, and might lead anywhere. Name the file itself"
    return Problem("Unusable -json-into", f"{path or 'An empty name'}: {why}. Nothing was done.")


def _warn(path: str, error: OSError) -> None:
    from ftplan.views.message_text import render_problems
    from ftplan.views.style import Style

    why = f"{path}: {error.strerror or error}. The file ends here; the run goes on."
    sys.stdout.flush()
    print(render_problems([Problem("-json-into ends early", why, severity="warning")], Style(False)), file=sys.stderr)
