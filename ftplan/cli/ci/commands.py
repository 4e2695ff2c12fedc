"""The commands `ci ...`: what a pipeline does with a plan on the request that it is reviewed in."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from ftplan.cli.ci.run import HOSTS, Run, commit_of, read_run
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.errors import Problem, UsageError
from ftplan.views.markdown.marker import Marker, marker_in, marker_line

_LARGEST_FILE = 8 * 1024 * 1024
_host = click.option("--host", type=click.Choice(HOSTS), help="The code host; by default the one that runs this.")


@click.group()
def ci() -> None:
    """Comment a plan on the pull or merge request it is reviewed in, and find it again once that is merged."""


@ci.command()
@click.option("--pr", type=click.IntRange(1), metavar="N", help="The request's number; by default this run's.")
@click.option("--commit", metavar="SHA", help="The commit that was planned; by default this run's.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@_host
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def comment(
    line: CommandLine, /, file: Path, pr: int | None, commit: str | None, dry_run: bool, host: str | None
) -> int:
    """Post FILE, which `plan -markdown=FILE` wrote, as a comment, or update the comment that is there.

    The token is GITHUB_TOKEN or GITLAB_TOKEN.
    """
    from ftplan.cli.ci.sticky import writing

    marker, rest = _read_plan(file)
    run = read_run(os.environ, host, spoken=not dry_run)
    number = _number(run, pr)
    marker = replace(marker, head=_head(run, pr, commit))
    body = f"{marker_line(marker)}\n{rest}"
    if len(body) > run.forge.longest:
        raise _too_long(run, file, len(body))
    console = Console(no_color=line.no_color)
    if dry_run:
        call = run.forge.creating(number, body)
        console.say(f"{call.method} {run.forge.host.address(call)}\n\n{body}")
        return 0
    call = writing(run.forge, number, marker, body)
    posted = run.forge.send(call)
    done = "Posted" if call.method == "POST" else "Updated"
    console.say(f"{done} the comment of the plan on {run.forge.request_word} {number}. {posted.url}".rstrip())
    return 0


@ci.command()
@click.option("--commit", metavar="SHA", help="The commit that was merged; by default this run's.")
@click.option("--json", is_flag=True, help="One JSON object.")
@_host
@click.argument("planfile", type=click.Path(path_type=Path))
@click.pass_obj
def reviewed(line: CommandLine, /, planfile: Path, commit: str | None, json: bool, host: str | None) -> int:
    """Print the checksum of the plan that was reviewed in the request this commit was merged by, to apply just that.

    PLANFILE is the plan as it is now: its project and workspace are those that are looked for.
    """
    from ftplan.cli.ci.sticky import reviewed_plan
    from ftplan.cli.planning.planned import read_plan
    from ftplan.views.json_text import json_text
    from ftplan.views.markdown.comment import plan_marker

    now = read_plan(planfile)
    run = read_run(os.environ, host)
    merged = commit_of(commit or run.commit, "-commit" if commit else "The commit of this run")
    plan = reviewed_plan(run.forge, merged, plan_marker(now))
    told = {"checksum": plan.checksum, "request": plan.request, "head": plan.head, "url": plan.url}
    Console(no_color=line.no_color).line(json_text(told) if json else plan.checksum)
    return 0


@ci.command()
@click.option("--format", "layout", type=click.Choice(HOSTS), default="github", help="Who reads it (github).")
@click.argument("planfile", type=click.Path(path_type=Path))
@click.pass_obj
def outputs(line: CommandLine, /, layout: str, planfile: Path) -> int:
    """Print the figures of a saved plan: lines for GITHUB_OUTPUT, or GitLab's report of type terraform."""
    from ftplan.cli.ci.outputs import github_outputs, gitlab_report
    from ftplan.cli.planning.planned import read_plan

    plan = read_plan(planfile)
    Console(no_color=line.no_color).line(gitlab_report(plan) if layout == "gitlab" else github_outputs(plan))
    return 0


def _read_plan(file: Path) -> tuple[Marker, str]:
    """The marker of the plan in `file`, and what stands below it."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_LARGEST_FILE).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError("Markdown cannot be read", detail=f"{file}: {reason}.") from None
    marker = marker_in(text)
    if marker is None:
        raise UsageError(
            Problem(
                "Not the Markdown of a plan",
                f"{file} does not begin with the marker that `ftplan plan -markdown` writes.",
                advice="Write it with:",
                command=f"ftplan plan -markdown={file}",
            )
        )
    return marker, text.partition("\n")[2]


def _number(run: Run, pr: int | None) -> int:
    number = pr or run.number
    if number is None:
        word = run.forge.request_word
        raise UsageError(f"No {word}", detail=f"This run is not one of a {word}.", advice="Name it with -pr=N.")
    return number


def _head(run: Run, pr: int | None, commit: str | None) -> str:
    """What was planned: `reviewed` compares it with the last commit of the request."""
    if commit:
        return commit_of(commit, "-commit")
    if pr is not None and pr != run.number:
        detail = f"This run is not one of {run.forge.request_word} {pr}."
        raise UsageError("Which commit?", detail=detail, advice="Name the one that was planned: -commit=SHA.")
    return commit_of(run.head, "The commit of this run")


def _too_long(run: Run, file: Path, length: int) -> UsageError:
    most = f"a comment on a {run.forge.request_word} has at most {run.forge.longest:,}"
    detail = f"{file} has {length:,} characters; {most}."
    return UsageError(Problem("Comment too long", detail, advice=f"Plan with -markdown-limit={run.forge.name}."))
