"""Who runs this, and from which commit: what is remembered of a job beside what it was made of."""

from __future__ import annotations

import os
import socket
import subprocess

from ftplan.cli.opening.locking import user_name
from ftplan.core.handover import Origin

# Git is asked twice; a repository on a slow disk must not hold up an apply.
SECONDS = 5.0
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
# What an apply itself writes there says nothing about what it was made from.
_OWN = (":(exclude,glob)**/ftplan.state*", ":(exclude,glob)**/ftplan.aliases.json", ":(exclude,glob)**/.ftplan/**")


def origin_of(folder: str, moment: str) -> Origin:
    """Who runs this at `moment`, and the commit that is checked out in `folder`; no commit where that is none of git's,
    or git does not say."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".", *_OWN) if commit else None
    return Origin(f"{user_name()}@{socket.gethostname()}", commit or "", moment, dirty=bool(changed))


def _git(folder: str, *words: str) -> str | None:
    """What git answers, None where it does not. No hook, monitor or pager of the repository runs."""
    command = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *words]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and no word of it is an option that came from outside
            command,
            cwd=folder,
            env={**os.environ, **_QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
