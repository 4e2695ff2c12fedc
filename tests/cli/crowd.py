"""Many processes that run one command at the same moment: `crowd.py FOLDER WORDS...`, FOLDER taking what they say.

Options for the processes are read from stdin, a JSON list of words for each. They are forked from one that has loaded
everything: to start Python so many times takes most of a minute, and the first is done before the last has begun.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import deepdiff
import httpx2
import jsonschema
import openai.resources.fine_tuning.jobs
import yaml

import ftplan.cli.planning.apply
import ftplan.views.plan_text
from ftplan.cli.main import run

LOADED = (deepdiff, httpx2, jsonschema, openai, yaml, ftplan)


def carry_out(words: list[str], out: Path, begin: int) -> None:
    """Runs the command when `begin` can be read to its end, and ends this process with its exit code."""
    os.read(begin, 1)
    for descriptor, kind in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(out.with_suffix(kind), os.O_WRONLY | os.O_CREAT, 0o600), descriptor)
    sys.argv = ["ftplan", *words]
    code = 1
    try:
        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main(folder: Path, words: list[str], options: list[list[str]]) -> list[int]:
    """The exit codes, in the order of `options`."""
    begin, started = os.pipe()
    crowd = []
    for number, more in enumerate(options):
        pid = os.fork()
        if pid == 0:
            os.close(started)
            carry_out([*words, *more], folder / str(number), begin)
        crowd.append(pid)
    os.close(started)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in crowd]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2:], json.load(sys.stdin))))
