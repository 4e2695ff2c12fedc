"""The lock around everything that writes."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone

from ftplan import __version__
from ftplan.backends.locks import describe
from ftplan.backends.presence import presence
from ftplan.cli.opening.session import Session
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import Request
from ftplan.core.stores import Claim
from ftplan.errors import LockHeld, Problem, StateError

# Where the big CI services say which run this is; the first one that is set is shown to whoever has to wait.
_CI_LINKS = ("CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL")


@contextmanager
def locked(console: Console, session: Session, request: Request, operation: str) -> Iterator[None]:
    """Holds the lock of the session's state, unless -lock=false. Says whom it waits for, and whose lock it took
    over. Raises `LockHeld`, naming the holder."""
    if not request.lock:
        yield
        return
    claim, refused = make_claim(operation, os.environ), False
    try:
        try:
            dead = _take(console, session, request, claim)
        except StateError:
            refused = True
            raise
        if dead is not None:
            console.problems([_taken_over(dead, session.backend.where())])
        yield
    finally:
        # Also where a signal came while the claim was being written: it would stand in everybody's way.
        if not refused:
            with _undisturbed():
                _give_back(console, session, claim)


def _take(console: Console, session: Session, request: Request, claim: Claim) -> Claim | None:
    """Takes the lock; what comes back is the claim that was taken over, None where nobody's was."""
    try:
        return session.backend.lock(claim, 0)
    except LockHeld as held:
        if request.lock_timeout <= 0:
            raise
        told = replace(
            held.problems[0],
            summary="Waiting for the lock",
            advice=f"Waiting up to {request.lock_timeout:g}s. Only when it is certain that it is dead:",
            severity="warning",
        )
    console.problems([told])
    return session.backend.lock(claim, request.lock_timeout)


def _give_back(console: Console, session: Session, claim: Claim) -> None:
    """A lock that cannot be given back is a warning: what the run has to say, of a state that could not be saved, say,
    goes before it."""
    try:
        session.backend.unlock(claim.id)
    except StateError as error:
        console.problems(replace(problem, severity="warning") for problem in error.problems)


def _taken_over(dead: Claim, where: str) -> Problem:
    return Problem(
        "Took over the lock of a dead run",
        f"The lock on {where} was left by a process that is no longer there. {describe(dead)}",
        advice="Whatever that run left open is settled by this one.",
        severity="warning",
    )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A moment in which SIGINT and SIGTERM have to wait."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def make_claim(operation: str, environ: Mapping[str, str]) -> Claim:
    """A claim in our name."""
    link = _ci_link(environ)
    return Claim(
        id=str(uuid.uuid4()),
        operation=operation,
        who=user_name(),
        host=socket.gethostname(),
        pid=os.getpid(),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        version=__version__,
        info={**presence(), **({"ci": link} if link else {})},
    )


def user_name() -> str:
    """Who runs this, by the operating system's word."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a user id that nobody has given a name.
        return f"uid {os.getuid()}"


def _ci_link(environ: Mapping[str, str]) -> str:
    if environ.get("GITHUB_RUN_ID"):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{environ['GITHUB_RUN_ID']}"
    return next((environ[name] for name in _CI_LINKS if environ.get(name)), "")
