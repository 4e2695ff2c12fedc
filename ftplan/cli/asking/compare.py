"""The command `compare`: what a tuned model answers, beside what others do."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ftplan.backends.answers import AnswersFile
from ftplan.cli.asking.bill import approve_asking
from ftplan.cli.asking.compared import Compared, compared, compared_with, overlap_problems, refuse_gone
from ftplan.cli.asking.rows_asked import rows_to_ask, way_of
from ftplan.cli.judging.judge import waiting
from ftplan.cli.judging.models_asked import answers_of_user, asking, refuse_unable
from ftplan.cli.judging.told import unasked_problem
from ftplan.cli.opening.remembered import model_with_job
from ftplan.cli.opening.session import open_session
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console, Voice
from ftplan.cli.talking.documents import STDOUT, Documents, document_options, refuse_two_on_stdout, write_document
from ftplan.cli.talking.options import config_options, config_request, read_amount
from ftplan.cli.talking.signals import Stop
from ftplan.core.comparing.comparison import Comparison
from ftplan.core.notices import QuestionsAnswered
from ftplan.core.spec import Address
from ftplan.errors import UsageError


@click.command()
@click.option("--with", "others", multiple=True, metavar="base|ADDRESS|ID", help="Whom to ask as well (base).")
@click.option("--dataset", metavar="NAME|PATH", help="Rows to ask: held out, and not trained on.")
@click.option("--eval", "evaluation", metavar="NAME", help="Ask what this evaluation asks.")
@click.option("--limit", type=click.IntRange(1, 10_000), metavar="N", help="How many rows (50).")
@click.option("--seed", type=int, help="Another seed, other rows (7).")
@click.option("--temperature", type=click.FloatRange(0, 2), metavar="T", help="How freely they answer (0).")
@click.option("--max-tokens", type=click.IntRange(1, 100_000), metavar="N", help="The longest answer.")
@click.option("--prompt-savings", is_flag=True, help="What a short prompt saves beside a long one.")
@click.option("--long-prompt", metavar="FILE", type=click.Path(path_type=Path), help="System prompt of the others.")
@click.option("--short-prompt", metavar="FILE", type=click.Path(path_type=Path), help="System prompt of ADDRESS.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=8, metavar="N", help="Questions at once (8).")
@click.option("--cache", type=bool, default=True, help="=false: ask anew, and keep nothing.")
@click.option("--max-cost", metavar="USD", help="Refuse to ask what may cost more.")
@click.option("--input", "ask", type=bool, default=True, help="=false: ask nothing of you.")
@click.option("--auto-approve", is_flag=True, help="Do not ask before it costs anything.")
@click.option("--json", is_flag=True, help="One JSON object.")
@document_options
@click.argument("address")
@config_options
@click.pass_obj
def compare(line: CommandLine, /, address: str, json: bool, **options: Any) -> int:
    """Ask the model of ADDRESS and others the same questions, and show their answers side by side.

    Every answer is kept: a second run asks nobody, and one that was interrupted goes on where it stopped.
    """
    if not (options["dataset"] or options["evaluation"]):
        detail = "-dataset=NAME, -dataset=PATH or -eval=NAME says what is asked."
        raise UsageError("Nothing to ask", detail=detail)
    console, documents = Console(no_color=line.no_color), Documents.read(options)
    refuse_two_on_stdout(json=json, markdown=documents.markdown == STDOUT, html=documents.html == STDOUT)
    found = _compared(console, address, options)
    if documents.html is not None:
        from ftplan.views.comparing.page import render_comparison_page

        write_document("HTML", documents.html, render_comparison_page(found), console)
    if documents.markdown is not None:
        from ftplan.views.comparing.comment import render_comparison_markdown

        text = render_comparison_markdown(found, limit=documents.limit, folds=documents.folds)
        write_document("Markdown", documents.markdown, text, console)
    if json:
        from ftplan.views.comparing.document import comparison_document
        from ftplan.views.json_text import json_text

        console.line(json_text(comparison_document(found)))
    elif STDOUT not in (documents.markdown, documents.html):
        from ftplan.views.comparing.text import render_comparison

        console.say(render_comparison(found, console.style(sys.stdout), console.columns))
    return 0


def _compared(console: Console, address: str, options: Mapping[str, Any]) -> Comparison:
    """Everybody asked everything, once that is approved."""
    stop, request = Stop(), config_request(options)
    request = replace(request, max_cost=read_amount(options["max_cost"]))
    with stop.listening(), open_session(request, online=True, measured=False) as session:
        state, _ = session.load_state()
        record = model_with_job(address, state, "Nothing to compare")
        whom = compared_with(session, state, record, options["others"] or ("base",))
        refuse_unable(session, [one.provider for one in whom])
        way = way_of(options, session.project.evals)
        taken = rows_to_ask(session, way, request.allow_outside)
        skipped = unasked_problem(taken, way.dataset)
        console.problems([*overlap_problems(session, record, way.dataset), *([skipped] if skipped else [])])
        case = Compared.read(options, way, taken, whom)
        voice = Voice(console)
        told = Address("model", record.name)
        asks = asking(
            session,
            stop,
            answers_of_user() if options["cache"] else AnswersFile(None),
            tell=lambda gone: voice.tell(QuestionsAnswered(told, gone.done, gone.total, gone.kept)),
            waits=waiting(voice, record),
            width=options["concurrency"],
        )
        console.problems(asks.store.troubles())
        inquiry = asks.inquiry(case.asked())
        unasked = asks.unasked(inquiry)
        refuse_gone(session, case, unasked)
        approve_asking(console, session, options, request.max_cost, case, unasked)
        try:
            with voice.speaking(), stop.finishing():
                return compared(session, state, record, case, asks, inquiry)
        finally:
            console.problems(asks.store.troubles())
