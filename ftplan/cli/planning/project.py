"""The commands `init`, `validate` and `fmt`: everything about the configuration that asks no provider."""

from __future__ import annotations

import difflib
import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from ftplan.backends.whole import write_whole
from ftplan.cli.opening.session import open_session
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import Request, config_options, config_request
from ftplan.config import find_config
from ftplan.core.gates.lifetime import ended_notes
from ftplan.core.spec import ProviderSpec
from ftplan.errors import ConfigError, FtplanError, Problem, UsageError


@click.command()
@click.option("--provider", default="sandbox", metavar="TYPE", help="sandbox (default) or openai.")
@click.pass_obj
def init(line: CommandLine, /, provider: str) -> int:
    """Write a starter project into this folder. Nothing that is there is overwritten."""
    from ftplan.config.starter import starter_files
    from ftplan.providers.catalog import unknown_type
    from ftplan.providers.registry import provider_types, undriven

    console = Console(no_color=line.no_color)
    known = provider_types()
    if provider not in known:
        raise UsageError(undriven(ProviderSpec(provider, provider)) or unknown_type(provider, known))
    files = starter_files(Path.cwd().name, provider)
    started = not isinstance(find_config(Path()), Problem)
    wanted = {name: text for name, text in files.items() if not started or name.startswith(".ftplan/")}
    written = [name for name, text in wanted.items() if _write_new(Path(name), text)]
    for name in written:
        console.say(f"  + {name}")
    if started:
        console.say("This folder holds a configuration already; it was left as it is.")
    else:
        console.say(
            "\nA starter project is written. See what it would do, then do it:\n\n  ftplan plan\n  ftplan apply"
        )
    return 0


def _write_new(path: Path, text: str) -> bool:
    """True when written, False when something of that name is there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise FtplanError("File not written", detail=f"{path}: {error.strerror or error}.") from error
    return True


@click.command()
@click.option("--json", is_flag=True, help="One JSON document on stdout.")
@config_options
@click.pass_obj
def validate(line: CommandLine, /, json: bool, **options: Any) -> int:
    """Check the configuration and its datasets. No key is needed, and no network but for -allow-remote."""
    console = Console(no_color=line.no_color)
    problems = _problems(config_request(options), None if json else console)
    errors = [problem for problem in problems if problem.severity == "error"]
    if json:
        from ftplan.views.json_documents import validate_document
        from ftplan.views.json_text import json_text

        console.line(json_text(validate_document(problems)))
    else:
        console.problems(problems)
        if not errors:
            console.say(f"Success! The configuration is valid{', but there were warnings' if problems else ''}.")
    return 1 if errors else 0


def _problems(request: Request, console: Console | None) -> list[Problem]:
    """Every error and warning, without asking a provider or reading a state."""
    from ftplan.views.plan_text import note_problem

    try:
        with open_session(request, online=False, console=console) as session:
            desired = session.resolve(session.new_state())
            ended = ended_notes(desired, datetime.now(timezone.utc).date())
            return [*session.warnings, *map(note_problem, ended)]
    except ConfigError as error:
        return list(error.problems)


@click.command()
@click.option("--check", is_flag=True, help="Only say what would change; exit with 3 when something would.")
@click.option("--diff", is_flag=True, help="Show the changes.")
@click.argument("path", required=False)
@click.pass_obj
def fmt(line: CommandLine, /, check: bool, diff: bool, path: str | None) -> int:
    """Rewrite ftplan.yaml (or PATH, or - for stdin) in its canonical layout; comments stay where they are."""
    from ftplan.config.fmt import format_text

    console = Console(no_color=line.no_color)
    if path == "-":
        console.say(format_text(sys.stdin.read()).rstrip("\n"))
        return 0
    target = Path(path) if path else find_config(Path())
    if isinstance(target, Problem):
        raise ConfigError(target)
    before = _read(target)
    after = format_text(before)
    if after == before:
        return 0
    console.say(str(target))
    if diff:
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), f"old/{target}", f"new/{target}", lineterm=""
        )
        console.say("\n".join(lines))
    if check:
        return 3
    try:
        mode = os.stat(target).st_mode & 0o777
        write_whole(target, after.encode())
        os.chmod(target, mode)
    except OSError as error:
        raise FtplanError("File not written", detail=f"{target}: {error.strerror or error}.") from error
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(Problem("Configuration cannot be read", f"{path}: {error}.")) from None
