"""The command line as Terraform's users write it, brought into the one spelling that click reads."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftplan.errors import UsageError

if TYPE_CHECKING:
    from ftplan.cli.talking.stream_file import StreamFile

# Options that are on by default and are switched off with `=false`.
_SWITCHES = frozenset({"cache", "refresh", "lock", "input", "privacy"})
# Options that are off by default; `=true` and `=false` are accepted behind them.
_FLAGS = frozenset(
    {
        "allow-outside",
        "allow-remote",
        "auto-approve",
        "chart",
        "check",
        "compact-warnings",
        "concise",
        "destroy",
        "detailed-exitcode",
        "diff",
        "dry-run",
        "fix",
        "follow",
        "force",
        "json",
        "mermaid",
        "no-chart",
        "no-color",
        "no-wait",
        "not-created",
        "offline",
        "prompt-savings",
        "raw",
        "refresh-only",
        "show",
        "skip-broken",
        "version",
        "help",
    }
)
_WORDS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What was typed: the options that belong to no command, and the rest in click's spelling. `stream` is the open
    file that `json_into` names, for a command that has it."""

    args: tuple[str, ...]
    chdir: str | None = None
    no_color: bool = False
    json_into: str | None = None
    stream: StreamFile | None = None


def is_switch(option: str) -> bool:
    """Whether an option has its value behind `=` or none, and never in the next word, though click thinks so."""
    return option.lstrip("-") in _SWITCHES


def read_command_line(typed: Sequence[str], environ: Mapping[str, str]) -> CommandLine:
    """`typed` with one dash or two, `-flag=false`, and FTPLAN_CLI_ARGS behind the command's name. Raises
    `UsageError` for a value that an option cannot take."""
    args = list(_spelled(typed))
    extra = list(_spelled(_extra(environ)))
    command = next((i for i, arg in enumerate(args) if not arg.startswith("-")), None)
    if command is not None and extra:
        args[command + 1 : command + 1] = extra
    chdir = [arg.partition("=")[2] for arg in args if arg.startswith("--chdir=")]
    kept = [arg for arg in args if not arg.startswith("--chdir=") and arg != "--no-color"]
    if command is not None and args[command] == "show":
        kept = ["--markdown=-" if arg == "--markdown" else arg for arg in kept]
    return CommandLine(tuple(kept), chdir[-1] if chdir else None, "--no-color" in args, _value("--json-into", kept))


def _extra(environ: Mapping[str, str]) -> list[str]:
    try:
        return shlex.split(environ.get("FTPLAN_CLI_ARGS", ""))
    except ValueError as error:
        raise UsageError("Unusable FTPLAN_CLI_ARGS", detail=f"It cannot be split into words: {error}.") from None


def _spelled(typed: Iterable[str]) -> Iterable[str]:
    words = iter(typed)
    for word in words:
        if word == "--":
            yield word
            yield from words
            return
        if not word.startswith("-") or word == "-" or word[1:2].isdigit():
            yield word
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if name == "chdir" and not equals:
            yield f"--chdir={next(words, '')}"
        elif name in _SWITCHES:
            yield f"--{name}={_truth(name, value if equals else 'true')}"
        elif name in _FLAGS:
            if not equals or _truth(name, value) == "true":
                yield f"--{name}"
        else:
            yield "--help" if name == "h" else f"--{name}{equals}{value}"


def _value(option: str, args: Sequence[str]) -> str | None:
    """What stands behind the last `option`, with or without an equals sign; None where it is not given."""
    known = args[: args.index("--")] if "--" in args else args
    for at in reversed(range(len(known))):
        if known[at].startswith(f"{option}="):
            return known[at].partition("=")[2]
        if known[at] == option:
            return next(iter(known[at + 1 :]), None)
    return None


def _truth(name: str, value: str) -> str:
    if value.lower() not in _WORDS:
        raise UsageError(f"Invalid value for -{name}", detail=f"It is true or false, not {value[:40]!r}.")
    return "true" if _WORDS[value.lower()] else "false"
