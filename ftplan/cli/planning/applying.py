"""An apply from the lock to the last word."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from ftplan.cli.judging.judge import SessionJudge, refuse_foreign_functions
from ftplan.cli.opening.kept_metrics import keep_metrics
from ftplan.cli.opening.locking import locked
from ftplan.cli.opening.origin import origin_of
from ftplan.cli.opening.recording import recording
from ftplan.cli.opening.session import Session, open_session
from ftplan.cli.planning.planned import Planned, check_fresh, plan_mark, plan_session, refuse_errors
from ftplan.cli.planning.rowdiffs import drop_rows, keep_rows, with_dataset_diffs
from ftplan.cli.talking.console import Console, Voice
from ftplan.cli.talking.options import Request
from ftplan.cli.talking.patience import call_seconds, seconds_of
from ftplan.cli.talking.signals import Stop, WakefulClock, interrupted
from ftplan.core.desired import Desired
from ftplan.core.events import PlanUsed
from ftplan.core.plan import Plan
from ftplan.core.records import State
from ftplan.core.steps import Adopt, Await, Reason, Train
from ftplan.engine.apply import Outcome, apply, settle_intents
from ftplan.engine.context import Run
from ftplan.engine.ledger import Ledger
from ftplan.engine.refresh import refresh_facts
from ftplan.errors import FtplanError, JobsFailed, NotPromoted, Problem
from ftplan.views.json_documents import model_outputs, output_document
from ftplan.views.progress_text import Tally, apply_summary
from ftplan.views.state_text import render_outputs

Approve = Callable[[Plan], None]


def apply_session(console: Console, request: Request, saved: Plan | None, approve: Approve) -> int:
    """Plans, asks, and carries out; the exit code. Everything that is wrong is raised."""
    stop = Stop()
    with stop.listening(), open_session(request, online=True, console=console) as session:
        operation = {"destroy": "destroy", "refresh-only": "refresh"}.get(request.mode, "apply")
        with locked(console, session, request, operation):
            return _under_lock(console, session, request, saved, approve, stop)


def _under_lock(
    console: Console, session: Session, request: Request, saved: Plan | None, approve: Approve, stop: Stop
) -> int:
    state, tag = session.load_state()
    voice = Voice(console)
    with recording(console, session, _with_lineage(state), tag, voice.tell) as ledger:
        with voice.speaking():
            _settle(session, ledger, request, voice, stop)
        planned = plan_session(session, _as_planned(ledger.state, tag, state), request)
        if saved is None:
            console.plan(with_dataset_diffs(session, ledger.state, planned))
            console.problems(session.warnings)
        else:
            check_fresh(saved, planned.plan, ledger.state)
        refuse_errors(planned.plan)
        refuse_foreign_functions(planned.plan.steps, session.project, request)
        approve(planned.plan)
        _remember_rows(console, session, planned, ledger.state)
        with voice.speaking():
            outcome = _carry_out(session, ledger, request, planned, saved, voice, stop)
        if planned.plan.mode != "destroy" and not outcome.stopped:
            console.problems(keep_metrics(session, ledger.state, ledger.record))
    return _conclude(console, planned.plan, outcome, voice.tally, ledger.state)


def _with_lineage(state: State) -> State:
    return state if state.lineage else replace(state, lineage=str(uuid.uuid4()))


def _as_planned(state: State, tag: str | None, loaded: State) -> State:
    """The state a plan sees: one that was never stored has no lineage yet, whoever looks at it."""
    return loaded if tag is None and state.serial == loaded.serial else state


def _run(session: Session, desired: Desired, ledger: Ledger, request: Request, voice: Voice, stop: Stop) -> Run:
    clock = WakefulClock(stop)
    return Run(
        desired=desired,
        providers=session.providers,
        clock=clock,
        state=lambda: ledger.state,
        tell=voice.tell,
        open_dataset=session.shelf.open,
        wait=request.wait,
        parallelism=request.parallelism,
        poll_seconds=seconds_of("FTPLAN_POLL_SECONDS"),
        list_lag_seconds=seconds_of("FTPLAN_LIST_LAG_SECONDS"),
        call_seconds=call_seconds(),
        from_nothing=ledger.from_nothing,
        origin=origin_of(session.project.root, clock.now().isoformat(timespec="seconds")),
        judge=SessionJudge(session, request, voice, stop),
    )


def _settle(session: Session, ledger: Ledger, request: Request, voice: Voice, stop: Stop) -> None:
    """What earlier runs left open is settled before anything is planned."""
    if not ledger.state.intents:
        return
    desired = session.resolve(ledger.state)
    with stop.finishing():
        failed = settle_intents(_run(session, desired, ledger, request, voice, stop), ledger, stop)
    if stop():
        raise interrupted(str(stop()), "An earlier run's paid call is not settled yet; the next apply goes on with it.")
    if failed:
        raise FtplanError([problem for error in failed.values() for problem in error.problems])


def _carry_out(
    session: Session,
    ledger: Ledger,
    request: Request,
    planned: Planned,
    saved: Plan | None,
    voice: Voice,
    stop: Stop,
) -> Outcome:
    run = _run(session, planned.desired, ledger, request, voice, stop)
    voice.tally = Tally.of(saved or planned.plan)
    with stop.finishing():
        if saved is not None and saved.steps:  # one without steps pays for nothing, however often it is applied
            ledger.record(PlanUsed(plan_mark(saved)))
        for fact in refresh_facts(ledger.state, planned.seen):
            ledger.record(fact)
        return apply(planned.plan, run, ledger, stop)


def _remember_rows(console: Console, session: Session, planned: Planned, state: State) -> None:
    """So that the next plan can say what changed. An apply is worth more than that: it goes on without."""
    if planned.plan.mode != "normal":
        return
    try:
        drop_rows(session, state, planned.plan.steps)
        keep_rows(session, planned.desired, state, planned.plan.steps)
    except FtplanError as error:
        console.problems(replace(problem, severity="warning") for problem in error.problems)


def _conclude(console: Console, plan: Plan, outcome: Outcome, tally: Tally, state: State) -> int:
    if outcome.stopped:
        raise _stopped(outcome, state)
    if outcome.failed:
        _raise_failure(console, outcome)
    outputs = model_outputs(state)
    if console.streaming:
        from ftplan.views.json_stream import outputs_line, summary_stream_line

        summary = summary_stream_line(tally.counts, console.now(), plan.mode)
        console.stream([summary, outputs_line(output_document(outputs), console.now())])
    console.say(f"\n{apply_summary(tally.counts, plan.mode)}")
    if outputs and plan.mode != "destroy":
        console.say(f"\nOutputs:\n\n{render_outputs(outputs)}")
    _raise_withheld(plan)
    return 0


def _raise_withheld(plan: Plan) -> None:
    """A failed job that nobody consented to pay for again is no success, however often it is applied."""
    failed = [str(note.address) for note in plan.withheld if note.withheld is Reason.FAILED]
    if failed:
        raise JobsFailed(
            Problem(
                "Models without a job that succeeded",
                f"{', '.join(failed)}: nothing was paid for again without consent. Everything else is done and saved.",
                advice="What ended the job, what another try costs, and how to consent stands in the plan above.",
            )
        )


def _stopped(outcome: Outcome, state: State) -> FtplanError:
    going = [
        f"{step.address} ({record.job.id})"
        for step in outcome.left
        if isinstance(step, (Train, Adopt, Await))
        for record in (state.models.get(step.address.name),)
        if record is not None and not record.job.phase.settled
    ]
    told = [f"Jobs that go on: {', '.join(going)}."] if going else []
    if state.intents:
        names = ", ".join(f"model.{name}" for name in sorted(state.intents))
        told.append(f"Whether a job was started is still to be found out for: {names}.")
    follows = "The next apply follows them and starts nothing twice."
    advice = follows if told else "The next apply goes on from here."
    return interrupted(str(outcome.stopped), f"The state is saved. {' '.join(told) or 'No job is running.'}", advice)


def _raise_failure(console: Console, outcome: Outcome) -> None:
    """Each failure was told when it happened; what is left to say is what it means."""
    names = ", ".join(str(step.address) for step, _ in outcome.failed)
    skipped = ", ".join(str(step.address) for step in outcome.skipped)
    detail = f"Failed: {names}." + (f" Not begun because of that: {skipped}." if skipped else "")
    problem = Problem("Apply incomplete", f"{detail} Everything else was carried out and saved.", advice="Plan again.")
    kinds = {type(error) for _, error in outcome.failed}
    if kinds <= {NotPromoted}:
        raise NotPromoted(problem)
    raise JobsFailed(problem) if kinds <= {JobsFailed, NotPromoted} else FtplanError(problem)
