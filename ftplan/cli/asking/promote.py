"""The commands `promote` and `rollback`: the name that applications use moves to another model, or back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import click

from ftplan.cli.judging.judge import SessionJudge, judging_options, refuse_foreign_functions, with_judging
from ftplan.cli.opening.locking import locked
from ftplan.cli.opening.origin import origin_of
from ftplan.cli.opening.recording import recording
from ftplan.cli.opening.session import Session, open_session
from ftplan.cli.talking.approval import approve, changing_options, changing_request
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console, Voice
from ftplan.cli.talking.options import Request, read_amount
from ftplan.cli.talking.signals import Stop, WakefulClock, interrupted
from ftplan.core.deciding.promoting import promotion
from ftplan.core.desired import Desired
from ftplan.core.evaluating import AliasSpec
from ftplan.core.evaluations import Prepared
from ftplan.core.events import AliasMoved
from ftplan.core.facts import Phase
from ftplan.core.gates.money import money_notes
from ftplan.core.gates.refusal import Word
from ftplan.core.money.cost import bill, summed
from ftplan.core.nearness import did_you_mean
from ftplan.core.records import ModelRecord, State
from ftplan.core.steps import Promote, Reason
from ftplan.engine.alone import promote_alone
from ftplan.engine.apply import Outcome
from ftplan.engine.context import Run
from ftplan.engine.ledger import Ledger
from ftplan.errors import FtplanError, GateRefused, NotPromoted, Problem, UsageError
from ftplan.views.alias_text import asks_to_move, moved_line
from ftplan.views.plan_text import note_problem


@click.command()
@click.argument("alias")
@click.option("--max-cost", metavar="USD", help="Refuse to ask what may cost more.")
@judging_options
@changing_options
@click.pass_obj
def promote(line: CommandLine, /, alias: str, **options: Any) -> int:
    """Let ALIAS stand for the model it is declared for, once the evaluations that it requires are passed.

    What was evaluated before is not asked again. Exits with 10 where an evaluation says no: the alias stays.
    """
    console, stop = Console(no_color=line.no_color), Stop()
    request = with_judging(changing_request(options), options)
    request = replace(request, max_cost=read_amount(options["max_cost"]))
    with (
        stop.listening(),
        open_session(request, online=True, measured=False) as session,
        locked(console, session, request, "promote"),
    ):
        state, tag = session.load_state()
        spec = _declared(session, alias)
        record = _finished(spec, state)
        if spec.name in state.aliases and state.aliases[spec.name].now.model_id == record.output:
            console.say(f"alias.{spec.name} stands for {record.output} already. Nothing was changed.")
            return 0
        provider = session.project.models[spec.model].provider
        step = replace(promotion(spec, record, record.output, provider, state), reason=Reason.REQUESTED)
        refuse_foreign_functions([step], session.project, request)
        voice = Voice(console)
        judge = SessionJudge(session, request, voice, stop)
        evaluations = _evaluations(judge, step, record, state)
        step = replace(step, estimate=summed([one.estimate for one in evaluations.values() if one.estimate]))
        _refuse_beyond(session, state, step, evaluations, request)
        approve(console, options, asks_to_move(step))
        with recording(console, session, state, tag, voice.tell) as ledger:
            with voice.speaking(), stop.finishing():
                outcome = promote_alone(step, _run(session, judge, ledger, voice, stop), ledger, stop)
            _conclude(outcome, step)
    console.say(moved_line(ledger.state.aliases[spec.name]))
    return 0


@click.command()
@click.argument("alias")
@changing_options
@click.pass_obj
def rollback(line: CommandLine, /, alias: str, **options: Any) -> int:
    """Let ALIAS stand for the model it stood for before. Nobody is asked anything: it is free, and at once.

    No apply moves it to the model that was left again; a model that is trained anew is promoted as usual.
    """
    console, stop = Console(no_color=line.no_color), Stop()
    request = changing_request(options)
    with (
        stop.listening(),
        open_session(request, online=False, measured=False) as session,
        locked(console, session, request, "rollback"),
    ):
        state, tag = session.load_state()
        declared = [name for name in session.project.aliases if name not in state.aliases]
        known = state.aliases.get(_known(alias, [*state.aliases, *declared], "has never stood for a model"))
        if known is None:
            detail = f"alias.{alias.removeprefix('alias.')} has never stood for a model."
            raise FtplanError(Problem("Nothing to go back to", detail, advice="Nothing was changed."))
        # A state may hold a move to the id that there was already.
        former = [target for target in known.former if target.model_id != known.now.model_id]
        if not former:
            why = "has nothing left to go back to" if known.history else "has stood for one model only"
            detail = f"alias.{alias.removeprefix('alias.')} {why}."
            raise FtplanError(Problem("Nothing to go back to", detail, advice="Nothing was changed."))
        back = former[-1]
        asked = f"Let alias.{known.name} stand for {back.model_id} again, in the place of {known.now.model_id}?"
        approve(console, options, asked)
        origin = origin_of(session.project.root, WakefulClock(stop).now().isoformat(timespec="seconds"))
        target = replace(back, since=origin.at, who=origin.who)
        with stop.finishing(), recording(console, session, state, tag) as ledger:
            ledger.record(AliasMoved(known.name, target, rolled_back=known.now.model_id))
    console.say(moved_line(ledger.state.aliases[known.name]))
    return 0


def _known(alias: str, names: Collection[str], otherwise: str) -> str:
    """The name of `alias`, which may be written as an address. Raises `UsageError` where nothing goes by it."""
    name = alias.removeprefix("alias.")
    if name not in names:
        advice = did_you_mean(name, sorted(names))
        raise UsageError(Problem("Unknown alias", f"alias.{name[:80]} {otherwise}.", advice=advice))
    return name


def _declared(session: Session, alias: str) -> AliasSpec:
    aliases = session.project.aliases
    return aliases[_known(alias, aliases, "is not declared")]


def _finished(spec: AliasSpec, state: State) -> ModelRecord:
    record = state.models.get(spec.model)
    if record is None or record.output is None or record.job.phase is not Phase.SUCCEEDED:
        detail = f"model.{spec.model}, which alias.{spec.name} is to stand for, has no model yet."
        raise FtplanError(Problem("Nothing to promote", detail, advice="Train it:", command="ftplan apply"))
    return record


def _evaluations(
    judge: SessionJudge, step: Promote, record: ModelRecord, state: State
) -> dict[tuple[str, str], Prepared]:
    """The evaluations with what those cost that are still to be made."""
    alias = state.aliases.get(step.address.name)
    current = alias.now if alias is not None else None
    return {(name, record.name): judge.prepared(name, record, current, state) for name in step.requires}


def _refuse_beyond(
    session: Session, state: State, step: Promote, evaluations: Mapping[tuple[str, str], Prepared], request: Request
) -> None:
    """Raises `GateRefused` where that costs more than this run, or the project, lets it."""
    others = session.catalogs_of_others
    desired = Desired(session.project, evaluations=evaluations, catalogs_of_others=others)
    known, word = bill([step], session.catalogs), Word(request.max_cost, places=session.project.gate_places)
    notes = money_notes([step], known, desired, word, state, f"{datetime.now(timezone.utc):%Y-%m}")
    refused = [note for note in notes if note.severity == "error"]
    if refused:
        raise GateRefused(map(note_problem, refused))


def _run(session: Session, judge: SessionJudge, ledger: Ledger, voice: Voice, stop: Stop) -> Run:
    clock = WakefulClock(stop)
    return Run(
        desired=Desired(session.project),
        providers=session.providers,
        clock=clock,
        state=lambda: ledger.state,
        tell=voice.tell,
        open_dataset=session.shelf.open,
        origin=origin_of(session.project.root, clock.now().isoformat(timespec="seconds")),
        judge=judge,
    )


def _conclude(outcome: Outcome, step: Promote) -> None:
    """Raises what became of it where the alias did not move. Why was told when it happened."""
    stays = f"{step.address} {f'stays at {step.former_id}' if step.former_id else 'stands for nothing yet'}."
    if outcome.stopped:
        kept = f"{stays} Answers that were paid for are kept."
        raise interrupted(outcome.stopped, kept, "The next run asks the rest.")
    if outcome.failed:
        (_, error), *_ = outcome.failed
        kind = NotPromoted if isinstance(error, NotPromoted) else FtplanError
        raise kind(Problem("Alias not moved", stays, advice="Why stands above."))
