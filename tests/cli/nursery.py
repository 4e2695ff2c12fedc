"""Forks the command from a process that has loaded everything it needs, so that a run costs a tenth of a second.

Each line of stdin is an order: {"ref", "folder", "words", "out", "environ", "die", "haste"}. Each line of stdout says
what became of one: {"ref", "pid"} when it was forked, {"ref", "code"} when it has ended. Two things can be asked of a
child, both at seams of the standard library and not at ours: to be killed right before or right after the n-th rename
onto a file of some name (`die`), and to live through its waits faster than the wall clock (`haste`).
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import deepdiff
import httpx2
import jsonschema
import openai
import yaml

import ftplan
from ftplan.cli.main import run

LOADED = (deepdiff, httpx2, jsonschema, openai, yaml, ftplan)


def die_at(name: str, nth: int, when: str) -> None:
    """Kills this process at the `nth` rename onto a file called `name`, `when` being before or after it."""
    rename, seen = os.replace, 0

    def deadly(source: str, target: str) -> None:
        nonlocal seen
        seen += Path(target).name == name
        here = Path(target).name == name and seen == nth
        if here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        rename(source, target)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = deadly  # type: ignore[assignment]


def hurry(haste: float) -> None:
    """The monotonic clock, every pause and every wait for an event, `haste` times as fast. Sockets keep their time."""
    begun, clock, wait = time.monotonic(), time.monotonic, threading.Event.wait
    pause: Callable[[float], None] = vars(time)["sleep"]

    def faster(event: threading.Event, timeout: float | None = None) -> bool:
        return wait(event, None if timeout is None else timeout / haste)

    quick = {"monotonic": lambda: begun + (clock() - begun) * haste, "sleep": lambda seconds: pause(seconds / haste)}
    for name, function in quick.items():
        setattr(time, name, function)
    threading.Event.wait = faster  # type: ignore[method-assign]


def carry_out(order: dict[str, Any]) -> None:
    """Runs the command, and ends this process with its exit code."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environ"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor, kind in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(order["out"] + kind, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        if order["die"]:
            die_at(**order["die"])
        if order["haste"] != 1:
            hurry(order["haste"])
        sys.argv = ["ftplan", *order["words"]]
        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def say(ref: int, **words: int) -> None:
    os.write(1, json.dumps({"ref": ref, **words}).encode() + b"\n")


def reap(going: dict[int, int]) -> None:
    """Tells the end of every child that has ended."""
    while going:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        say(going.pop(pid), code=os.waitstatus_to_exitcode(status))


def main() -> None:
    """Serves until stdin ends; whoever still runs then is killed."""
    for module in pkgutil.walk_packages(ftplan.__path__, "ftplan."):
        if not module.name.startswith(("ftplan.__main__", "ftplan.testing")):
            import_module(module.name)
    with openai.OpenAI(api_key="none") as client:
        # Each is loaded, or asked of the operating system, when it is first wanted.
        client.platform_headers(), client.fine_tuning.jobs, client.files, client.models
    gc.freeze()
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    going: dict[int, int] = {}
    rest, ended = b"", False
    while not ended:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
        if 0 in ready:
            data = os.read(0, 65536)
            ended = not data
            *orders, rest = (rest + data).split(b"\n")
            for line in orders:
                order = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    carry_out(order)
                going[pid] = order["ref"]
                say(order["ref"], pid=pid)
        reap(going)
    for pid in going:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
