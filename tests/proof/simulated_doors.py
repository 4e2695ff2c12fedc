"""The doors a run goes through: its provider, its store and its watch. Each use of one is an effect, which `Fate`
may let pass or turn into any accident that the outside world knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from simulated_world import Crash, Delivery, Version, World

from ftplan.core.catalog import Catalog
from ftplan.core.desired import DesiredModel
from ftplan.core.events import PlanUsed
from ftplan.core.facts import RemoteFile, RemoteJob, RemoteModel
from ftplan.core.fold import fold
from ftplan.core.keeping.codec import encode_state
from ftplan.core.ports import CALL_TIMEOUT_SECONDS, Capabilities, JobRequest, UploadRequest
from ftplan.core.stores import Blob, Claim
from ftplan.errors import LockHeld, OutcomeUnknown, Problem, StateConflict, StateError, Unreachable

T = TypeVar("T")
OUTAGE_SECONDS = 150.0
"""Longer than any search that settles a doubt goes on."""

READ_ACCIDENTS = ("crash before", "no answer")
SEARCH_ACCIDENTS = (*READ_ACCIDENTS, "outage", "stale filter")
CALL_ACCIDENTS = ("crash before", "crash after", "dropped", "answer lost", "late")
SAVE_ACCIDENTS = ("crash before", "crash after", "not saved", "saved, answer lost", "overtaken")
"""A crash after a read leaves the same world as a crash before it: a read leaves no trace."""

ENDS_BEFORE = ("crash before", "not saved")
ENDS_AFTER = ("crash after", "saved, answer lost")
"""A run that ends so leaves what was written up to this effect, without it or with it."""

WRITES = ("save", "put_file", "start_job", "cancel_job", "delete_file", "delete_model")


def accidents(effect: str) -> tuple[str, ...]:
    """Everything that can befall an effect of this name."""
    if effect == "save":
        return SAVE_ACCIDENTS
    if effect == "find_jobs":
        return SEARCH_ACCIDENTS
    if effect in ("lock", "unlock"):
        return ("crash before",)
    return CALL_ACCIDENTS if effect in ("put_file", "start_job") else READ_ACCIDENTS


class Fate(Protocol):
    """What befalls a run. `meets` is asked before each effect, `leaves` told after it; `sleeps` is the run waiting."""

    def meets(self, effect: str) -> str: ...

    def leaves(self, effect: str) -> None: ...

    def sleeps(self, seconds: float) -> None: ...


@dataclass
class Watch:
    """A run's own clock."""

    world: World
    fate: Fate

    def now(self) -> datetime:
        return self.world.now()

    def monotonic(self) -> float:
        return self.world.seconds

    def sleep(self, seconds: float) -> None:
        self.fate.sleeps(seconds)


class Wire:
    """A `Provider`: the world's service as one run reaches it."""

    name = "svc"

    def __init__(self, world: World, fate: Fate) -> None:
        self._world, self._service, self._fate = world, world.service, fate

    @property
    def catalog(self) -> Catalog:
        return self._service.catalog

    def capabilities(self) -> Capabilities:
        return self._service.capabilities()

    def validate(self, model: DesiredModel) -> Sequence[Problem]:
        return ()

    def check_access(self) -> None:
        return None

    def get_file(self, file_id: str) -> RemoteFile | None:
        return self._read("get_file", lambda: self._service.get_file(file_id))

    def get_job(self, job_id: str) -> RemoteJob | None:
        return self._read("get_job", lambda: self._service.get_job(job_id))

    def get_model(self, model_id: str) -> RemoteModel | None:
        return self._read("get_model", lambda: self._service.get_model(model_id))

    def find_file(self, sha256: str, bytes: int) -> RemoteFile | None:
        return self._read("find_file", lambda: self._service.find_file(sha256, bytes))

    def find_jobs(self, marks: Mapping[str, str]) -> Sequence[RemoteJob]:
        return self._read("find_jobs", lambda: self._service.find_jobs(marks))

    def put_file(self, request: UploadRequest, progress: Callable[[int], None]) -> RemoteFile:
        file = RemoteFile(f"file-late-{len(self._service.files) + 1}", request.filename, request.bytes)
        return self._call("put_file", lambda: self._service.put_file(request, progress), file)

    def start_job(self, request: JobRequest) -> RemoteJob:
        return self._call("start_job", lambda: self._world.accept(request), request)

    def cancel_job(self, job_id: str) -> RemoteJob | None:
        return self._call("cancel_job", lambda: self._service.cancel_job(job_id))

    def delete_file(self, file_id: str) -> bool:
        return self._call("delete_file", lambda: self._service.delete_file(file_id))

    def delete_model(self, model_id: str) -> bool:
        return self._call("delete_model", lambda: self._world.delete(model_id))

    def _read(self, effect: str, work: Callable[[], T]) -> T:
        accident = self._fate.meets(effect)
        if accident == "crash before":
            raise Crash(effect)
        if accident == "outage":
            self._world.deaf_until = self._world.seconds + OUTAGE_SECONDS
        deaf = effect == "find_jobs" and self._world.seconds < self._world.deaf_until
        if accident == "no answer" or deaf:
            self._fate.leaves(effect)
            raise Unreachable(Problem(f"{effect}: no answer"))
        self._service.ignores_filter = accident == "stale filter"
        answer = work()
        self._fate.leaves(effect)
        return answer

    def _call(self, effect: str, work: Callable[[], T], request: JobRequest | RemoteFile | None = None) -> T:
        """A write. One that is late was sent when the run came to it, and arrives at the last moment it may."""
        world, sent = self._world, self._world.seconds
        accident = self._fate.meets(effect)
        if accident == "crash before":
            raise Crash(effect)
        if accident == "late" and request is not None:
            world.late.append(Delivery(sent + CALL_TIMEOUT_SECONDS, len(world.late), request))
        elif accident not in ("dropped", "late"):
            answer = work()
            if accident == "crash after":
                raise Crash(effect)
            if accident != "answer lost":
                self._fate.leaves(effect)
                return answer
        self._fate.leaves(effect)
        raise OutcomeUnknown(Problem(f"{effect}: no answer"))


@dataclass
class Lock:
    """Who holds the lock of a world's state, and which holders are known to be dead."""

    claim: Claim | None = None
    dead: set[str] | None = None


class Store:
    """A `Backend` over the versions of a world, as the run `who` reaches it. It sees through a run that writes
    although another has written since it read."""

    def __init__(self, world: World, fate: Fate, who: str, lock: Lock) -> None:
        self._world, self._fate, self._who, self._lock = world, fate, who, lock
        self._known = world.writes

    def where(self) -> str:
        return "memory"

    def load(self) -> Blob | None:
        self._known = self._world.writes
        return self.present()

    def present(self) -> Blob | None:
        """What is stored, seen by nobody."""
        versions = self._world.versions
        return Blob(versions[-1].data, str(self._world.writes)) if versions else None

    def save(self, data: bytes, replacing: str | None) -> str:
        accident = self._fate.meets("save")
        if accident == "crash before":
            raise Crash("save")
        if accident == "overtaken":
            state = self._world.state
            self._write(encode_state(replace(fold(state, PlanUsed("theirs")), serial=state.serial + 1)), "somebody")
        present = self.present()
        if (present.tag if present else None) != replacing:
            self._fate.leaves("save")
            raise StateConflict(Problem("somebody else wrote"))
        if accident == "not saved":
            raise StateError(Problem("no room"))
        if self._known != self._world.writes:
            self._world.breaks("I4", f"{self._who} wrote over another run")
        tag = self._write(data, self._who)
        self._known = self._world.writes
        if accident == "crash after":
            raise Crash("save")
        if accident == "saved, answer lost":
            raise StateError(Problem("no answer"))
        self._fate.leaves("save")
        return tag

    def _write(self, data: bytes, who: str) -> str:
        self._world.store(Version(data, who))
        return str(self._world.writes)

    def lock(self, claim: Claim, timeout: float) -> Claim | None:
        if self._fate.meets("lock") == "crash before":
            raise Crash("lock")
        held = self._lock.claim
        if held is not None and held.who not in (self._lock.dead or ()):
            raise LockHeld(Problem("State is locked"))
        self._lock.claim = claim
        self._fate.leaves("lock")
        return held

    def unlock(self, claim_id: str) -> None:
        if self._fate.meets("unlock") == "crash before":
            raise Crash("unlock")
        if self._lock.claim is not None and self._lock.claim.id == claim_id:
            self._lock.claim = None

    def holder(self) -> Claim | None:
        return self._lock.claim

    def break_lock(self, claim_id: str) -> None:
        self._lock.claim = None
