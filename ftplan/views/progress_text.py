"""An apply in words: one line an event in Terraform's phrases, durations, and the closing sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ftplan.core.events import Event, JobStarted
from ftplan.core.facts import JobProgress
from ftplan.core.notices import (
    JobFollowed,
    QuestionsAnswered,
    Spent,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    Told,
    UploadProgress,
    Verb,
    Waiting,
)
from ftplan.core.plan import Mode, Plan
from ftplan.core.steps import Promote, Take
from ftplan.errors import Problem
from ftplan.views.plan_money import dollars, percent_off
from ftplan.views.style import clean


@dataclass(frozen=True, slots=True)
class Wording:
    """How a step is spoken of while it runs, when it is done, and Terraform's word for what it does."""

    doing: str
    done: str
    action: str


_VERBS: Mapping[Verb, Wording] = {
    "Uploading": Wording("uploading", "Upload complete", "create"),
    "Training": Wording("creating", "Creation complete", "create"),
    "Starting": Wording("starting", "Started, not followed", "create"),
    "Adopting": Wording("adopting", "Adoption complete", "create"),
    "Following": Wording("following", "Training complete", "update"),
    "Cancelling": Wording("cancelling", "Cancellation complete", "update"),
    "Forgetting": Wording("forgetting", "Forgotten", "forget"),
    "Taking": Wording("taking a checkpoint", "Checkpoint taken", "update"),
    "Promoting": Wording("promoting", "Promotion complete", "update"),
    "Destroying": Wording("destroying", "Destruction complete", "delete"),
}


def wording(verb: Verb) -> Wording:
    """How `verb` is spoken of."""
    return _VERBS[verb]


def duration(seconds: float) -> str:
    """`seconds` as Terraform writes durations: 30s, 12m3s, 2h0m5s."""
    hours, rest = divmod(max(int(seconds), 0), 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes}m{left}s"
    return f"{minutes}m{left}s" if minutes else f"{left}s"


def size(count: int) -> str:
    """A number of bytes, short."""
    amount, units = float(count), ["B", "kB", "MB", "GB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{count} B" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def started_line(event: StepStarted) -> str:
    doing = wording(event.verb).doing
    detail = f" [{clean(event.detail)}]" if event.detail else ""
    return f"{clean(event.address)}: {doing[:1].upper()}{doing[1:]}...{detail}"


def still_line(event: JobFollowed, verb: Verb = "Training") -> str:
    """The heartbeat of a job: how old it is, its phase, and how far it got where that is known."""
    doing, age = wording(verb).doing, duration(event.age_seconds)
    return f"{clean(event.address)}: Still {doing}... [{age} elapsed] {followed_words(event)}"


def followed_words(event: JobFollowed) -> str:
    """The phase of a job, its step, how much longer it takes, and its figures, as far as they are known."""
    progress, left = event.progress, event.remaining_seconds
    words = [clean(event.phase, 40)]
    if progress is not None and progress.step is not None:
        total = f"/{progress.total_steps}" if progress.total_steps is not None else ""
        words.append(f"step {progress.step}{total}")
    if left is not None:
        words.append(f"about {duration(left)} left")
    return ", ".join([*words, *_figures(progress, alone=len(words) == 1)])


def _figures(progress: JobProgress | None, *, alone: bool) -> list[str]:
    """Losses; the provider's own words where there is nothing else to say."""
    if progress is None:
        return []
    words = []
    if progress.train_loss is not None:
        words.append(f"loss {progress.train_loss:.4g}")
    if progress.valid_loss is not None:
        words.append(f"validation loss {progress.valid_loss:.4g}")
    if progress.rehearsal:
        words.append("a rehearsal")
    return [*words, clean(progress.message)] if progress.message and alone and not words else words


def answered_line(event: QuestionsAnswered) -> str:
    """How many questions are answered, and how many of them were before."""
    kept = f", {event.kept:,} of them before" if event.kept else ""
    return f"{clean(event.address)}: {event.done:,} of {event.total:,} questions answered{kept}"


def upload_line(event: UploadProgress) -> str:
    """The heartbeat of an upload."""
    percent = 100 * event.sent // max(event.total, 1)
    return f"{clean(event.address)}: Still uploading... [{percent}%: {size(event.sent)} of {size(event.total)}]"


def job_line(event: JobStarted) -> str:
    """That a job is ours now: from here on it is paid for, and known to the state."""
    came = "is adopted" if event.adopted else "is started"
    return f"model.{clean(event.name)}: Job {clean(event.job.id)} {came}"


def done_line(event: StepDone) -> str:
    named = f" [id={clean(event.id)}]" if event.id else ""
    cost = f" (cost: {spent_words(event.spent)})" if event.spent else ""
    return f"{clean(event.address)}: {wording(event.verb).done} after {duration(event.seconds)}{named}{cost}"


def spent_words(spent: Spent) -> str:
    """What a training cost, how far off its estimate was, and whether anybody has to pay it."""
    told = ""
    if spent.estimated and spent.amount != spent.estimated:
        off = percent_off((spent.amount - spent.estimated) / spent.estimated)
        told = f", estimated {dollars(spent.estimated)}, {off}"
    rehearsed = ", not billed: a rehearsal" if spent.rehearsal else ""
    return f"{dollars(spent.amount)} for {spent.trained_tokens:,} trained tokens{told}{rehearsed}"


def failed_line(event: StepFailed) -> str:
    doing = wording(event.verb).doing
    return f"{clean(event.address)}: {doing[:1].upper()}{doing[1:]} failed: {clean(event.summary)}"


def skipped_line(event: StepSkipped) -> str:
    return f"{clean(event.address)}: Skipped, since {clean(event.because)} failed"


def waiting_line(event: Waiting) -> str:
    return f"{clean(event.address)}: Waiting {duration(event.seconds)}: {clean(event.why)}"


def failed_problem(event: StepFailed) -> Problem:
    """What failed, as a problem to show in full."""
    return Problem(event.summary, event.detail, advice=event.advice, address=str(event.address))


def told_problem(event: Told) -> Problem:
    """What was told, as a problem to show in full."""
    return Problem(
        event.summary,
        event.detail,
        command=event.command,
        severity="error" if event.severity == "error" else "warning",
        address=str(event.address) if event.address else "",
    )


def apply_summary(counts: tuple[int, int, int], mode: Mode = "normal") -> str:
    """The closing sentence of an apply; `counts` are added, changed, destroyed."""
    added, changed, destroyed = counts
    if mode == "destroy":
        return f"Destroy complete! Resources: {destroyed} destroyed."
    return f"Apply complete! Resources: {added} added, {changed} changed, {destroyed} destroyed."


@dataclass(slots=True)
class Tally:
    """Counts what an apply did while it is told, as its plan counts it: a reader of events like a screen. An alias in
    `fresh` is added, and what is `within` another step is not counted by itself; both as verbs with addresses."""

    fresh: frozenset[tuple[str, str]] = frozenset()
    within: frozenset[tuple[str, str]] = frozenset()
    added: int = 0
    changed: int = 0
    destroyed: int = 0
    failed: int = 0
    skipped: int = 0
    ids: dict[str, str] = field(default_factory=dict)

    def tell(self, event: Event) -> None:
        if isinstance(event, StepDone):
            self._count(event)
        elif isinstance(event, StepFailed):
            self.failed += 1
        elif isinstance(event, StepSkipped):
            self.skipped += 1

    @staticmethod
    def of(plan: Plan) -> Tally:
        """The tally of an apply of `plan`."""
        moves = (step for step in plan.steps if isinstance(step, Promote) and step.former_id is None)
        taken = (step for step in plan.steps if isinstance(step, Take) and step.before is None)
        return Tally(
            frozenset(("Promoting", str(step.address)) for step in moves),
            frozenset(("Taking", str(step.address)) for step in taken),
        )

    def _count(self, event: StepDone) -> None:
        action, step = wording(event.verb).action, (event.verb, str(event.address))
        if step in self.within:
            return
        self.added += action == "create" or step in self.fresh
        # As in the plan's counts, a cancellation is part of the step it goes with.
        self.changed += action == "update" and event.verb != "Cancelling" and step not in self.fresh
        self.destroyed += action == "delete"
        if event.id:
            self.ids[str(event.address)] = event.id

    @property
    def counts(self) -> tuple[int, int, int]:
        """(added, changed, destroyed), as `apply_summary` wants them."""
        return (self.added, self.changed, self.destroyed)
