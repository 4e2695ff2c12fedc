"""The state at a server that speaks Terraform's HTTP protocol, as GitLab does for every project.

The protocol has a lock, and no compare-and-swap: a server takes any write that names the lock's id, and some take every
write. So before each one we see to it that the lock is ours still and that what is stored is what we last read. Nothing
there renews a lock or lets it run out: that of a run that died stands until somebody takes it away (`force-unlock`), or
a run on the same host sees that it is dead, where the server tells what the holder said of itself (GitLab does not).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from ftplan.backends.http_claims import UNKNOWN, holder_in, lock_info, look
from ftplan.backends.http_place import HttpPlace
from ftplan.backends.http_wire import SECONDS, Answer, NoAnswer, Wire
from ftplan.backends.locks import refusal, unlocking, wrong_id
from ftplan.backends.presence import is_gone
from ftplan.backends.whole import free_name, rescued, write_whole
from ftplan.core.stores import Blob, Claim
from ftplan.errors import ConfigError, Problem, StateConflict, StateError

POLL_SECONDS = 1.0
_NOTHING = (204, 404)
_HELD = (409, 423)
_OVERTAKEN = 412
_NO_LOCKS = (404, 405, 501)
# What stands before a server says that it got no answer itself.
_GATEWAYS = (502, 503, 504)


class HttpBackend:
    """One state at one address. Its tag is the sha256 of its bytes. Copies for emergencies stand beside `local`, where
    the state would be if it were a file. Everything raises `ConfigError` where the address is refused."""

    def __init__(self, place: HttpPlace, local: Path, *, seconds: float = SECONDS) -> None:
        self._wire = Wire(place, seconds)
        self._local = local
        self._claim: Claim | None = None

    def where(self) -> str:
        return self._wire.place.shown

    def load(self) -> Blob | None:
        """What is stored, None where the server has nothing. Raises `StateError`."""
        stored = self._stored()
        return Blob(stored.body, _tag(stored.body)) if stored else None

    def save(self, data: bytes, replacing: str | None) -> str:
        """As `Backend` has it. A write is sent once: where it is not known to have arrived, what is stored says it."""
        if self._claim is not None and not self._is_held_by(self._claim):
            raise StateConflict(Problem("The lock was taken away", self._fenced()))
        present = self._stored()
        if (_tag(present.body) if present else None) != replacing:
            detail = f"{self.where()} is not what this run last read or wrote."
            raise StateConflict(Problem("State was written by another run", detail))
        lock_id = self._claim.id if self._claim else None
        try:
            answer = self._wire.post(data, lock_id, present.etag if present else "")
        except NoAnswer as reason:
            return self._settled(data, replacing, str(reason))
        return _tag(data) if answer.ok else self._settled(data, replacing, _refused(answer), answer.status)

    def lock(self, claim: Claim, timeout: float) -> Claim | None:
        deadline = time.monotonic() + timeout
        # Known before it is asked for: a signal may come in between, and what was taken is given back then, too.
        self._claim = claim
        try:
            while True:
                taken, found = self._take(claim)
                if taken:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise refusal(found or claim, self.where())
                time.sleep(min(POLL_SECONDS, left))
        except (ConfigError, StateError):
            self._claim = None
            raise

    def unlock(self, claim_id: str) -> None:
        """As `Backend` has it. Whose the lock is is looked at first: not every server looks at the id. Raises
        `StateError` where the lock may still stand."""
        ours = self._claim
        if ours is None or ours.id != claim_id:
            return
        self._claim = None
        if self._is_held_by(ours):
            self._let_go(ours)

    def holder(self) -> Claim | None:
        """Whose the lock is. The protocol cannot be asked that: it is taken for a moment, and where that is refused
        the refusal says it."""
        ours = look()
        taken, found = self._asked_for(ours)
        if taken:
            self._let_go(ours)
        return None if taken else found

    def break_lock(self, claim_id: str) -> None:
        found = self.holder()
        if found is None or found.id != claim_id:
            raise wrong_id(found, self.where())
        self._let_go(found)

    def keep_aside(self) -> tuple[str, str | None]:
        """A copy, in a file here, of a state that cannot be used, and the tag under which it is to be replaced."""
        present = self.load()
        name = free_name(self._local)
        try:
            write_whole(self._local.with_name(name), present.data if present else b"")
        except OSError as error:
            raise self._error("State cannot be kept aside", error.strerror or str(error)) from error
        return name, present.tag if present else None

    def rescue(self, data: bytes) -> str:
        return rescued(self._local, data)

    def _stored(self) -> Answer | None:
        """What is stored, with its ETag; None for nothing."""
        try:
            answer = _twice(self._wire.get)
        except NoAnswer as reason:
            raise self._error("State cannot be read", str(reason)) from None
        if answer.status in _NOTHING or (answer.status == 200 and not answer.body):
            return None
        if answer.status != 200:
            raise self._error("State cannot be read", _refused(answer))
        return answer

    def _settled(self, data: bytes, replacing: str | None, why: str, status: int = 0) -> str:
        """After a write that may have arrived, or not: what is stored decides. What is between us and the server may
        have sent it twice, so that even a refusal may be that of the second."""
        present = self.load()
        if present is not None and present.data == data:
            return present.tag
        if status in _HELD:
            raise StateConflict(Problem("The lock was taken away", self._fenced()))
        if status == _OVERTAKEN or (present.tag if present else None) != replacing:
            raise StateConflict(Problem("State was written by another run", f"{self.where()}: {why}."))
        raise self._error("State cannot be written", why)

    def _take(self, claim: Claim) -> tuple[bool, Claim | None]:
        """Whether the lock is ours now, and the claim that stood there: taken over, or in the way."""
        taken, found = self._asked_for(claim)
        if taken or not is_gone(found):
            return taken, None if taken else found
        # Of two that see the same dead run one alone unlocks it: its id is gone with it.
        self._let_go(found)
        taken, other = self._asked_for(claim)
        return taken, found if taken else other

    def _asked_for(self, claim: Claim) -> tuple[bool, Claim]:
        """Asks for the lock: whether it is under `claim` now, and whose it is. That is harmless to ask again, since a
        refusal that names our own id says that it was given to us."""
        info = lock_info(claim, self.where())
        try:
            answer = _twice(lambda: self._wire.lock(info))
        except NoAnswer as reason:
            advice = "It may have been locked all the same. If so, once the server answers again:"
            raise self._error("State cannot be locked", str(reason), advice, unlocking(claim)) from None
        if answer.ok:
            return True, claim
        if answer.status not in _HELD:
            advice = "The server may have no locks: set lock_address and lock_method, or run alone with -lock=false."
            advice = advice if answer.status in _NO_LOCKS else ""
            raise self._error("State cannot be locked", _refused(answer), advice)
        found = holder_in(answer.body)
        return found.id == claim.id, found

    def _is_held_by(self, claim: Claim) -> bool:
        """Whether the lock is that of `claim` still. It is asked for in another name: some servers give it to who has
        it, as often as that asks. Where a server refuses and names nobody, ours is as good a guess as any."""
        holder = self.holder()
        return holder is not None and holder.id in (claim.id, UNKNOWN)

    def _let_go(self, claim: Claim) -> None:
        """Unlocks what `claim` holds. Raises `StateError` where that is not known to have happened."""
        info = lock_info(claim, self.where())
        try:
            answer = _twice(lambda: self._wire.unlock(info))
        except NoAnswer as reason:
            why = str(reason)
        else:
            if answer.ok or answer.status in _HELD:  # given back, or not ours any more
                return
            why = _refused(answer)
        advice = "The lock may still stand. If so, once the server answers again:"
        raise self._error("State cannot be unlocked", why, advice, unlocking(claim))

    def _fenced(self) -> str:
        if self._claim is None:
            return f"Somebody holds the lock on {self.where()}, and this run, which took none, writes nothing more."
        return f"Somebody broke the lock that this run held on {self.where()}, so it writes nothing more."

    def _error(self, summary: str, why: str, advice: str = "", command: str = "") -> StateError:
        return StateError(Problem(summary, f"{self.where()}: {why}.", advice=advice, command=command))


def _twice(ask: Callable[[], Answer]) -> Answer:
    """What is harmless to ask again is asked again, once, where no answer came."""
    try:
        answer = ask()
    except NoAnswer:
        return ask()
    return ask() if answer.status in _GATEWAYS else answer


def _refused(answer: Answer) -> str:
    """A status in words. What a server writes into an error page is nobody's to read here."""
    if answer.status == 401:
        return "it does not know who asks (401); set FTPLAN_HTTP_USERNAME and FTPLAN_HTTP_PASSWORD"
    if answer.status == 403:
        return "it does not let this user do that (403); writing and locking take a Maintainer at GitLab"
    if 300 <= answer.status < 400:
        return f"it leads elsewhere ({answer.status}), and a state is kept only at the address that was named"
    return f"the server answered {answer.status}"


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
