"""Who is certain to be gone: nobody that runs, sleeps or is stopped, and nobody of whom it cannot be known."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ftplan.backends.local import LocalBackend
from ftplan.backends.presence import is_gone, is_of_another_boot, presence
from ftplan.core.stores import Claim

LOCKS = 200
CONTENDERS = Path(__file__).with_name("contenders.py")
STAYS = """
import json, os, sys
from ftplan.backends.presence import presence
print(json.dumps([os.getpid(), presence()]), flush=True)
sys.stdin.read()
"""
AS_NOBODY = """
import json, os, sys
from ftplan.backends.presence import is_gone
from ftplan.core.stores import Claim
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(is_gone(Claim(**json.loads(sys.argv[1]))))
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc: elsewhere nobody is gone")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def claim(pid: int, info: dict[str, Any]) -> Claim:
    return Claim("dead", "apply", "ann", socket.gethostname(), pid, "2026-11-22T12:00:00+00:00", "1", info)


@contextmanager
def other() -> Iterator[tuple[subprocess.Popen[str], Claim]]:
    """A process that stays until it is told otherwise, with the claim it would make."""
    with subprocess.Popen(
        [sys.executable, "-c", STAYS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        pid, info = json.loads(process.stdout.readline())
        try:
            yield process, claim(pid, info)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def dead() -> Claim:
    """The claim of a process that was killed."""
    with other() as (_, made):
        pass
    return made


def test_a_process_that_runs_is_there() -> None:
    assert not is_gone(claim(os.getpid(), dict(presence())))
    with other() as (_, made):
        assert not is_gone(made)


def test_a_process_that_was_killed_is_gone(dead: Claim) -> None:
    assert is_gone(dead)


def test_a_stopped_process_is_there() -> None:
    with other() as (process, made):
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert not is_gone(made)


def test_a_process_that_nobody_has_collected_yet_is_gone() -> None:
    with other() as (process, made):
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert Path(f"/proc/{process.pid}/stat").exists()
        assert is_gone(made)


def test_a_pid_that_was_given_out_again_is_somebody_else() -> None:
    ours = presence()
    assert is_gone(claim(os.getpid(), {**ours, "started": str(int(ours["started"]) - 1)}))


def test_a_process_of_another_user_is_there() -> None:
    """Nobody may not send root a signal, and is told that root is there all the same."""
    words = {"id": "a", "operation": "apply", "who": "ann", "created": "", "version": "1"}
    ours = {**words, "host": socket.gethostname(), "pid": os.getpid(), "info": presence()}
    command = [sys.executable, "-c", AS_NOBODY, json.dumps(ours)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.stdout == "False\n", done.stderr


UNKNOWN: dict[str, dict[str, Any]] = {
    "another host": {"host": "elsewhere"},
    "no pid": {"pid": 0},
    "a group of processes": {"pid": -4},
    "no pid there could be": {"pid": 2**80},
    "another boot": {"info": {"boot": "8f1c"}},
    "another namespace": {"info": {"namespaces": "pid:[1]"}},
    "no boot": {"info": {"boot": ""}},
    "no namespaces": {"info": {"namespaces": None}},
    "no start": {"info": {"started": ""}},
    "a boot that is no text": {"info": {"boot": {"a": []}}},
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_whoever_is_not_known_is_not_gone(dead: Claim, what: str) -> None:
    changes = dict(UNKNOWN[what])
    assert not is_gone(replace(dead, **{**changes, "info": {**dead.info, **changes.get("info", {})}}))


def test_a_claim_that_says_nothing_of_its_process_is_not_gone(dead: Claim) -> None:
    assert not is_gone(replace(dead, info={}))


def test_a_host_that_was_started_anew_is_told_from_others(dead: Claim) -> None:
    before = replace(dead, info={**dead.info, "boot": "8f1c"})
    assert is_of_another_boot(before)
    assert not is_of_another_boot(dead)
    assert not is_of_another_boot(replace(before, host="elsewhere"))
    assert not is_of_another_boot(replace(dead, info={}))


def test_a_dead_ones_lock_is_taken_over_by_one_alone_of_many_that_try(dead: Claim, tmp_path: Path) -> None:
    for number in range(LOCKS):
        path = tmp_path / f"{number:03}"
        path.touch()
        assert LocalBackend(path).lock(dead, 0) is None
    heirs = [
        subprocess.Popen(
            [sys.executable, str(CONTENDERS), "inherit", str(tmp_path), f"p{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for number in range(6)
    ]
    for heir in heirs:
        assert heir.stdout is not None
        assert heir.stdout.readline() == "ready\n"
    for heir in heirs:
        assert heir.stdin is not None
        heir.stdin.write("begin\n")
        heir.stdin.flush()
    taken_over = [int(heir.communicate(timeout=60)[0]) for heir in heirs]
    assert sum(taken_over) == LOCKS, taken_over
