"""The state as a file beside the configuration: written whole or not at all, with the one before as `.backup`."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shlex
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from ftplan.backends.beside import BesideFolder
from ftplan.backends.locks import LockFile, refusal
from ftplan.backends.whole import free_name, rescued, write_whole
from ftplan.core.stores import Blob, Claim
from ftplan.errors import Problem, StateConflict, StateError

LARGEST_STATE = 64 * 1024 * 1024
POLL_SECONDS = 0.1


class LocalBackend:
    """One state file. Its tag is the sha256 of its bytes, so any other write is seen, whoever made it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = LockFile(path.with_name(f".{path.name}.lock"))
        self._claim: str | None = None
        self._beside = BesideFolder(path.with_name(f"{path.name.removesuffix('.json')}.rows"))

    def where(self) -> str:
        return self._path.name

    def load(self) -> Blob | None:
        """The file's content; None where there is no file. Raises `StateError` for a file it will not read: a link, no
        regular file, too large, another user's, or one that everybody may write to. A group's may be: that is how
        a checkout looks under umask 002. Root reads every user's, as in a container with a folder of its host."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error("State cannot be read", error) from error
        try:
            self._check(os.fstat(descriptor))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(LARGEST_STATE + 1)
        except OSError as error:
            raise self._error("State cannot be read", error) from error
        finally:
            os.close(descriptor)
        return Blob(data, _tag(data))

    def save(self, data: bytes, replacing: str | None) -> str:
        """Writes `data` beside the file, syncs it, keeps the present one as `.backup`, and renames. Nobody else
        saves meanwhile, locked or not: of two runs that read the same state, one wins. Who took the lock and has it no
        more writes nothing, even where nobody else has written yet."""
        try:
            with self._lock.alone() as guarded:
                if self._claim is not None and guarded.claim_id() != self._claim:
                    raise StateConflict(Problem("The lock was taken away", self._fenced()))
                present = self.load()
                if (present.tag if present else None) != replacing:
                    raise StateConflict(Problem("State was written by another run", self._overtaken()))
                if present is not None:
                    write_whole(self._path.with_name(f"{self._path.name}.backup"), present.data)
                write_whole(self._path, data)
        except OSError as error:
            raise self._error("State cannot be written", error) from error
        return _tag(data)

    def lock(self, claim: Claim, timeout: float) -> Claim | None:
        """As `Backend` has it. What saves that were killed left lying beside the state is cleared away."""
        deadline = time.monotonic() + timeout
        with self._errors_of_the_lock():
            while not (attempt := self._lock.take(claim)).taken:
                left = deadline - time.monotonic()
                if left <= 0 and attempt.found is not None:
                    raise refusal(attempt.found, self.where())
                time.sleep(max(0.0, min(POLL_SECONDS, left)))
        self._claim = claim.id
        # Nobody saves meanwhile, so that whatever is there now is nobody's any more. What cannot be cleared stays.
        with contextlib.suppress(OSError), self._lock.alone():
            _clear_leftovers(self._path)
        return attempt.found

    def unlock(self, claim_id: str) -> None:
        with self._errors_of_the_lock():
            self._lock.give_back(claim_id)
        self._claim = None

    def holder(self) -> Claim | None:
        with self._errors_of_the_lock():
            return self._lock.holder()

    def break_lock(self, claim_id: str) -> None:
        with self._errors_of_the_lock():
            self._lock.break_claim(claim_id, self.where())

    def keep_beside(self, name: str, data: bytes) -> None:
        self._beside.keep(name, data)

    def beside(self, name: str) -> bytes | None:
        return self._beside.read(name)

    def beside_names(self) -> tuple[str, ...]:
        return self._beside.names()

    def drop_beside(self, name: str) -> None:
        self._beside.drop(name)

    def keep_aside(self) -> tuple[str, None]:
        """Moves a state that cannot be used out of the way, and never over anything; its new name. The `.backup` stays
        as it is, since it may be a good one. Raises `StateError`."""
        try:
            with self._lock.alone():
                name = free_name(self._path)
                os.rename(self._path, self._path.with_name(name))
        except OSError as error:
            raise self._error("State cannot be moved", error) from error
        return name, None

    def rescue(self, data: bytes) -> str:
        return rescued(self._path, data)

    def _check(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise StateError(Problem("State cannot be read", f"{self.where()} is not a regular file."))
        if found.st_size > LARGEST_STATE:
            raise StateError(Problem("State cannot be read", f"{self.where()} is over {LARGEST_STATE:,} bytes."))
        if os.geteuid() != 0 and found.st_uid not in (0, os.geteuid()):
            belongs = f"{self.where()} belongs to another user (uid {found.st_uid})."
            raise self._distrust(belongs, "make it your own", f"sudo chown {os.geteuid()}")
        if found.st_mode & stat.S_IWOTH and self._modes_are_kept():
            raise self._distrust(f"Every user may write to {self.where()}.", "take that right away", "chmod o-w")

    def _distrust(self, why: str, remedy: str, command: str) -> StateError:
        detail = f"{why} Who writes the state says what was bought already."
        advice = f"If it holds what you expect, {remedy}:"
        path = shlex.quote(str(self._path))
        return StateError(Problem("State is not to be trusted", detail, advice=advice, command=f"{command} {path}"))

    def _modes_are_kept(self) -> bool:
        """False where the lock, which is made for its owner alone, is shown as everybody's, too: some disks (FAT,
        what Windows and virtual machines share) keep no modes, and a file's says nothing there."""
        try:
            return not os.lstat(self._lock.path).st_mode & stat.S_IWOTH
        except OSError:
            return True

    def _overtaken(self) -> str:
        return f"{self.where()} is not what this run last read or wrote."

    def _fenced(self) -> str:
        return f"Somebody broke the lock that this run held on {self.where()}, so it writes nothing more."

    @contextlib.contextmanager
    def _errors_of_the_lock(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._error("State cannot be locked", error) from error

    def _error(self, summary: str, error: OSError) -> StateError:
        linked = error.errno == errno.ELOOP
        why = "is a symbolic link, and these are not followed" if linked else (error.strerror or str(error))
        detail = f"{self.where()}: {why}."
        return StateError(Problem(summary, detail, advice=f"The folder is {self._path.parent}."))


def _clear_leftovers(state: Path) -> None:
    """Takes away the temporary files of saves that were killed: regular files of ours whose names only we give."""
    ours = re.compile(rf"\.{re.escape(state.name)}(\.backup)?\.[0-9a-f]{{12}}\.tmp")
    for path in state.parent.iterdir():
        if ours.fullmatch(path.name):
            found = path.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
                path.unlink()


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
