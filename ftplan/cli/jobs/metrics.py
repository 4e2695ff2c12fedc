"""The command `metrics`: what was measured while the jobs of models trained, and what that says."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftplan.cli.jobs.tracking import write_tracked
from ftplan.cli.opening.remembered import model_with_job
from ftplan.cli.opening.session import Session, open_session
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.documents import STDOUT, refuse_two_on_stdout, refuse_unwritable, write_document
from ftplan.cli.talking.options import config_options, config_request
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address
from ftplan.errors import FtplanError, Problem, UsageError

if TYPE_CHECKING:
    from ftplan.core.keeping.metrics_codec import KeptMetrics
    from ftplan.core.metrics import RawMetrics
    from ftplan.views.metrics_text import Report
    from ftplan.views.style import Style


@click.command()
@click.option("--json", is_flag=True, help="A JSON list: every figure, and the diagnosis.")
@click.option("--csv", is_flag=True, help="Every figure as CSV.")
@click.option("--chart", is_flag=True, help="Charts in the text, wherever it goes.")
@click.option("--no-chart", is_flag=True, help="No charts, not on a terminal either.")
@click.option("--png", metavar="FILE", help="Also draw them as a picture (needs ftplan[png]).")
@click.option("--html", metavar="FILE", help="Also write them as one HTML page.")
@click.option("--mlflow", metavar="EXPERIMENT", help="Also write a run of MLflow (needs ftplan[mlflow]).")
@click.option("--wandb", metavar="PROJECT", help="Also write a run of Weights & Biases (needs ftplan[wandb]).")
@click.option("--offline", is_flag=True, help="No key, no network: what was kept beside the state.")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@config_options
@click.pass_obj
def metrics(
    line: CommandLine, /, addresses: tuple[str, ...], json: bool, csv: bool, offline: bool, **options: Any
) -> int:
    """Show the losses and other figures of the training of each ADDRESS, step by step, and what they say of it.

    The provider is asked; where it has them no more, what the apply kept beside the state is shown. Changes nothing.
    """
    from ftplan.views.json_text import json_text
    from ftplan.views.metrics_document import metrics_csv, metrics_document
    from ftplan.views.metrics_text import render_metrics

    refuse_unwritable(options["html"], options["png"])
    refuse_two_on_stdout(json=json, csv=csv, html=options["html"] == STDOUT)
    if options["chart"] and options["no_chart"]:
        raise UsageError("Options exclude each other", detail="-chart and -no-chart cannot be given together.")
    console = Console(no_color=line.no_color)
    request = replace(config_request(options), offline=offline)
    with open_session(request, online=not offline, measured=False) as session:
        state, _ = session.load_state()
        reports = _reports(session, state, addresses, console, offline=offline)
    _written(reports, options, console)
    write_tracked(reports, state, options, console)
    if json:
        console.line(json_text([metrics_document(report) for report in reports]))
    elif csv:
        console.line(metrics_csv(reports).rstrip("\n"))
    elif options["html"] != STDOUT:
        style = console.style(sys.stdout)
        told = [render_metrics(report, style) for report in reports]
        drawn = options["chart"] or (sys.stdout.isatty() and not options["no_chart"])
        console.say("\n\n".join([*_charts(reports, style, console, drawn=drawn), *told]))
    return 0


def _charts(reports: Sequence[Report], style: Style, console: Console, *, drawn: bool) -> list[str]:
    if not drawn:
        return []
    from ftplan.views.metrics_chart import render_charts

    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return [text for text in [render_charts(reports, style, console.columns, unicode=unicode)] if text]


def _written(reports: Sequence[Report], options: Mapping[str, Any], console: Console) -> None:
    """The picture and the page, where they are wanted."""
    if options["html"] is not None:
        from ftplan.views.metrics_page import render_metrics_page

        write_document("HTML", options["html"], render_metrics_page(reports), console)
    if options["png"] is not None:
        from ftplan.views.metrics_png import render_metrics_png

        data = render_metrics_png(reports)
        try:
            Path(options["png"]).write_bytes(data)
        except OSError as error:
            raise UsageError("PNG not written", detail=f"{options['png']}: {error.strerror or error}.") from error


def _reports(
    session: Session, state: State, addresses: tuple[str, ...], console: Console, *, offline: bool
) -> list[Report]:
    """The figures of each address once. Raises `FtplanError` with everything that is wrong with any of them."""
    wrong: list[Problem] = []
    tried = [_tried(session, state, address, console, wrong, offline=offline) for address in dict.fromkeys(addresses)]
    if wrong:
        raise FtplanError(wrong)
    return [report for report in tried if report is not None]


def _tried(
    session: Session, state: State, address: str, console: Console, wrong: list[Problem], *, offline: bool
) -> Report | None:
    """The figures at `address`; None where there are none, which is added to `wrong`."""
    try:
        return _report(session, state, model_with_job(address, state, "No job"), console, offline=offline)
    except FtplanError as error:
        wrong += error.problems
        return None


def _report(session: Session, state: State, record: ModelRecord, console: Console, *, offline: bool) -> Report:
    """What the provider tells, or what is kept where it tells less."""
    from ftplan.cli.opening.kept_metrics import kept_metrics
    from ftplan.views.metrics_text import Report

    address = Address("model", record.name)
    kept = kept_metrics(session, state, record.job.id)
    kept = kept if kept is not None and kept.metrics.columns else None
    told = None if offline else _told(session, record, console, otherwise=kept is not None)
    if kept is not None and (told is None or (told[1].complete and not told[1].results.columns)):
        if not offline:
            console.note(f"{address}: {record.provider} has no results of its job; this is what was kept of them.")
        if kept.of_steps is not None:
            console.note(f"{address}: {len(kept.metrics.steps):,} of {kept.of_steps:,} steps were kept.")
        return Report(address, kept, kept=True)
    if told is None or not (told[0].metrics.columns or not told[1].complete):
        raise _nothing(record, offline=offline, known=told is not None)
    return Report(address, told[0], kept=False)


def _told(
    session: Session, record: ModelRecord, console: Console, *, otherwise: bool
) -> tuple[KeptMetrics, RawMetrics] | None:
    """What the provider tells. That it cannot be asked is a warning where there is something else to show."""
    from ftplan.cli.opening.kept_metrics import told_metrics

    try:
        told = told_metrics(session, record)
    except FtplanError as error:
        if not otherwise:
            raise
        console.problems(replace(problem, severity="warning") for problem in error.problems)
        return None
    for remark in told[1].remarks if told else ():
        console.note(f"model.{record.name}: {remark}")
    return told


def _nothing(record: ModelRecord, *, offline: bool, known: bool) -> FtplanError:
    nowhere = "and nothing is kept of it beside the state."
    if offline:
        advice = "Ask its provider, without -offline; an apply keeps the figures of jobs that succeeded."
        detail = f"model.{record.name} was not asked about, {nowhere}"
    else:
        advice = "What the job came to is in the state; what its provider said of it is shown by logs."
        has = "has measured nothing in the job" if known else "tells no figures of the job"
        detail = f"{record.provider} {has} {record.job.id} of model.{record.name}, {nowhere}"
    return FtplanError(Problem("No metrics", detail, advice=advice))
