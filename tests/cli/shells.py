"""Shells that complete a line as at a terminal: what is typed, TAB, and then what the shell has made of it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sysconfig
import time
from pathlib import Path

DEADLINE_SECONDS = 30.0
PROMPT = "ready> "
TO_THE_BEGINNING, TO_THE_END = "\x01", "\x05"
# Prints the words of the line each between these, once the line has become its arguments.
SHOWN = r"printf '{%s}' "
BEGUN = {
    "bash": (
        ["--norc", "--noprofile", "-i"],
        f"PS1='{PROMPT}'; bind 'set bell-style none'; source <(ftplan completion bash)",
    ),
    "zsh": (
        ["-f", "-i"],
        f"PROMPT='{PROMPT}'; unsetopt beep prompt_cr prompt_sp zle_bracketed_paste; unset zle_bracketed_paste; "
        "autoload -U compinit; compinit -u -D; source <(ftplan completion zsh)",
    ),
}


def environment(home: Path) -> dict[str, str]:
    """What a shell is given: the installed command, and nothing of whoever runs this."""
    path = f"{sysconfig.get_path('scripts')}:/usr/bin:/bin"
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb", "INPUTRC": "/dev/null"}


class Shell:
    """bash or zsh at a terminal of its own, in `folder`."""

    def __init__(self, name: str, folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        words, begin = BEGUN[name]
        self.process = subprocess.Popen(
            [name, *words],
            cwd=folder,
            env=environment(folder.parent),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.said = ""
        self._type(f"{begin}; printf '{{%s}}' begun\n")
        self._until(r"\{begun\}")

    def completed(self, typed: str) -> list[str]:
        """The words of a line once `typed`, in which a TAB may stand anywhere, has been typed."""
        self.said = ""
        self._type(f"{typed}{TO_THE_BEGINNING}{SHOWN}{TO_THE_END} ended\n")
        return re.findall(r"\{([^{}]*)\}", self._until(r"(?:\{[^{}%]*\})+\{ended\}"))[:-1]

    def _type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def _until(self, pattern: str) -> str:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (found := re.search(pattern, self.said)) is None:
            left = deadline - time.monotonic()
            assert left > 0, f"{pattern!r} was not said: {self.said!r}"
            assert select.select([self._ours], [], [], left)[0], f"{pattern!r} was not said: {self.said!r}"
            self.said += os.read(self._ours, 65536).decode(errors="replace")
        return found[0]

    def close(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_SECONDS)
        os.close(self._ours)
