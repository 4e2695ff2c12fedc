"""Whether whoever made a claim is still there. Only what is certain counts: a wrong guess lets two runs in."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from ftplan.core.stores import Claim

_PROC = Path("/proc")


def presence() -> dict[str, str]:
    """What tells this process from every other there ever was, for the info of its claim: the boot of this machine,
    the namespaces that its pid and its times are counted in, and when it was started, in clock ticks since that
    boot. Empty where nothing of the kind is known: on systems without /proc, or with that of other processes."""
    try:
        # A container may be given a /proc that counts processes in another namespace than ours.
        if os.readlink(_PROC / "self") != str(os.getpid()):
            return {}
        return {
            "boot": (_PROC / "sys/kernel/random/boot_id").read_text().strip(),
            "namespaces": " ".join(_namespaces()),
            "started": _process(os.getpid()).started,
        }
    except (OSError, ValueError):
        return {}


def is_gone(claim: Claim) -> bool:
    """True only for a claim made on this host, in this boot and in our namespaces by a process that is there no more:
    its pid is nobody's, or that of one started at another time, or of one that has ended and only waits to be
    collected. The pid alone would not do, since pids are given out again."""
    started = claim.info.get("started")
    if not started or not _was_made_here(claim, presence()):
        return False
    if not _is_taken(claim.pid):
        return True
    try:
        found = _process(claim.pid)
    except (OSError, ValueError):
        # Not for us to see (hidepid), or gone this moment: whoever asks again finds out.
        return False
    return found.started != started or found.ended


def is_of_another_boot(claim: Claim) -> bool:
    """True where a host of our name made the claim before it was started anew. That is no proof that the holder is
    gone: machines made from one image share their names, and a folder may be shared between them."""
    boot, here = claim.info.get("boot"), presence().get("boot")
    return claim.host == socket.gethostname() and bool(boot) and bool(here) and boot != here


def _was_made_here(claim: Claim, here: dict[str, str]) -> bool:
    same = all(here.get(name) and claim.info.get(name) == here[name] for name in ("boot", "namespaces"))
    return same and claim.host == socket.gethostname() and claim.pid > 0


def _is_taken(pid: int) -> bool:
    """Whether a process of ours or of others has this pid: unlike /proc, the kernel hides none from this question."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _namespaces() -> list[str]:
    """Ours, as links that are equal for two processes in the same ones. Linux counts start times by time namespace
    since 5.6; before, there is no such link."""
    there = (_PROC / "self/ns" / name for name in ("pid", "time"))
    return [os.readlink(link) for link in there if link.is_symlink()]


@dataclass(frozen=True, slots=True)
class _Process:
    started: str
    ended: bool


def _process(pid: int) -> _Process:
    """What the kernel says of it. Raises OSError or ValueError where it says nothing."""
    stat = (_PROC / str(pid) / "stat").read_bytes()
    # proc(5): after the name, in parentheses, which may hold any byte, come state (the third), ..., num_threads (the
    # twentieth), itrealvalue, starttime.
    fields = stat.rpartition(b")")[2].decode("ascii").split()
    if len(fields) < 20:
        raise ValueError(f"/proc/{pid}/stat has {len(fields)} fields")
    # A first thread that has ended is a zombie as long as others go on.
    return _Process(started=fields[19], ended=fields[0] in ("Z", "X") and int(fields[17]) <= 1)
