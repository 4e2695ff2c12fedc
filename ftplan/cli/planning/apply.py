"""The commands `apply`, `destroy` and `refresh`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ftplan.cli.judging.judge import judging_options, with_judging
from ftplan.cli.planning.applying import apply_session
from ftplan.cli.planning.planned import read_plan, saved_request
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console, console_of, may_ask
from ftplan.cli.talking.options import Request, planning_options, read_request
from ftplan.core.plan import Plan
from ftplan.core.steps import Promote
from ftplan.errors import PlanStale, Problem, UsageError


@click.command()
@click.argument("planfile", required=False, type=click.Path(path_type=Path))
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--no-wait", is_flag=True, help="Start the jobs, then leave; the next run follows them.")
@click.option("--checksum", metavar="HASH", help="Refuse a plan with another checksum.")
@click.option("--destroy", is_flag=True, help="Delete what is managed.")
@judging_options
@planning_options
@click.pass_obj
def apply(line: CommandLine, /, planfile: Path | None, auto_approve: bool, checksum: str | None, **options: Any) -> int:
    """Carry out a plan, once: the saved one in PLANFILE, or one made now and approved."""
    request = with_judging(read_request("destroy" if options["destroy"] else "normal", options), options)
    if checksum is not None:
        _refuse_foreign_checksum(checksum)
    saved = None
    if planfile is not None:
        _refuse_planning_options(options)
        saved = read_plan(planfile)
        request = saved_request(saved, request)
    return _apply(line, request, saved, auto_approve, checksum, options)


@click.command()
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@planning_options
@click.pass_obj
def destroy(line: CommandLine, /, auto_approve: bool, **options: Any) -> int:
    """Delete what is managed: running jobs are cancelled, fine-tuned models and uploaded files deleted."""
    return _apply(line, read_request("destroy", options), None, auto_approve, None, options)


@click.command()
@planning_options
@click.pass_obj
def refresh(line: CommandLine, /, **options: Any) -> int:
    """Bring the state up to date: what jobs came to, and what somebody changed at the providers.

    It starts nothing, deletes nothing, and asks nothing of you: `plan -refresh-only` shows beforehand what it writes.
    """
    return _apply(line, read_request("normal", {**options, "refresh_only": True}), None, True, None, options)


def _apply(
    line: CommandLine,
    request: Request,
    saved: Plan | None,
    auto_approve: bool,
    checksum: str | None,
    options: dict[str, Any],
) -> int:
    console = console_of(line, options)
    console.begin()
    approved = auto_approve or saved is not None
    if options["json"] and not approved:
        raise UsageError(_needs_approval("-json leaves no room for a question."))

    def approve(plan: Plan) -> None:
        if checksum is not None:
            _compare(plan, checksum)
        if plan.steps and not approved:
            _ask(console, plan, may_ask(options["ask"]))

    return apply_session(console, request, saved, approve)


def _refuse_planning_options(options: dict[str, Any]) -> None:
    given = [name for name in ("targets", "excludes", "replace", "var_files") if options[name]]
    given += [name for name in ("destroy", "refresh_only") if options[name]]
    if given:
        names = ", ".join("-" + name.rstrip("s").replace("_", "-") for name in given)
        raise UsageError("A saved plan is applied as it is", detail=f"{names} cannot be given with a saved plan.")


def _refuse_foreign_checksum(checksum: str) -> None:
    from ftplan.core.keeping.checksum import is_checksum

    if not is_checksum(checksum):
        detail = f"The checksum of a plan has 64 hexadecimal digits; {checksum[:80]!r} is none."
        raise UsageError(Problem("Invalid -checksum", detail, advice="It is printed by:", command="ftplan plan"))


def _compare(plan: Plan, checksum: str) -> None:
    """Raises `PlanStale`, with what moved, unless `plan` means what the plan with this checksum meant."""
    from ftplan.core.keeping.checksum import means, moved_since, plan_checksum
    from ftplan.views.plan_text import summary_line

    if means(plan, checksum):
        return
    graded = any(isinstance(step, Promote) and step.decided_by for step in plan.steps)
    code = ", or the code of a grader" if graded else ""
    moved = moved_since(plan, checksum) or (f"what is at the provider, or a price{code}",)
    raise PlanStale(
        Problem(
            "Another plan than the one approved",
            f"What moved since it was reviewed: {'; '.join(moved)}.\n"
            f"It is now: {summary_line(plan)} Nothing was done.\n"
            f"Its checksum is {plan_checksum(plan)}, and {checksum} was asked for.",
            advice="Review the plan as it is now:",
            command="ftplan plan",
        )
    )


def _ask(console: Console, plan: Plan, allowed: bool) -> None:
    if not allowed:
        raise UsageError(_needs_approval("Nobody can be asked here: stdin is no terminal, or -input=false was given."))
    verb = "really destroy all of this" if plan.mode == "destroy" else "perform these actions"
    if not console.ask(f"\nDo you want to {verb}?\n  Only 'yes' will be accepted to approve."):
        word = "Destroy" if plan.mode == "destroy" else "Apply"
        raise UsageError(f"{word} cancelled", detail="Nothing was changed.")


def _needs_approval(why: str) -> Problem:
    return Problem("Approval needed", f"{why} Nothing was changed.", advice="Approve beforehand with -auto-approve.")
