"""What a comparison is made of: whom to ask, what, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ftplan.cli.asking.rows_asked import Way
from ftplan.cli.opening.session import Session
from ftplan.core.bases import base_of, priced_as
from ftplan.core.comparing.asking_cost import asking_cost
from ftplan.core.comparing.comparison import Comparison, Side, savings
from ftplan.core.comparing.questions import HeldOut, asked_of
from ftplan.core.money.spending import spend_of_job
from ftplan.core.nearness import did_you_mean
from ftplan.core.records import ModelRecord, State
from ftplan.datasets import open_dataset, shared_rows
from ftplan.datasets.preparing.heldout import Taken
from ftplan.engine.asking import Asking
from ftplan.engine.inquiry import Asked, Inquiry
from ftplan.errors import FtplanError, Problem, UsageError

LARGEST_PROMPT = 1024 * 1024
LONGEST_LABEL = 28


@dataclass(frozen=True, slots=True)
class Whom:
    """A model to ask: what it is called, where it is and by what id, and what its provider's own model is that it was
    tuned on and costs as much as."""

    label: str
    provider: str
    model_id: str
    base: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Whom to ask what. `long` and `short` are system prompts in the place of the rows' own: the long one for all but
    the first model, the short one for that; None leaves the rows as they are, and an empty one takes theirs away."""

    dataset: str
    taken: Taken
    whom: tuple[Whom, ...]
    seed: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    long: str | None = None
    short: str | None = None
    measures_savings: bool = False

    @staticmethod
    def read(options: Mapping[str, Any], way: Way, taken: Taken, whom: Sequence[Whom]) -> Compared:
        """What the options of `compare` say. Raises `UsageError`."""
        prompts = (options["long_prompt"], options["short_prompt"])
        if any(prompts) != options["prompt_savings"]:
            detail = "-prompt-savings compares two prompts: -long-prompt=FILE, -short-prompt=FILE, or both."
            raise UsageError("Prompts and -prompt-savings belong together", detail=detail)
        long, short = (None if path is None else _prompt(path) for path in prompts)
        savings = options["prompt_savings"]
        return Compared(way.dataset, taken, tuple(whom), way.seed, way.parameters, long, short, savings)

    def asked(self) -> list[Asked]:
        """Every question, model by model."""
        return [
            Asked(whom.provider, asked_of(row, whom.model_id, self.parameters))
            for number, whom in enumerate(self.whom)
            for row in self.rows_of(number)
        ]

    def rows_of(self, number: int) -> list[HeldOut]:
        """The rows as the model with this number is asked them."""
        return [self._prompted(row, self.short if number == 0 else self.long) for row in self.taken.rows]

    @staticmethod
    def _prompted(row: HeldOut, prompt: str | None) -> HeldOut:
        if prompt is None:
            return row
        rest = tuple(one for one in row.messages if one.get("role") not in ("system", "developer"))
        return replace(row, messages=({"role": "system", "content": prompt}, *rest) if prompt else rest)


def compared_with(session: Session, state: State, record: ModelRecord, others: Iterable[str]) -> list[Whom]:
    """The model of `record` and the others, each once. Raises `FtplanError` for one that nobody knows."""
    found = [_tuned(record), *(_other(session, state, record, other) for other in others)]
    known: dict[tuple[str, str], Whom] = {}
    for one in found:
        known.setdefault((one.provider, one.model_id), one)
    return list(known.values())


def overlap_problems(session: Session, record: ModelRecord, dataset: str) -> list[Problem]:
    """The warning that rows were trained on: what is answered to those says nothing about new input."""
    spec = session.project.models.get(record.name)
    if spec is None or spec.dataset not in session.project.datasets:
        return []
    try:
        with session.shelf.open(spec.dataset) as training:
            asked = (
                session.shelf.open(dataset)
                if dataset in session.project.datasets
                else open_dataset(Path(session.project.root), dataset, allow_outside=True)
            )
            if isinstance(asked, Problem):
                return []
            with asked:
                return shared_rows(training, asked).problems(spec.dataset, dataset)
    except (FtplanError, OSError):
        return []


def refuse_gone(session: Session, case: Compared, unasked: Sequence[bool]) -> None:
    """Raises `FtplanError` where a tuned model is to be asked that its provider does not have: its questions would be
    asked over and over, since a new one is not known for some minutes either."""
    count, gone = len(case.taken.rows), []
    for number, whom in enumerate(case.whom):
        asks = any(unasked[number * count : (number + 1) * count]) and whom.model_id != whom.base
        if asks and session.provider(whom.provider, "A model is at").get_model(whom.model_id) is None:
            gone.append(whom)
    if gone:
        detail = "; ".join(f"{one.provider} has no {one.model_id}, which {one.label} stands for" for one in gone)
        advice = "Where it was deleted it is asked no more. Where it was trained just now, wait some minutes."
        raise FtplanError(Problem("Model is gone", f"{detail}. Nobody was asked.", advice=advice))


def compared(
    session: Session, state: State, record: ModelRecord, case: Compared, asks: Asking, inquiry: Inquiry
) -> Comparison:
    """Asks, and puts the answers together. Raises as `Asking.answers` does."""
    kept = asks.kept(inquiry)
    answers = asks.answers(inquiry)
    count, sides = len(case.taken.rows), []
    for number, whom in enumerate(case.whom):
        own = slice(number * count, (number + 1) * count)
        base = session.catalogs[whom.provider].base(whom.base)
        before = sum(answer is not None for answer in kept[own])
        sides.append(
            Side(whom.label, whom.provider, whom.model_id, tuple(answers[own]), before, asking_cost(answers[own], base))
        )
    spent = spend_of_job(state, record.provider, record.job.id)
    training = spent.amount if spent is not None else None
    saved = savings(sides[1], sides[0], training) if case.measures_savings and len(sides) > 1 else None
    return Comparison(case.dataset, case.taken.rows, case.taken.count, case.seed, tuple(sides), case.parameters, saved)


def _tuned(record: ModelRecord) -> Whom:
    if record.output is None:
        address, over = f"model.{record.name}", record.job.phase.settled
        detail = f"{address} has no model{'' if over else ' yet'}: its job is {record.job.phase.value}."
        advice, command = (
            ("Train it again:", f"ftplan apply -replace={address}") if over else ("Wait for it:", "ftplan watch")
        )
        raise FtplanError(Problem("No model to ask", detail, advice=advice, command=command))
    return Whom(f"model.{record.name}", record.provider, record.output, base_of(record))


def _other(session: Session, state: State, record: ModelRecord, other: str) -> Whom:
    """Another model: the base, one of the state's by its address, an alias, or any id the provider knows."""
    if other == "base":
        return Whom("base", record.provider, base_of(record), base_of(record))
    kind, _, name = other.partition(".")
    if kind == "model" and name in state.models:
        return _tuned(state.models[name])
    if kind == "alias" and name in state.aliases:
        now = state.aliases[name].now
        return Whom(other, now.provider, now.model_id, priced_as(now.provider, now.model_id, state))
    if kind in ("model", "alias") and ":" not in other:
        known = [*(f"model.{one}" for one in state.models), *(f"alias.{one}" for one in state.aliases), "base"]
        detail = f"-with={other[:80]} names nothing that has a model."
        raise UsageError(Problem("Unknown model", detail, advice=did_you_mean(other, known)))
    provider = session.provider(record.provider, "A model is at")
    if provider.get_model(other) is None:
        detail = f"{record.provider} knows no model {other[:100]}."
        raise UsageError(Problem("Unknown model", detail, advice="-with takes base, an address, or a model's id."))
    # Ids of one project differ in their ends.
    label = other if len(other) <= LONGEST_LABEL else f"…{other[-LONGEST_LABEL + 1 :]}"
    return Whom(label, record.provider, other, priced_as(record.provider, other, state))


def _prompt(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_PROMPT + 1)
    except OSError as error:
        raise UsageError("Prompt cannot be read", detail=f"{path}: {error.strerror or error}.") from error
    if len(data) > LARGEST_PROMPT:
        raise UsageError("Prompt cannot be read", detail=f"{path}: it has more than {LARGEST_PROMPT:,} bytes.")
    return data.decode("utf-8", "replace").strip()
