"""A lock on a local disk: an flock that the kernel frees with its process, and a claim that says who holds it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shlex
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ftplan.backends.presence import is_gone, is_of_another_boot
from ftplan.core.stores import Claim
from ftplan.errors import LockHeld, Problem, StateError


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt to take the lock went. `found` is the claim that stood there: taken over, or in the way."""

    taken: bool
    found: Claim | None


class LockFile:
    """A claim in a file of its own, never unlinked: the state's file changes its inode at every write.

    The claim outlives its process: a run that was killed leaves it. Who comes next takes it over where the process is
    certain to be gone; any other is for `force-unlock` to take away. The flock guards the few moments in which the
    claim is read and written, so of many that wait one alone takes it over.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def alone(self) -> _Guarded:
        """A moment in which no other process takes or gives back the lock, nor has such a moment."""
        return _Guarded(self.path, create=True)

    def take(self, claim: Claim) -> Attempt:
        """Ours from now on, unless the claim of somebody who may be alive stands."""
        with _Guarded(self.path, create=True) as file:
            found = _claim(file.read())
            taken = found is None or is_gone(found)
            if taken:
                file.write(asdict(claim))
        return Attempt(taken, found)

    def holder(self) -> Claim | None:
        """Whose claim stands, None for nobody's."""
        if not self.path.exists():
            return None
        with _Guarded(self.path, create=False) as file:
            return _claim(file.read())

    def give_back(self, claim_id: str) -> None:
        """Takes our claim away; silent when it is not ours any more."""
        if not self.path.exists():
            return
        with _Guarded(self.path, create=False) as file:
            found = _claim(file.read())
            if found is not None and found.id == claim_id:
                file.write(None)

    def break_claim(self, claim_id: str, where: str) -> None:
        """Takes away the claim with exactly this id. Raises `StateError` for any other."""
        found = self.holder()
        if found is None or found.id != claim_id:
            raise wrong_id(found, where)
        self.give_back(claim_id)


def refusal(holder: Claim, where: str) -> LockHeld:
    """The error that names the holder and the way out."""
    started_anew = (
        " This host, or another of its name, was started anew since then." if is_of_another_boot(holder) else ""
    )
    return LockHeld(
        Problem(
            "State is locked",
            f"Another run holds the lock on {where}. {describe(holder)}{started_anew}",
            advice="Wait for it (-lock-timeout=5m). Only when it is certain that it is dead:",
            command=unlocking(holder),
        )
    )


def wrong_id(holder: Claim | None, where: str) -> StateError:
    """The error for an id that is not the holder's."""
    if holder is None:
        return StateError(Problem("Nothing to unlock", f"Nobody holds the lock on {where}."))
    return StateError(
        Problem(
            "Wrong lock id",
            f"The lock on {where} is held under another id: {holder.id}. {describe(holder)}",
            advice="Make sure that run is dead, then:",
            command=unlocking(holder),
        )
    )


def describe(claim: Claim) -> str:
    """A claim in a sentence: who, where, doing what, since when and for how long, as far as that is known."""
    link = f" See {claim.info['ci']}." if claim.info.get("ci") else ""
    where = f" on {claim.host} (pid {claim.pid})" if claim.host else ""
    doing = f", doing {claim.operation}" if claim.operation else ""
    since = f" since {claim.created}{_age(claim)}" if claim.created else ""
    return f"Held by {claim.who}{where}{doing}{since}; lock id {claim.id}.{link}"


def unlocking(claim: Claim) -> str:
    """The command that takes the lock from `claim`, as a line to paste: a server may have given it any id."""
    return f"ftplan force-unlock {shlex.quote(claim.id)}"


def _age(claim: Claim) -> str:
    """` (for 12m)`; nothing where `created` is no time, or one that by our clock is yet to come."""
    try:
        created = datetime.fromisoformat(claim.created.replace("Z", "+00:00"))  # Python 3.10 knows no Z
        seconds = int((datetime.now(timezone.utc) - created).total_seconds())
    except (TypeError, ValueError):
        return ""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return f" (for {seconds}s)" if seconds >= 0 else ""
    if minutes < 60:
        return f" (for {minutes}m)"
    return f" (for {hours}h {minutes % 60:02}m)" if hours < 24 else f" (for {days}d {hours % 24}h)"


class _Guarded:
    """The lock's file, open and flocked."""

    def __init__(self, path: Path, *, create: bool) -> None:
        self._path = path
        self._flags = os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT if create else 0)

    def __enter__(self) -> _Guarded:
        self._descriptor = os.open(self._path, self._flags, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except OSError:
            os.close(self._descriptor)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def read(self) -> dict[str, Any] | None:
        """What stands in it; None for nothing. What cannot be read is a claim all the same: nobody's to ignore."""
        data = os.pread(self._descriptor, 65536, 0)
        if not data.strip():
            return None
        try:
            found = json.loads(data)
        except ValueError:
            found = {}
        return found if isinstance(found, dict) else {}

    def claim_id(self) -> str | None:
        """Whose claim stands, by its id."""
        found = _claim(self.read())
        return found.id if found else None

    def write(self, claim: dict[str, Any] | None) -> None:
        """Half a claim would be nobody's to give back: where there is no room for all of it, nothing stands."""
        data = b"" if claim is None else json.dumps(claim).encode()
        os.ftruncate(self._descriptor, 0)
        try:
            if os.pwrite(self._descriptor, data, 0) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.ftruncate(self._descriptor, 0)
            raise
        os.fsync(self._descriptor)


def _claim(found: dict[str, Any] | None) -> Claim | None:
    if found is None:
        return None
    text = {
        name: str(found.get(name, "unknown"))[:200] for name in ("id", "operation", "who", "host", "created", "version")
    }
    pid = found.get("pid")
    info = found.get("info")
    return Claim(**text, pid=pid if isinstance(pid, int) else 0, info=info if isinstance(info, dict) else {})
