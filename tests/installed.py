"""The installed command, run as a user runs it: a process of its own, no key, a home of its own, a hurried sandbox."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from ftplan.cli.main import run

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sysconfig.get_path("scripts"))
FTPLAN = SCRIPTS / "ftplan"
DEADLINE_SECONDS = 120.0

# Once OpenAI's dates have passed, a plan says so even in a rehearsal.
_TRAINING_ENDED = re.compile(r"╷\n│ Warning: Training has ended\n(?:│.*\n)*╵\n\n?")
_LIFE = re.compile(r"^(Base model \S+ \(\S+\): ).*", re.MULTILINE)


def environment(home: Path, **more: str) -> dict[str, str]:
    """All that the command is given of the machine it runs on."""
    home.mkdir(exist_ok=True)
    given = {"PATH": f"{SCRIPTS}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
    hurry = {"FTPLAN_POLL_SECONDS": "0.05", "FTPLAN_LIST_LAG_SECONDS": "0.05", "FTPLAN_SANDBOX_SPEED": "0"}
    return {**given, **hurry, **more}


def ftplan(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command, ended; `more` goes into its environment."""
    return subprocess.run(
        [FTPLAN, *words],
        cwd=folder,
        env=environment(folder.parent / "home", **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )


def ftplan_here(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The same, in this process: for tests that are about what a command gives, of which there are many."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        for name in list(os.environ):
            patch.delenv(name)
        for name, value in environment(folder.parent / "home", **more).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["ftplan", *words])
        patch.setattr(sys, "stdin", io.StringIO())
        with pytest.raises(SystemExit) as ended:
            run()
    return subprocess.CompletedProcess(words, int(ended.value.code or 0), out.getvalue(), err.getvalue())


@contextmanager
def served_sandbox(folder: Path) -> Iterator[str]:
    """`ftplan sandbox serve` on a free port and on the store of the project in `folder`; its base URL."""
    words = [str(FTPLAN), "sandbox", "serve", "-port=0"]
    env = environment(folder.parent / "home", PYTHONUNBUFFERED="1")
    with subprocess.Popen(words, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline().decode()
            url = re.search(r"http://\S+/v1", first)
            assert url, f"the sandbox did not start: {first!r}"
            yield url[0]
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def ageless(text: str) -> str:
    """`text` without what the calendar alone changes in a plan."""
    return _LIFE.sub(r"\1...", _TRAINING_ENDED.sub("", text)).rstrip("\n") + "\n"
