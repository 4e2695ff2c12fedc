"""An `ftplan` for the PATH of a shell script: it has the command carried out here, in the process of the test, which
has imported all of it already. What it costs to start a process is paid once a script, not once a line."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from installed import DEADLINE_SECONDS

from ftplan.cli.main import run

_TICK_SECONDS = 0.02
_PROGRAM = """#!{python} -IS
import json, os, socket, sys
with socket.create_connection(("127.0.0.1", {port})) as there:
    there.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode())
    there.shutdown(socket.SHUT_WR)
    code, out, err = json.loads(there.makefile("rb").read())
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


def script(text: str, folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of `text` under bash as GitHub starts it, and all that it said; `ftplan` is the stand-in."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(_TICK_SECONDS)
        here = Path(env["HOME"]) / "stand-in"
        here.mkdir(parents=True, exist_ok=True)
        program = here / "ftplan"
        program.write_text(_PROGRAM.format(python=sys.executable, port=door.getsockname()[1]))
        program.chmod(0o755)
        said = here / "said.txt"
        with said.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
                cwd=folder,
                env={**env, "PATH": f"{here}:{env['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        while process.poll() is None:
            _serve(door)
        return process.wait(DEADLINE_SECONDS), said.read_text(encoding="utf-8")


def _serve(door: socket.socket) -> None:
    """Carries out one command, if one is asked for before long."""
    try:
        there, _ = door.accept()
    except TimeoutError:
        return
    with there:
        there.settimeout(DEADLINE_SECONDS)
        words, folder, env = json.loads(there.makefile("rb").read())
        there.sendall(json.dumps(_carried_out(words, folder, env)).encode())


def _carried_out(words: list[str], folder: str, env: dict[str, str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in set(os.environ) - set(env):
            patch.delenv(name)
        for name, text in env.items():
            patch.setenv(name, text)
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["ftplan", *words])
        patch.setattr(sys, "stdin", io.StringIO())
        with pytest.raises(SystemExit) as ended:
            run()
    code = ended.value.code
    assert isinstance(code, int)
    return code, out.getvalue(), err.getvalue()
